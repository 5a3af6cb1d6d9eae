"""`keras-gen compare`: the samples of several runs in one table and one picture."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from keras_gen.files import atomic_write, require_run
from keras_gen.quiet import quiet_start


def compare(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of runs, all trained on the same data.", metavar="RUN...")
    ],
    metrics: Annotated[
        str,
        typer.Option(help="Sample metrics, any of frechet, kernel, precision, recall, density, coverage, score, mmd."),
    ] = "frechet,density,coverage",
    n: Annotated[
        int | None,
        typer.Option(min=2, help="Samples of each run. [default: as many as test images]", show_default=False),
    ] = None,
    features: Annotated[
        Literal["lenet5", "inception_v3", "identity"],
        typer.Option(help="Features that metrics compare; lenet5 is trained on the data, identity is the pixels."),
    ] = "lenet5",
    data: Annotated[
        str | None, typer.Option(help="Data, as for `train`. [default: the runs' own]", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Also write the table to this CSV file.", show_default=False)] = None,
    picture: Annotated[Path, typer.Option(help="The picture's file.")] = Path("compare.png"),
):
    """Compare the samples of runs; runs that differ only in their seed form one row, with a standard error."""
    for run in runs:
        require_run(run)
    with quiet_start():
        from matplotlib.figure import Figure

        from keras_gen import checks
        from keras_gen.runs import comparison
    checks.choice("kind of picture", picture.suffix[1:].lower(), Figure().canvas.get_supported_filetypes())
    if features == "lenet5":
        typer.echo("Features: LeNet-5, trained on this data once and kept.", err=True)
    compared = comparison.compare(runs, metrics, n, features, data, seed)
    for line in compared.lines():
        typer.echo(line)
    typer.echo(f"Measured: {', '.join(compared.baselines)}")
    if compared.accuracy:
        typer.echo(f"{compared.accuracy.name}: {compared.accuracy.value:.4f}")
    for remark in compared.remarks:
        typer.echo(f"Remark: {remark}.")
    if out:
        compared.write(out)
    with atomic_write(picture) as path:
        compared.figure().savefig(path)
    typer.echo(f"Wrote {' and '.join(map(str, [out, picture] if out else [picture]))}")
