"""What makes a function a preset, and what presets share: scaling by `width` and compiling."""

import dataclasses
import functools
import inspect
import re
import textwrap

from keras_gen import checks
from keras_gen.arguments import REQUIRED, arguments_of
from keras_gen.training.generative_model import GenerativeModel

PRESETS = {}  # by name, in the order of their definitions
_HELP = {  # of arguments that several presets have and their models have not
    "example_shape": "One example's shape.",
    "latent_dim": "Width of the code, an integer >= 1.",
    "width": "Factor of all hidden widths, a number > 0; small ones are for tests.",
    "activation": "Activation of the hidden layers.",
    "tied": "Whether the decoder uses the encoder's kernels, transposed.",
    "corruption": "Rate of the noise on the input, in [0, 1), or standard deviation of Gaussian noise; 0 for none.",
    "corruption_kind": "Kind of the noise on the input.",
    "dropout": "Rate of the discriminator's dropout, in [0, 1).",
    "learning_rate": "Learning rate of all optimizers, a number >= 0.",
}


def preset(name, model, without=()):
    """Register a function from an example's shape to a compiled model as a preset.

    The function has the arguments in which the preset differs from its model, and passes all others, its `**options`,
    to the model's class. It documents its own only; the docstring of the registered function has them all, and a
    `Returns` part. Unknown arguments are refused, and values that are not among an own argument's choices.

    The registered function has the attributes `name` and `model`, as given here, `summary`, the first line of its
    docstring, and `arguments`: a dict from a name to an `Argument`, of the function's own arguments and those of the
    model's class that have a default. Help and choices that the function does not state are the model's.

    Args:
        name: The preset's name.
        model: The class of the model that the function returns.
        without: Names of arguments of the class that the preset sets itself. Defaults to ().

    Returns:
        A decorator.

    Example:

    >>> from keras_gen import presets
    >>> presets.dcgan.arguments["latent"].default, presets.dcgan.arguments["n_critic"].default
    ('uniform', 1)
    """

    def register(function):
        own, arguments = arguments_of(function), _arguments(function, model, without)

        @functools.wraps(function)
        def build(*given, **options):
            for option in options:
                checks.choice("argument of the preset", option, arguments)
            bound = build.__signature__.bind(*given, **options).arguments
            for option in bound.keys() & own.keys():
                if own[option].choices:
                    checks.choice(option, bound[option], own[option].choices)
            return function(**bound)

        build.name, build.model, build.summary = name, model, inspect.getdoc(function).splitlines()[0]
        build.arguments = {n: argument for n, argument in arguments.items() if argument.default is not REQUIRED}
        build.__signature__ = _signature(function, arguments)
        build.__doc__ = _docstring(function, model, arguments)
        PRESETS[name] = build
        return build

    return register


def presets_for(task):
    """The presets whose models have declared a task.

    Args:
        task: One of `keras_gen.training.tasks.TASKS`.

    Returns:
        Dict from names to presets.

    Example:

    >>> from keras_gen import presets
    >>> list(presets_for("translate"))
    ['cyclegan']
    """
    return {name: preset for name, preset in PRESETS.items() if task in preset.model.tasks}


def scaled(name, sizes, width, least=1):
    """Sizes of layers times a factor, rounded, but none below `least` unless it was so before.

    Args:
        name: The argument's name, for messages.
        sizes: A size, an integer >= 1, or a sequence of these.
        width: The factor, a number > 0.
        least: Integer >= 1, such as the size of the code, below which the layers in front must not be narrowed.
            Defaults to 1.

    Returns:
        A size, or a tuple of these.

    Raises:
        ValueError: If a size or the factor is out of range.

    Example:

    >>> scaled("units", (400, 100), 0.1), scaled("units", (400, 100), 0.1, least=30), scaled("filters", 64, 0.25)
    ((40, 10), (40, 30), 16)
    """
    checks.integer("latent_dim", least)
    checks.positive("width", width)
    if isinstance(sizes, (tuple, list)):
        return tuple(max(round(size * width), min(size, least), 1) for size in checks.widths(name, sizes))
    return max(round(checks.integer(name, sizes) * width), 1)


def compiled(model, optimizer, learning_rate, **options):
    """The model, compiled with an optimizer of that class.

    Args:
        model: A `GenerativeModel`.
        optimizer: Class of a Keras optimizer.
        learning_rate: A number >= 0.
        **options: Further arguments of the class.

    Returns:
        The model.

    Example:

    >>> import keras
    >>> float(compiled(keras.Sequential(), keras.optimizers.Adam, 0.5).optimizer.learning_rate)
    0.5
    """
    model.compile(optimizer(checks.number("learning_rate", learning_rate), **options))
    return model


def _arguments(function, model, without):
    """The preset's arguments: its own, then those of its model that not every model has."""
    inherited = arguments_of(model)
    merged = {}
    for name, own in arguments_of(function).items():
        base = inherited.pop(name, own)
        text = own.help or _HELP.get(name) or base.help
        merged[name] = dataclasses.replace(own, help=text, choices=own.choices or base.choices)
    hidden = {*without, *arguments_of(GenerativeModel)}
    merged |= {name: base for name, base in inherited.items() if name not in hidden and base.default is not REQUIRED}
    return merged


def _signature(function, arguments):
    """The function's own parameters, then those of its model by keyword."""
    own = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    inherited = arguments.keys() - {parameter.name for parameter in own}
    keyword = inspect.Parameter.KEYWORD_ONLY
    others = [inspect.Parameter(n, keyword, default=a.default) for n, a in arguments.items() if n in inherited]
    return inspect.Signature([*own, *others])


def _docstring(function, model, arguments):
    """The function's docstring, with all arguments and what is returned in place of its own arguments."""
    lines = ["Args:"]
    for one in arguments.values():
        text = one.help if one.default is REQUIRED else f"{one.help} Defaults to `{one.default!r}`."
        lines += textwrap.wrap(f"{one.name}: {text}", 112, initial_indent="    ", subsequent_indent="        ")
    lines += ["", "Returns:", f"    A compiled `models.{model.__name__}`.", "", "Example:"]
    return re.sub(
        r"(Args:\n.*)?^Example:",
        lambda _: "\n".join(lines),
        inspect.getdoc(function),
        count=1,
        flags=re.DOTALL | re.MULTILINE,
    )
