"""The command `records`: a set of images in a few large files."""

from pathlib import Path
from typing import Annotated

import typer

from keras_gen.cli.run_options import imported
from keras_gen.data_paths import require_data
from keras_gen.reports import counted


def records(
    source: Annotated[str, typer.Argument(help="digits, a tensorflow-datasets name, a folder, .npz or .npy.")],
    folder: Annotated[Path, typer.Argument(help="The new folder, which --data then takes.")],
    shards: Annotated[int, typer.Option(min=1, help="Number of files of the training part.")] = 8,
    size: Annotated[
        int | None,
        typer.Option(
            min=1, help="Side to which images are cropped and resized. [default: that of train]", show_default=False
        ),
    ] = None,
    channels: Annotated[
        int | None, typer.Option(help="1 for grey or 3 for colours. [default: that of train]", show_default=False)
    ] = None,
):
    """Write a set of images into a few large files, which `train --data` takes."""
    require_data(source)
    train, test = imported("keras_gen.data").write_records(source, folder, shards, size, channels)
    typer.echo(f"Wrote {counted(train, 'training image')} and {counted(test, 'test image')} into {folder}")
