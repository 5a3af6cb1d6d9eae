"""`keras-gen train MODEL` and `keras-gen tune MODEL`: a command for each preset, built when it is called."""

import textwrap
from pathlib import Path
from typing import Annotated, Literal

import typer

from keras_gen import data as data_sets
from keras_gen import presets, runs
from keras_gen.backend.cluster import STRATEGIES
from keras_gen.callbacks.epoch_lines import listed, short
from keras_gen.cli.options import command, stated
from keras_gen.files import expanded
from keras_gen.reports import counted
from keras_gen.runs.sample_quality import FEATURES
from keras_gen.runs.training_options import degraded_images, images_of, options_of

_COLUMNS = 76  # of the 80 of a line, which is indented
_INDENTED = {"initial_indent": "  ", "subsequent_indent": "      ", "break_long_words": False}
_DATA = Annotated[str, typer.Option(help="digits, a tensorflow-datasets name, a folder, .npz or .npy.")]
_EPOCHS = Annotated[int, typer.Option(min=1, help="Total number of epochs, also with --resume.")]
_BATCH_SIZE = Annotated[int, typer.Option(min=1, help="Examples per update of the weights.")]
_BINARIZATION = Annotated[
    Literal["none", "static", "dynamic"],
    typer.Option(
        help="Draw black or white pixels, with grey values as probabilities, once (static) or in each epoch (dynamic)."
    ),
]
_SEED = Annotated[
    int, typer.Option(min=0, help="Seed of the initial weights, the order of the examples and all noise.")
]
_RESUME = Annotated[bool, typer.Option("--resume", help="Continue the run in --out, or start it if there is none.")]
_NEW_DATA = Annotated[bool, typer.Option("--new-data", help="Let a resumed run go on with other data than its own.")]
_PRECISION = Annotated[
    Literal["float32", "mixed_bfloat16", "mixed_float16", "auto"],
    typer.Option(
        help="Precision of the computations; the mixed ones compute in 16 bits and keep weights in 32. auto is "
        "mixed_bfloat16 for convolutions where GPUs or the processor have units for it, else float32."
    ),
]
_STRATEGY = Annotated[
    Literal["none", *STRATEGIES],
    typer.Option(
        help="Devices that share each batch: one, all of this machine, or those of all workers of TF_CONFIG or Slurm."
    ),
]
_OUT = Annotated[
    Path | None,
    typer.Option(help="The run's folder. [default: saved_models/MODEL-DATA]", show_default=False),
]


def train_command(name):
    """The command that trains a preset."""
    preset = presets.PRESETS[name]
    changes = {}
    if "translate" in preset.model.tasks:
        enlarges = images_of(name) is degraded_images
        defaults = {"epochs": 100, "batch_size": 16} if enlarges else {"epochs": 200, "batch_size": 1}
        changes = {"without": ("data", "binarization"), "defaults": defaults}
    return command(_train, options_of(name), preset.summary, **changes)


def tune_command(name):
    """The command that searches a preset's options."""
    from keras_gen.tuning.ranges import searchable, usual_ranges  # KerasTuner takes a second to import

    preset = presets.PRESETS[name]
    lines = ["\b", "Names for --search, with usual ranges:"]
    for argument, range_ in usual_ranges(searchable(name)).items():
        text = f"{argument}={range_}"
        lines += textwrap.wrap(text if len(text) <= _COLUMNS else text.replace("|", "| "), _COLUMNS, **_INDENTED)
    images = {option: one for option, one in options_of(name).items() if option in ("size", "channels")}
    return command(_tune, {**preset.arguments, **images}, preset.summary, epilog="\n".join(lines))


def _train(
    context: typer.Context,
    data: _DATA = runs.Settings.data,
    epochs: _EPOCHS = runs.Settings.epochs,
    batch_size: _BATCH_SIZE = runs.Settings.batch_size,
    binarization: _BINARIZATION = runs.Settings.binarization,
    seed: _SEED = runs.Settings.seed,
    precision: _PRECISION = runs.Settings.precision,
    out: _OUT = None,
    resume: _RESUME = False,
    new_data: _NEW_DATA = False,
    strategy: _STRATEGY = "none",
    **options,
):
    name, given = context.info_name, stated(context)
    translates = "translate" in presets.PRESETS[name].model.tasks
    own = {option: value for option, value in options.items() if option in given}
    place = "pairs" if translates else data
    settings = runs.Settings(name, place, epochs, batch_size, binarization, seed, precision, own)
    folder = _folder(out, name, options["x"].partition(":")[0] if translates else data)
    try:
        placed = None if strategy == "none" else strategy
        stated_settings = given & settings.arguments.keys()
        trained = runs.train(settings, folder, resume, stated_settings, new_data=new_data, strategy=placed)
    except KeyboardInterrupt:
        raise _interrupted("Finished epochs are saved; --resume continues from them.") from None
    if not trained.written:
        return
    if not trained.new:
        typer.echo(f"Nothing to train: {counted(trained.epochs, 'epoch')} done, {trained.settings.epochs} asked for.")
    files = ["model.keras", "history.csv", "settings.json", *trained.files]
    typer.echo(f"In {trained.folder}: {', '.join(files)}")
    typer.echo(_result(trained))
    for picture, reason in trained.failed.items():
        typer.echo(f"Error: {picture} could not be drawn; the model is whole. Received: {reason}", err=True)
    if trained.failed:
        raise typer.Exit(1)


