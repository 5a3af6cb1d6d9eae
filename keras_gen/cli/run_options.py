"""What commands on a run share: options, and imports after what can be checked without TensorFlow."""

import importlib
import logging
from pathlib import Path
from typing import Annotated

import typer

from keras_gen.cli.options import elements
from keras_gen.files import require_data, require_run
from keras_gen.quiet import quiet_start

Run = Annotated[Path, typer.Argument(help="The folder of a run or a search, as `train` or `tune` leaves it.")]
Seed = Annotated[
    int | None, typer.Option(help="Seed of the samples. [default: different samples each time]", show_default=False)
]
Labels = Annotated[
    str | None,
    typer.Option(
        help="Names of classes to sample in turn, such as cat,dog, for conditional models.", show_default=False
    ),
]
Data = Annotated[str | None, typer.Option(help="Data, as for `train`. [default: the run's own]", show_default=False)]


def imported(module):
    """Import a module without the lines that TensorFlow prints meanwhile, and without its later advice."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # of Python; it warns of the retracing of a search's models
    with quiet_start():
        return importlib.import_module(module)


def runs_for(folder, data=None):
    """The module `keras_gen.runs`, for a folder that holds a run, and for a name or an existing path of data."""
    require_run(folder)
    if data is not None:
        require_data(data)
    return imported("keras_gen.runs")


def classes(labels):
    """The classes in the text of --labels, `None` without it."""
    return None if labels is None else elements("--labels", labels, str)
