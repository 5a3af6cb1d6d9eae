"""The frame of a recipe: its options, seed and precision, and the folder with its model, figures and report."""

import contextlib
import dataclasses
import inspect
import math
import sys
import time
from pathlib import Path

import keras
import matplotlib

from keras_gen import plots
from keras_gen.arguments import REQUIRED, Argument, argument_texts, arguments_of
from keras_gen.cli.options import command, errors_on_one_line, run_app
from keras_gen.files import atomic_write
from keras_gen.plots.palette import LINE_COLOURS
from keras_gen.policies import dtype_policy
from keras_gen.reports import Finding, report

__all__ = ["Finding", "Outcome", "Recipe", "Timer", "cosine_decay", "cosine_decay_by_epoch", "recipe"]

_SHARED = {  # options that several recipes have
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


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The result of a recipe.

    Args:
        model: The trained Keras model.
        findings: List of `Finding`.
        figures: Dict from a name to a matplotlib figure. Defaults to {}.
        history: Dict of what `fit` logged, drawn as one more figure. Defaults to `None`.
        facts: Dict of what the report states in addition to the arguments. Defaults to {}.
    """

    model: keras.Model
    findings: list
    figures: dict = dataclasses.field(default_factory=dict)
    history: dict | None = None
    facts: dict = dataclasses.field(default_factory=dict)


def recipe(function):
    """Turn a function that trains a model and returns an `Outcome` into a recipe.

    The recipe has the function's arguments and two more, if the function does not name them: `seed`, which is set
    before the function is called, and `out`, the folder where the model is saved as `model.keras`, every figure as
    `<name>.png`, and the findings as `report.json`, with all arguments and facts as the protocol. An argument
    `precision` is the dtype policy during the call.

    A file that is run as a script runs its recipe with the arguments of the command line: the function must come last.

    Args:
        function: A function with keyword arguments, whose defaults give their types on the command line. Each is
            described under `Args` in the docstring of the function's file, or in the list of shared options of this
            file. If the function gives `out` no default, it is `saved_models/<name of the file>`; a default may name
            other arguments in braces.

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
    made = Recipe(function, Path(inspect.getfile(function)).stem, function.__globals__["__doc__"])
    if function.__module__ == "__main__" and hasattr(sys.modules["__main__"], "__file__"):  # a script, no notebook
        made.run()
    return made


class Recipe:
    """A function made into a recipe, with a name and a text: call it, or `run` it on the command line."""

    def __init__(self, function, name, text):
        self.name, self.__doc__, self._function = name, text, function
        frame = {"seed": Argument("seed", 0), "out": Argument("out", REQUIRED)}  # what every recipe has, listed last
        arguments, own = frame | arguments_of(function), argument_texts(self)
        self.arguments = {}
        for argument in sorted(arguments.values(), key=lambda argument: argument.name in frame):
            description = own.get(argument.name) or _SHARED.get(argument.name)
            if not description:
                raise ValueError(
                    f"Every argument of a recipe must be described. Expected: `{argument.name}` under Args in the "
                    f"docstring of {name}.py. Received: no description"
                )
            default = argument.default
            if argument.name == "out" and default is REQUIRED:
                default = f"saved_models/{name}"
            self.arguments[argument.name] = dataclasses.replace(argument, help=description, default=default)
        keyword = inspect.Parameter.KEYWORD_ONLY
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, keyword, default=argument.default) for name, argument in self.arguments.items()]
        )

    def __call__(self, **given):
        """Train, save and report; returns the function's `Outcome`."""
        bound = self.__signature__.bind(**given)
        bound.apply_defaults()
        arguments = bound.arguments
        out = arguments.pop("out")
        out = Path(out.format(**arguments) if out == self.arguments["out"].default else out)
        keras.utils.set_random_seed(arguments["seed"])
        available, policy = {**arguments, "out": out}, arguments.get("precision")
        colours = matplotlib.rc_context({"axes.prop_cycle": matplotlib.rcsetup.cycler(color=LINE_COLOURS)})
        with colours, dtype_policy(policy) if policy else contextlib.nullcontext():
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
        """The command line, a `typer.Typer`."""
        paragraphs = inspect.getdoc(self).partition("\nArgs:\n")[0].split("\n\n")
        # Click keeps the lines of a paragraph that begins with \b
        text = "\n\n".join("\b\n" + part if part.startswith("python ") else part for part in paragraphs)
        return command(lambda **options: self(**options), self.arguments, text, self.name)

    def run(self):
        """Run the recipe with the arguments of the command line."""
        with errors_on_one_line():
            run_app(self.app)


class Timer:
    """Measure the time that a `with` block takes: `seconds`, or `minutes`."""

    def __enter__(self):
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._start

    @property
    def minutes(self):
        """The time in minutes."""
        return self.seconds / 60


def cosine_decay(learning_rate, n, epochs, batch_size, warmup=0.0):
    """A schedule from `learning_rate` to zero along half a cosine, over `epochs` epochs of `n` examples.

    With `warmup`, a share of all steps, it first rises from zero to `learning_rate` along a line.
    """
    steps = epochs * math.ceil(n / batch_size)
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    rising = round(warmup * steps)
    return keras.optimizers.schedules.CosineDecay(0.0, steps - rising, warmup_target=learning_rate, warmup_steps=rising)


def cosine_decay_by_epoch(learning_rate, epochs):
    """A callback under which every learning rate falls to zero from epoch to epoch.

    rate(e) = learning_rate (1 + cos(pi e / epochs)) / 2 in epoch e = 0, ..., epochs - 1
    """
    return keras.callbacks.LearningRateScheduler(
        lambda epoch: learning_rate * (1 + math.cos(math.pi * epoch / epochs)) / 2
    )
