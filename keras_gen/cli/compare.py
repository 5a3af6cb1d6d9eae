"""`keras-gen compare`: the samples of several runs in one table and one picture."""

from pathlib import Path
from typing import Annotated

import typer

from keras_gen.cli.run_options import Data, Features, FixedSeed, Measured, Metrics, runs_for
from keras_gen.files import atomic_write, require_file, require_picture, require_run


def compare(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of runs, all trained on the same data.", metavar="RUN...")
    ],
    metrics: Metrics = "frechet,density,coverage",
    n: Measured = None,
    features: Features = "lenet5",
    data: Data = None,
    seed: FixedSeed = 0,
    out: Annotated[Path | None, typer.Option(help="Also write the table to this CSV file.", show_default=False)] = None,
    picture: Annotated[Path, typer.Option(help="The picture's file.")] = Path("compare.png"),
):
    """Compare the samples of runs; runs that differ only in their seed form one row, with a standard error."""
    require_picture("--picture", picture)
    if out is not None:
        require_file("--out", out, "table", (".csv",))
    for run in runs:
        require_run(run)
    compared = runs_for(runs[0], data).compare(runs, metrics, n, features, data, seed)
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
