"""The frame of a recipe: its options, seed and precision, and the folder with its model, figures and report."""

import contextlib
import dataclasses
import inspect
import math
import time
from pathlib import Path
from typing import Annotated, Literal

import keras
import typer

from keras_gen import checks, plots
from keras_gen.arguments import REQUIRED, Argument, arguments_of, described
from keras_gen.files import atomic_write
from keras_gen.reports import Finding, report

__all__ = ["Finding", "Outcome", "Recipe", "Timer", "cosine_decay", "cosine_decay_by_epoch", "recipe"]

SHARED = {  # options that several recipes have
    "data": "digits, a tensorflow-datasets name, a folder of images, .npz or .npy.",
    "epochs": "Epochs of training.",
    "minutes": "Minutes after which training stops, however many epochs are left.",
    "pretrain_epochs": "Epochs of greedy pretraining for each layer.",
    "batch_size": "Examples in the batch of one update.",
    "learning_rate": "Learning rate at the start of training.",
    "units": "Hidden units, before the factor --width.",
    "filters": "Filters of the first convolution, before the factor --width; later ones have multiples of it.",
    "latent_dim": "Dimensions of the latent space.",
    "ema": "Decay of the moving average of the generator's weights; 0: none.",
    "samples": "Samples to measure, at most as many as there are training or test images.",
    "seeds": "Number of trainings, with the seeds from --seed on.",
    "width": "Factor of all hidden widths; small ones are for tests.",
    "precision": "Keras's dtype policy; float32 is faster on a processor without half precision.",
    "seed": "Seed of weights, order and noise.",
    "out": "Folder of the model, the figures and the report.",
}
_FRAME = {"seed": Argument("seed", 0), "out": Argument("out", REQUIRED)}  # what every recipe has, listed last


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a recipe returns.

    Args:
        model: The trained Keras model.
        findings: List of `Finding`.
        figures: Dict from a name to a matplotlib figure. Defaults to {}.
        history: Dict of what `fit` logged, whose curves are one more figure. Defaults to `None`.
        facts: Dict of what the report states besides the arguments. Defaults to {}.
    """

    model: keras.Model
    findings: list
    figures: dict = dataclasses.field(default_factory=dict)
    history: dict | None = None
    facts: dict = dataclasses.field(default_factory=dict)


def recipe(function):
    """Make a recipe of a function that trains a model and returns an `Outcome`.

    The recipe has the function's arguments and two more, if the function does not name them: `seed`, which is set
    before the function is called, and `out`, the folder where the model is saved as `model.keras`, every figure as
    `<name>.png`, and the findings as `report.json`, with all arguments and facts as the protocol. An argument
    `precision` is the dtype policy during the call.

    Args:
        function: A function with keyword arguments, whose defaults give their types on the command line. Each is
            described under `Args` in the docstring of the function's file, or in `SHARED`. Without a default `out` is
            `saved_models/<name of the file>`; a default may name other arguments in braces.

    Returns:
        A `Recipe`.

    Raises:
        ValueError: If an argument is not described.

    Example:

    >>> @recipe
    ... def main(data="digits", epochs=10, width=1.0): ...
    >>> list(main.arguments)
    ['data', 'epochs', 'width', 'seed', 'out']
    """
    return Recipe(function, Path(inspect.getfile(function)).stem, function.__globals__["__doc__"])


class Recipe:
    """A function with the frame of a recipe, made by `recipe`: call it from Python, or `run` it as a script.

    Args:
        function: As in `recipe`.
        name: Name of the recipe.
        text: What it does, with an `Args` part for its own arguments.
        arguments: Dict from a name to an `Argument`. Defaults to `None`: those of the function.

    Raises:
        ValueError: If an argument is not described.

    Example:

    >>> short = Recipe(lambda epochs=3: None, "short", "A short training.")
    >>> short.arguments["epochs"].default, short.arguments["out"].default
    (3, 'saved_models/short')
    """

    def __init__(self, function, name, text, arguments=None):
        self.name, self.__doc__, self._function = name, text, function
        arguments, own = _FRAME | (arguments or arguments_of(function)), described(self)
        self.arguments = {}
        for one in sorted(arguments, key=_FRAME.__contains__):
            text = own.get(one) or arguments[one].help or SHARED.get(one)
            if not text:
                raise ValueError(
                    f"Every argument of a recipe must be described. Expected: `{one}` under Args in the docstring of "
                    f"{name}.py. Received: no description"
                )
            self.arguments[one] = dataclasses.replace(arguments[one], help=text)
        if self.arguments["out"].default is REQUIRED:
            self.arguments["out"] = dataclasses.replace(self.arguments["out"], default=f"saved_models/{name}")
        self.__signature__ = inspect.Signature([_parameter(argument) for argument in self.arguments.values()])

    def variant(self, name, text, **defaults):
        """The same recipe with another name and other defaults.

        Args:
            name: Name of the variant.
            text: What it does.
            **defaults: The defaults that differ.

        Returns:
            A `Recipe`.

        Raises:
            ValueError: If there is no argument of a default's name.
        """
        arguments = dict(self.arguments)
        for one, default in {"out": REQUIRED, **defaults}.items():
            checks.choice("argument", one, arguments)
            arguments[one] = dataclasses.replace(arguments[one], default=default)
        return Recipe(self._function, name, text, arguments)

    def __call__(self, **given):
        """Train, save and report.

        Args:
            **given: Arguments of the recipe.

        Returns:
            The function's `Outcome`.
        """
        bound = self.__signature__.bind(**given)
        bound.apply_defaults()
        arguments = bound.arguments
        out = arguments.pop("out")
        out = Path(out.format(**arguments) if out == self.arguments["out"].default else out)
        keras.utils.set_random_seed(arguments["seed"])
        available = {**arguments, "out": out}
        with _dtype_policy(arguments.get("precision")):
            outcome = self._function(**{name: available[name] for name in arguments_of(self._function)})
        out.mkdir(parents=True, exist_ok=True)
        outcome.model.save(out / "model.keras")
        curves = {"history": plots.history_curves(outcome.history)} if outcome.history else {}
        for name, figure in {**outcome.figures, **curves}.items():
            with atomic_write(out / f"{name}.png") as path:
                figure.savefig(path)
        report(self.name, outcome.findings, out, dict(**arguments, **outcome.facts))
        return outcome

    @property
    def app(self):
        """The command line, a `typer.Typer`: arguments as options, and errors that the user can mend on one line."""

        def command(**given):
            try:
                self(**given)
            except (ValueError, OSError, ImportError) as error:
                typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
                raise typer.Exit(1) from None

        command.__signature__ = self.__signature__
        command.__annotations__ = {name: one.annotation for name, one in self.__signature__.parameters.items()}
        paragraphs = inspect.getdoc(self).partition("\nArgs:\n")[0].split("\n\n")
        text = "\n\n".join("\b\n" + one if one.startswith("python ") else one for one in paragraphs)  # \b: keep lines
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command(self.name, help=text, context_settings={"help_option_names": ["-h", "--help"]})(command)
        return app

    def run(self):
        """Run the recipe as a script, with the arguments of the command line."""
        self.app()


class Timer:
    """Measure the time that a `with` block takes: `seconds`, or `minutes`.

    Example:

    >>> with Timer() as timer:
    ...     total = sum(range(10))
    >>> timer.seconds >= timer.minutes >= 0
    True
    """

    def __enter__(self):
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._start

    @property
    def minutes(self):
        """The time in minutes."""
        return self.seconds / 60


def cosine_decay(learning_rate, n, epochs, batch_size):
    """A learning rate that falls to zero from update to update, along half a period of a cosine.

    Args:
        learning_rate: The rate of the first update.
        n: Number of training examples.
        epochs: Number of epochs.
        batch_size: Examples in a batch.

    Returns:
        A `keras.optimizers.schedules.CosineDecay`.

    Example:

    >>> cosine_decay(1e-3, n=250, epochs=2, batch_size=100).decay_steps
    6
    """
    return keras.optimizers.schedules.CosineDecay(learning_rate, epochs * math.ceil(n / batch_size))


def cosine_decay_by_epoch(learning_rate, epochs):
    """A callback under which every learning rate falls to zero from epoch to epoch.

    rate(e) = learning_rate (1 + cos(pi e / epochs)) / 2 in epoch e = 0, ..., epochs - 1

    Args:
        learning_rate: The rate of the first epoch.
        epochs: Number of epochs.

    Returns:
        A `keras.callbacks.LearningRateScheduler`.

    Example:

    >>> cosine_decay_by_epoch(0.2, 4).schedule(2)
    0.1
    """
    return keras.callbacks.LearningRateScheduler(
        lambda epoch: learning_rate * (1 + math.cos(math.pi * epoch / epochs)) / 2
    )


def _parameter(argument):
    """The argument as a keyword parameter that typer makes an option of."""
    default = argument.default
    if argument.choices:
        kind = Literal[argument.choices]
    elif isinstance(default, tuple):
        kind = list[type(default[0])]
    else:
        kind = str if default is REQUIRED else type(default)
    annotation = Annotated[kind, typer.Option(help=argument.help)]
    return inspect.Parameter(argument.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


@contextlib.contextmanager
def _dtype_policy(policy):
    """Keras's dtype policy inside the block, unless it is `None`; the former one after it."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy or before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
