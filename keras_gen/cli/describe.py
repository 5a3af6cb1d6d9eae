"""`keras-gen describe`: the networks of a model, layer by layer."""

from pathlib import Path
from typing import Annotated

import typer

from keras_gen.cli import catalogue
from keras_gen.cli.options import elements, stated
from keras_gen.cli.run_options import imported
from keras_gen.data_paths import looks_like_path
from keras_gen.files import require_model


def describe(
    context: typer.Context,
    model: Annotated[
        str,
        typer.Argument(help="A .keras file, the folder of a run or a search, or a model of `list`.", metavar="MODEL"),
    ],
    shape: Annotated[
        str, typer.Option(help="One example's shape, for a model of `list`.", metavar="INTEGER,...")
    ] = "28,28,1",
):
    """List the layers of a model: outputs, parameters, operations (multiply-adds for one example), receptive fields.

    The field is the side in pixels of what a unit sees, the stride the distance between neighbouring units' fields, the
    padding what the first unit's field has before the image. Stride 0: all units see the same pixels.
    """
    if model in catalogue.presets():
        lines = imported("keras_gen.runs.description").describe_preset(model, elements("--shape", shape))
    else:
        if "shape" in stated(context):
            raise ValueError(
                f"--shape is for a model of `keras-gen list`. Expected: no such option. Received: --shape {shape}"
            )
        _require_model(model)
        lines = imported("keras_gen.runs.description").describe_file(model)
    for line in lines:
        typer.echo(line)


def _require_model(model):
    """Raise a `ValueError` unless a text is the path of a file or of a run."""
    path = Path(model)
    if path.exists():
        require_model(path)
    else:
        if path.suffix == ".keras" or looks_like_path(model) or len(path.parts) > 1:
            require_model(path)
        imported("keras_gen.checks").choice("model", model, catalogue.presets())
