"""The command line `keras-gen`."""

import functools
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from keras_gen.cli import catalogue, input_optimization, pictures, tables
from keras_gen.cli.compare import compare
from keras_gen.cli.describe import describe
from keras_gen.cli.early import check_early
from keras_gen.cli.explore import explore
from keras_gen.cli.options import SETTINGS, errors_on_one_line, run_app
from keras_gen.cli.records import records
from keras_gen.cli.run_options import Data, Features, FixedSeed, Measured, Metrics, Run, imported, runs_for
from keras_gen.reports import counted
from keras_gen.texts import on_one_line
from keras_gen.version import __version__

app = typer.Typer(
    name="keras-gen",
    help="Train, sample and measure autoencoders and generative networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    **SETTINGS,
)


class _Deferred(typer.core.TyperCommand):
    """A command that is built when it is called, so help and lists need no TensorFlow."""

    def __init__(self, name, summary, build):
        super().__init__(name, help=summary)
        self._build = build

    def make_context(self, info_name, args, parent=None, **extra):
        return self._build().make_context(info_name, args, parent, **extra)


class _Presets(typer.core.TyperGroup):
    """The presets as commands."""

    build, without = "train_command", None

    def list_commands(self, ctx):
        return list(catalogue.presets(self.without))

    def get_command(self, ctx, cmd_name):
        build = functools.partial(_built, self.build, cmd_name)
        summary = catalogue.presets(self.without).get(cmd_name)
        return summary and _Deferred(cmd_name, summary, build)

    def resolve_command(self, ctx, args):
        if args[0] not in catalogue.presets(self.without):
            imported("keras_gen.checks").choice("model", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx, formatter):
        with formatter.section("Models"):
            formatter.write_dl(list(catalogue.presets(self.without).items()))


class _TunablePresets(_Presets):
    """The presets that can be tuned, as commands."""

    build, without = "tune_command", "translate"

    def resolve_command(self, ctx, args):
        if args[0] in catalogue.presets() and args[0] not in catalogue.presets(self.without):
            raise ValueError(f"`tune` is for models of one set. Expected: no translation. Received: {args[0]}")
        return super().resolve_command(ctx, args)


def _built(build, name):
    return typer.main.get_command(getattr(imported("keras_gen.cli.models"), build)(name))


for _name, _group, _help in (
    ("train", _Presets, "Train a model; each model has its own --help."),
    ("tune", _TunablePresets, "Search a model's options; each model has its own --help."),
):
    app.add_typer(typer.Typer(cls=_group, no_args_is_help=True, rich_markup_mode=None), name=_name, help=_help)


def _show_version(asked: bool):
    if asked:
        typer.echo(f"keras-gen {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
):
    """Options of `keras-gen` itself, without a command."""


@app.command("list")
def list_models():
    """List the models that can be trained, and the data sets that need no path."""
    for line in catalogue.lines():
        typer.echo(line)


for _command in (describe, pictures.sample, pictures.interpolate, pictures.plane, pictures.reconstruct):
    app.command()(_command)


@app.command()
def translate(
    run: Run,
    images: Annotated[Path, typer.Argument(help="An image, or a folder of images.")],
    to: Annotated[
        str,
        typer.Option(help="The set to translate into: y (for images of x), x, or its folder's name, such as monet."),
    ] = "y",
    size: Annotated[
        int | None,
        typer.Option(min=8, help="Side that images are resized to. [default: each its own]", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder of the translations, or a .png file for one image.")] = Path(
        "translations"
    ),
):
    """Translate or enlarge images with a trained CycleGAN, Pix2Pix or SRGAN into files of the same names."""
    done = runs_for(run).translate(run, images, to, out, size)
    sizes = " and ".join(f"{width}x{height}" for height, width in sorted(done.sizes))
    kind = f"of {sizes} pixels" if len(done.sizes) <= 2 else f"of {len(done.sizes)} sizes"
    typer.echo(f"Wrote {counted(done.count, 'image')} {kind} into {out}" + (f" ({done.note})" if done.note else ""))


@app.command()
def evaluate(
    run: Run,
    data: Data = None,
    nll_samples: Annotated[
        int, typer.Option(min=0, help="Codes drawn for each image to estimate its log-likelihood; 0 for no estimate.")
    ] = 0,
    metrics: Metrics = "",
    n: Measured = None,
    features: Features = "lenet5",
    seed: FixedSeed = 0,
):
    """Print the test losses, the error of a classifier and, on request, the test likelihood and metrics of samples."""
    evaluated = runs_for(run, data).evaluate
    _, remarks, files = evaluated(run, data, nll_samples, metrics, n, features, seed, on_measured=_print_measurements)
    for remark in remarks:
        typer.echo(f"Remark: {remark}.")
    for file in files:
        typer.echo(f"Wrote {run / file}")


def _print_measurements(measurements):
    for one in measurements:
        error = "" if one.error is None else f" +- {one.error:.4f}"
        notes = [] if one.baseline is None else [f"training images {one.baseline:.4f}"]
        notes += [f"{key} {value:.4g}" for key, value in one.details.items()]
        typer.echo(f"{one.name}: {one.value:.4f}{error}" + (f" ({', '.join(notes)})" if notes else ""))


for _command in (compare, explore, records, tables.outliers, tables.impute):
    app.command()(_command)

for _command in (
    input_optimization.attack,
    input_optimization.visualize,
    input_optimization.dream,
    input_optimization.texture,
    input_optimization.style,
):
    app.command()(_command)


def main():
    """Run the command line, with warnings and errors on one line each."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = lambda message, *_: typer.echo(f"Warning: {on_one_line(message)}", err=True)
        with errors_on_one_line():
            check_early(sys.argv[1:])
            run_app(app)
