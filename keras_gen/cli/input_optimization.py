"""The commands that optimise images: `attack`."""

import dataclasses
from typing import Annotated, Literal

import typer

from keras_gen.cli.run_options import Data, Run, runs_for
from keras_gen.files import atomic_write, require_picture

_REPORT = {  # lines of the report: what its figures are, and whether they are shares
    "clean_error": "error before the attack",
    "attacked_error": "error after the attack",
    "success": "success",
    "after_rounding": "success after rounding to 8 bits",
    "after_jpeg": "success after JPEG",
    "after_rotation_and_blur": "success after a rotation and a blur",
    "fooling_rate": "images whose class changes",
    "confidence": "mean confidence in wrong classes",
    "l2": "mean L2 norm of the changes",
    "relative_l2": "the same, relative to the images",
    "linf": "mean largest change of a pixel",
}


def attack(
    run: Run,
    method: Annotated[
        Literal["fgsm", "pgd", "deepfool", "lbfgs", "carlini-wagner", "universal"], typer.Option(help="The attack.")
    ] = "fgsm",
    n: Annotated[int, typer.Option(min=1, help="Number of test images.")] = 1000,
    epsilon: Annotated[
        float | None,
        typer.Option(
            min=0, help="Largest change of a pixel by fgsm, pgd and universal. [default: the method's own]",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Class that the images are to be taken for. [default: any but their own]",
                                 show_default=False)
    ] = None,
    data: Data = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of pgd and universal.")] = 0,
    out: Annotated[str, typer.Option(help="The picture of attacked images.", metavar="<path>")] = "attacked.png",
):  # fmt: skip
    """Attack a trained classifier: change test images a little, so that it takes them for other classes."""
    require_picture("--out", out)
    report, figure = runs_for(run, data).attack(run, method, n, epsilon, target, data, seed, verbose=1)
    with atomic_write(out) as path:
        figure.savefig(path)
    for name, value in dataclasses.asdict(report).items():
        if name in _REPORT and value is not None:
            typer.echo(f"{_REPORT[name]}: {value:.4f}")
    typer.echo(f"Wrote {out}")