def _result(trained):
    """The line of figures that ends a training."""
    figures, tasks = dict(trained.figures), presets.PRESETS[trained.settings.model].model.tasks
    loss, reconstruction = figures.pop("loss", None), trained.settings.options.get("reconstruction")
    translates = "translate" in tasks
    if reconstruction is not None and not translates:
        unit = "" if reconstruction == "squared_error" else " nats"
        return f"Validation loss after epoch {trained.epochs}: {loss:.3f}{unit}"
    # The loss of several players is a sum that means little
    where = "After" if translates else "On test images after"
    return f"{where} epoch {trained.epochs}: {', '.join(f'{name} {value:.3f}' for name, value in figures.items())}"


def _tune(
    context: typer.Context,
    search: Annotated[
        str, typer.Option(help="Names and ranges, such as width=0.5:2,latent_dim=2:64; the list is below.")
    ],
    data: _DATA = "digits",
    trials: Annotated[int, typer.Option(min=1, help="Total number of trials, also when a search continues.")] = 12,
    tuner: Annotated[
        Literal["random", "bayesian", "hyperband", "grid"],
        typer.Option(
            help="How to search: random draws, a model of the error, more epochs for the better half, or all values."
        ),
    ] = "random",
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of a trial.")] = 20,
    batch_size: _BATCH_SIZE = 100,
    repeats: Annotated[int, typer.Option(min=1, help="Trainings per trial; their mean counts.")] = 1,
    folds: Annotated[
        int | None,
        typer.Option(
            min=2, help="Parts for cross-validation. [default: every fifth example is held out]", show_default=False
        ),
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            help="What to optimise: the name of a measured or logged value, or names and weights of a sum to be "
            "small, such as frechet=1,recall=-10. [default: error, or frechet for models that only sample]",
            show_default=False,
        ),
    ] = None,
    features: Annotated[
        Literal[*FEATURES] | None,
        typer.Option(
            help="Features of metrics of samples. [default: lenet5, or identity without labels]", show_default=False
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            min=2, help="Samples that metrics measure. [default: as many as held-out images]", show_default=False
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that run trials at the same time.")] = 1,
    seed: _SEED = 0,
    out: _OUT = None,
    **options,
):
    from keras_gen import tuning
    from keras_gen.tuning.measures import FLOOR
    from keras_gen.tuning.objectives import parse_objective

    name = context.info_name
    shared = {"trials": trials, "tuner": tuner, "epochs": epochs, "batch_size": batch_size, "repeats": repeats}
    shared |= {"folds": folds, "features": features, "samples": samples, "workers": workers, "seed": seed}
    shared["objective"] = None if objective is None else parse_objective(objective)
    fixed = {option: value for option, value in options.items() if option in stated(context)}
    folder = _folder(out, f"tune-{name}", data)
    try:
        found = tuning.search(data, search, folder, preset=name, **shared, **fixed)
    except KeyboardInterrupt:
        raise _interrupted("The finished trials are kept; the same command continues the search.") from None
    if found is None:
        typer.echo("No more trials for this worker; the chief writes the result.")
        return
    pictures = sorted(path.name for path in folder.glob("*.png"))
    typer.echo(f"In {folder}: {', '.join(['model.keras', 'settings.json', 'trials.csv', *pictures])}")
    typer.echo(f"Best: {listed(found.best)}: {found.objective} {short(found.value)}{_floors(found.floors or {})}")
    for key, value in found.chosen.items():
        typer.echo(f"Smallest {key} within one standard error of the best: {short(value)}")
    values = found.measured(*data_sets.load(data, size=options["size"], channels=options["channels"]))
    floors = {key.removesuffix(FLOOR): value for key, value in values.items() if key.endswith(FLOOR)}
    for key in [key for key in values if not key.endswith(FLOOR)]:
        floor = {key: floors[key]} if key in floors else {}
        typer.echo(f"Test {key} of the best: {values[key]:.3f}{_floors(floor)}")


def _floors(floors):
    """What training images reach in place of samples, as a part of a line."""
    return f" (training images: {listed(floors)})" if floors else ""


def _folder(out, name, place):
    return out or Path("saved_models") / f"{name}-{expanded(place).resolve().stem}"


def _interrupted(advice):
    typer.echo(f"Interrupted. {advice}", err=True)
    return typer.Exit(130)
