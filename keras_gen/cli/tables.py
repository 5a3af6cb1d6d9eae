"""The commands for tables: `outliers` and `impute`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_gen.cli.options import elements
from keras_gen.cli.run_options import imported
from keras_gen.texts import printable

_TABLE = Annotated[Path, typer.Argument(help="A .csv, .tsv or .parquet file, with column names in its first line.")]
_OUT = Annotated[Path, typer.Option(help="The new file, with any of these suffixes.")]
_PICTURE = Annotated[
    Path | None,
    typer.Option(help="The new picture of the report. [default: the name of --out, with .png]", show_default=False),
]
_WITHOUT = Annotated[
    str, typer.Option(metavar="NAME,...", help="Columns not to use, such as id,name; they are written too.")
]
_EPOCHS = Annotated[
    int | None,
    typer.Option(min=1, help="Epochs of training: passes over the table. [default: 100]", show_default=False),
]
_SEED = Annotated[int, typer.Option(min=0, help="Seed of the training.")]


def outliers(
    table: _TABLE,
    out: _OUT,
    contamination: Annotated[
        float | None,
        typer.Option(
            help="Fraction of the rows to flag as outliers, up to 0.5; it does not change the scores. [default: 0.1]",
            show_default=False,
        ),
    ] = None,
    without: _WITHOUT = "",
    epochs: _EPOCHS = None,
    seed: _SEED = 0,
    picture: _PICTURE = None,
):
    """Score the rows of a table: how unusual they are, and which columns make them so.

    Rows are counted from 1, the first one below the column names; the column outlier_row of --out has their numbers.
    """
    runs = imported("keras_gen.runs.tables")
    _print(runs.outliers(table, out, picture, contamination, elements("--without", without, str), epochs, seed))


def impute(
    table: _TABLE,
    out: _OUT,
    without: _WITHOUT = "",
    epochs: _EPOCHS = None,
    seed: _SEED = 0,
    picture: _PICTURE = None,
):
    """Fill the missing cells of a table, and leave the known ones unchanged."""
    runs = imported("keras_gen.runs.tables")
    _print(runs.impute(table, out, picture, elements("--without", without, str), epochs, seed))


def _print(lines):
    for line in lines:  # which quote cells
        typer.echo(printable(line))
