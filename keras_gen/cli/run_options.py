"""Shared parts of commands on a run: options, and imports after the checks that need no TensorFlow."""

import importlib
import logging
from pathlib import Path
from typing import Annotated, Literal

import typer

from keras_gen.cli.options import elements
from keras_gen.data_paths import require_data
from keras_gen.files import require_run
from keras_gen.quiet import quiet_start

Run = Annotated[Path, typer.Argument(help="The folder of a run or a search, made by `train` or `tune`.")]
Seed = Annotated[
    int | None,
    typer.Option(min=0, help="Seed of the samples. [default: different samples each time]", show_default=False),
]
FixedSeed = Annotated[int, typer.Option(min=0, help="Seed of the samples.")]
Labels = Annotated[
    str | None,
    typer.Option(
        help="Names of classes to sample in turn, such as cat,dog, for conditional models.", show_default=False
    ),
]
Data = Annotated[str | None, typer.Option(help="Data, as for `train`. [default: the run's own]", show_default=False)]

Metrics = Annotated[
    str,
    typer.Option(
        help="Sample metrics, any of frechet, kernel, precision, recall, density, coverage, score, mmd; fid is frechet."
    ),
]
Measured = Annotated[
    int | None,
    typer.Option(min=2, help="Number of samples. [default: as many as test images]", show_default=False),
]
Features = Annotated[
    Literal["lenet5", "inception_v3", "identity"],
    typer.Option(
        help="Features that metrics compare; lenet5 is trained on the data at its first use, identity is the pixels."
    ),
]


def imported(module):
    """Import a module without TensorFlow's start-up messages, and without its later advice."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # Python's; it warns of retraced models in a search
    with quiet_start():
        return importlib.import_module(module)


def runs_for(folder, data=None):
    """The module `keras_gen.runs`, after checks of a run's folder and of the name or path of data."""
    require_run(folder)
    if data is not None:
        require_data(data)
    return imported("keras_gen.runs")


def classes(labels):
    """The classes in the text of --labels, `None` without it."""
    return None if labels is None else elements("--labels", labels, str)
