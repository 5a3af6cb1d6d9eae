"""The commands of `keras-gen`."""

import inspect
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from keras_gen import checks, presets
from keras_gen.cli import runs, translating
from keras_gen.cli.settings import Settings

app = typer.Typer(
    name="keras-gen",
    help="Train, sample and measure autoencoders and generative networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_RUN = Annotated[Path, typer.Argument(help="A run's folder, as `train` leaves it.")]
_SEED = Annotated[int | None, typer.Option(help="Seed of the latents; others each time without.", show_default=False)]
_LABELS = Annotated[
    str | None, typer.Option(help="Classes in turn, such as 3,1,4; of a conditional model.", show_default=False)
]
_EPOCHS = Annotated[int, typer.Option(min=1, help="Epochs in all, also with --resume.")]
_BATCH_SIZE = Annotated[int, typer.Option(min=1, help="Examples in one move.")]
_TRAINING_SEED = Annotated[int, typer.Option(min=0, help="Seed of weights, order and noise.")]
_RESUME = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out, or begin it.")]
_DATA = Annotated[str | None, typer.Option(help="Data, as for `train`. [default: the run's own]", show_default=False)]


@app.command("list")
def list_models():
    """The models that can be trained, and the data sets that need no path."""
    for line in runs.catalogue():
        typer.echo(line)


class _Models(typer.core.TyperGroup):
    """The models as commands; of an unknown one the nearest names are told."""

    def resolve_command(self, ctx, args):
        checks.choice("model", args[0], self.commands)
        return super().resolve_command(ctx, args)


train_app = typer.Typer(cls=_Models, no_args_is_help=True, help="Train a model; each has a --help of its own.")
app.add_typer(train_app, name="train")


def _train(
    context: typer.Context,
    data: Annotated[str, typer.Option(help="digits, a tensorflow-datasets name, a folder, .npz or .npy.")] = "digits",
    epochs: _EPOCHS = 50,
    batch_size: _BATCH_SIZE = 100,
    binarization: Annotated[str, typer.Option(help="Draw binary pixels: none, static or dynamic.")] = "none",
    seed: _TRAINING_SEED = 0,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder. [default: saved_models/MODEL-DATA]", show_default=False)
    ] = None,
    resume: _RESUME = False,
    **options,
):
    model = context.info_name
    options = {option.name: option.value(options[option.name]) for option in runs.model_options(model)}
    settings = Settings(model, data, epochs, batch_size, binarization, seed, options)
    given = {name for name in context.params if context.get_parameter_source(name).name == "COMMANDLINE"}
    folder = out or Path("saved_models") / f"{model}-{Path(data).stem}"
    _until_interrupted(runs.train, settings, folder, resume, given & settings.names)


def _train_translation(
    context: typer.Context,
    x: Annotated[str, typer.Option(help="A folder of images, or a tensorflow-datasets set and its split.")] = "",
    y: Annotated[str, typer.Option(help="The other set; not needed if --x is a set without a split.")] = "",
    size: Annotated[int, typer.Option(min=8, help="Side that images are brought to, divisible by 4.")] = 128,
    channels: Annotated[int, typer.Option(min=0, max=3, help="1 or 3; 0: as in the files.")] = 0,
    epochs: _EPOCHS = 200,
    batch_size: _BATCH_SIZE = 1,
    seed: _TRAINING_SEED = 0,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder. [default: saved_models/cyclegan-X]", show_default=False)
    ] = None,
    resume: _RESUME = False,
    **options,
):
    model = context.info_name
    options = {option.name: option.value(options[option.name]) for option in runs.model_options(model)}
    options |= {"x": _absolute(x), "y": _absolute(y), "size": size, "channels": channels}
    settings = Settings(model, "pairs", epochs, batch_size, "none", seed, options)
    given = {name for name in context.params if context.get_parameter_source(name).name == "COMMANDLINE"}
    folder = out or Path("saved_models") / f"{model}-{Path(x.partition(':')[0]).stem}"
    _until_interrupted(translating.train, settings, folder, resume, given & settings.names)


def _absolute(place):
    """A folder's whole path, under which a run that goes on elsewhere finds it; a set's name as it is."""
    return str(Path(place).expanduser().resolve()) if place and Path(place).expanduser().exists() else place


def _until_interrupted(train, *arguments):
    """Train, and say of an interrupted run how it goes on."""
    try:
        train(*arguments)
    except KeyboardInterrupt:
        typer.echo("Interrupted. The last finished epoch is saved; --resume goes on from there.", err=True)
        raise typer.Exit(130) from None


tune_app = typer.Typer(cls=_Models, no_args_is_help=True, help="Search a model's options; each has a --help.")
app.add_typer(tune_app, name="tune")


def _tune(
    context: typer.Context,
    search: Annotated[str, typer.Option(help="Ranges, as in bottleneck=2:64,corruption=0:0.6,activation=relu|silu.")],
    data: Annotated[str, typer.Option(help="As for `train`.")] = "digits",
    trials: Annotated[int, typer.Option(min=1, help="Trials in all, also when the search goes on.")] = 12,
    tuner: Annotated[str, typer.Option(help="random, bayesian, hyperband or grid.")] = "random",
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of a trial.")] = 20,
    batch_size: _BATCH_SIZE = 100,
    repeats: Annotated[int, typer.Option(min=1, help="Trainings a trial, whose mean counts.")] = 1,
    objective: Annotated[str, typer.Option(help="What is made small: error, or a name that training logs.")] = "error",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search and of each trial.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="The search's folder. [default: saved_models/tune-MODEL-DATA]", show_default=False),
    ] = None,
    **options,
):
    model = context.info_name
    known = {option.name: option for option in runs.preset_options(model)}
    fixed = {
        name: known[name].value(value)
        for name, value in options.items()
        if context.get_parameter_source(name).name == "COMMANDLINE"
    }
    shared = {"trials": trials, "tuner": tuner, "epochs": epochs, "batch_size": batch_size, "repeats": repeats}
    shared["objective"] = objective
    try:
        runs.tune(model, data, search, out or Path("saved_models") / f"tune-{model}-{Path(data).stem}", seed=seed,
                  **shared, **fixed)  # fmt: skip
    except KeyboardInterrupt:
        typer.echo("Interrupted. The finished trials are kept; the same command goes on.", err=True)
        raise typer.Exit(130) from None


def _command_of(function, model, options):
    """A function with the options of one model in its signature, from which typer makes the command."""

    def command(*args, **kwargs):
        return function(*args, **kwargs)

    common = list(inspect.signature(function).parameters.values())[:-1]
    parameters = [
        *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in common),
        *(option.parameter for option in options),
    ]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = inspect.getdoc(presets.PRESETS[model]).splitlines()[0]
    return command


for _name in presets.PRESETS:
    _trains = _train_translation if _name in presets.presets_for("translate") else _train
    train_app.command(_name)(_command_of(_trains, _name, runs.model_options(_name)))
for _name in presets.presets_for("reconstruct"):
    tune_app.command(_name)(_command_of(_tune, _name, runs.preset_options(_name)))


@app.command()
def sample(
    run: _RUN,
    n: Annotated[int, typer.Option(min=1, help="Number of samples.")] = 64,
    seed: _SEED = None,
    labels: _LABELS = None,
    out: Annotated[Path, typer.Option(help="The picture's file.")] = Path("samples.png"),
):
    """Draw samples from a trained model into one picture."""
    runs.sample(run, n, seed, labels, out)


@app.command()
def translate(
    run: _RUN,
    images: Annotated[Path, typer.Argument(help="An image, or a folder of images.")],
    to: Annotated[str, typer.Option(help="Which set they are to be like: y (of images of x), or x.")] = "y",
    out: Annotated[Path, typer.Option(help="The folder of the translations.")] = Path("translations"),
):
    """Translate images by a trained CycleGAN, each into a file of its name."""
    translating.translate(run, images, to, out)


@app.command()
def interpolate(
    run: _RUN,
    rows: Annotated[int, typer.Option(min=1, help="Number of ways, a row each.")] = 8,
    steps: Annotated[int, typer.Option(min=2, help="Samples of a way, its ends among them.")] = 10,
    path: Annotated[
        str | None,
        typer.Option(help="linear or spherical. [default: spherical for normal latents]", show_default=False),
    ] = None,
    seed: _SEED = None,
    labels: _LABELS = None,
    out: Annotated[Path, typer.Option(help="The picture's file.")] = Path("interpolation.png"),
):
    """Show what lies between samples: ways from one to another, a row each."""
    runs.interpolate(run, rows, steps, path, seed, labels, out)


@app.command()
def reconstruct(
    run: _RUN,
    data: _DATA = None,
    n: Annotated[int, typer.Option(min=1, help="Number of test images.")] = 10,
    out: Annotated[Path, typer.Option(help="The picture's file.")] = Path("reconstructions.png"),
):
    """Show test images above their reconstructions."""
    runs.reconstruct(run, data, n, out)


@app.command()
def evaluate(
    run: _RUN,
    data: _DATA = None,
    nll_samples: Annotated[int, typer.Option(min=0, help="Importance samples of the likelihood; 0: none.")] = 0,
    metrics: Annotated[
        str, typer.Option(help="Measures of samples, such as frechet,kernel,precision,recall,score,mmd.")
    ] = "",
    samples: Annotated[
        int | None,
        typer.Option(min=2, help="Number that are measured. [default: as many as test images]", show_default=False),
    ] = None,
    features: Annotated[str, typer.Option(help="What the measures see: lenet5 (trained on the data), inception_v3 "
                                               "or identity (pixels).")] = "lenet5",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 0,
):  # fmt: skip
    """Print the test losses, and the test likelihood and measures of samples if asked."""
    runs.evaluate(run, data, nll_samples, metrics, samples, features, seed)


def main():
    """Run the command line: one line for what the user can mend, and an exit code that is not 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = lambda message, *_: typer.echo(f"Warning: {' '.join(str(message).split())}", err=True)
        _run()


def _run():
    try:
        app()
    except (ValueError, OSError, ImportError) as error:
        typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
        sys.exit(1)
