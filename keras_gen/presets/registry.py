"""The `preset` decorator: arguments, their scaling by `width`, the optimizer and the documentation."""

import dataclasses
import functools
import inspect
import re
import textwrap

import keras

from keras_gen import checks
from keras_gen.arguments import REQUIRED, Argument, argument_texts, arguments_of
from keras_gen.models.adversarial import AdversarialModel
from keras_gen.training.generative_model import GenerativeModel

PRESETS = {}  # by name, in the order of their definitions
GENERATOR_RATE = "generator_learning_rate"  # an argument of the presets of adversarial models
_HELP = {  # texts of arguments, in place of those of models and networks
    "width": "Factor of all hidden widths, a number > 0; small ones are for tests.",
    "units": "Hidden widths of the encoder, or of the generator; the other network mirrors them.",
    "corruption": "Rate of the noise on the input, in [0, 1), or standard deviation of Gaussian noise; 0 for none.",
    "center": (
        "Whether the encoder subtracts the mean of the training examples, and the decoder adds it; by default, with "
        "the squared error and without noise, or with noise that keeps the mean."
    ),
    "corruption_kind": (
        "Kind of the noise on the input: `masking` sets random values to 0, `dropout` also divides the others by 1 - "
        "rate, which keeps the mean."
    ),
    "adversarial_loss": (
        "What the networks minimise: a cross-entropy (usually `non_saturating`), least squares, or the hinge loss."
    ),
}
_HELP_OF_OPTIMIZERS = {  # for those that a preset sets: models have arguments of these names, too
    "learning_rate": "Learning rate of all optimizers, a number >= 0.",
    "generator_learning_rate": "Learning rate of the generator, a number >= 0; by default that of all optimizers.",
    "weight_decay": "Decay of the weights in AdamW, a number >= 0; it removes weights of pixels that never change.",
    "momentum": "Decay of the mean of gradients in SGD, a number >= 0.",
    "beta_1": "Decay of Adam's mean of gradients, a number >= 0.",
    "beta_2": "Decay of Adam's mean of squared gradients, a number >= 0.",
    "epsilon": "Number that the optimizer adds to the root mean squared gradient, >= 0.",
}


def preset(
    name,
    *builders,
    model,
    optimizer=None,
    sizes=("units", "filters"),
    example_shape=(8, 8, 1),
    fixed=(),
    **settings,
):
    """Register a function from an example's shape to a model as a preset.

    The function declares the arguments in which the preset differs from its model, and passes all others (`**options`)
    to the model's class. The registered function also has `width`, which multiplies the sizes, unless the function has
    its own, and the optimizer's settings; it returns the compiled model, and refuses unknown arguments and choices. Its
    docstring has all arguments, a `Returns` and an `Example` part, and the references of its builders and of its model.

    Its attributes are `name` and `model`, as given here; `summary`, the first line of its docstring; and `arguments`, a
    dict from the name of each argument with a default to an `Argument`. Texts and choices that the function does not
    give itself come from the model's class, or else from the builders.

    Args:
        name: The preset's name.
        *builders: Functions of `keras_gen.networks` that the function calls.
        model: The class of the model that the function returns.
        optimizer: Class of a Keras optimizer. Defaults to `None`, the model's `default_optimizer`.
        sizes: Names of the arguments that `width` multiplies. Defaults to ("units", "filters").
        example_shape: The shape in the docstring's example. Defaults to (8, 8, 1).
        fixed: Names of the model's arguments that the preset sets itself, and does not have. Defaults to ().
        **settings: Defaults of arguments of the optimizer, such as `weight_decay`, in addition to the learning rate and
            the model's own `optimizer_settings`.

    Returns:
        A decorator.

    Example:

    >>> from keras_gen import presets
    >>> presets.dcgan.arguments["latent"].default, presets.dcgan.arguments["n_critic"].default
    ('uniform', 1)
    """
    optimizer = optimizer or model.default_optimizer
    settings = {"learning_rate": 1e-3, **model.optimizer_settings, **settings}

    def register(function):
        own_arguments = arguments_of(function)
        choices = {own.name: own.choices for own in own_arguments.values() if own.choices}
        arguments = _arguments(function, builders, model, settings, fixed)

        @functools.wraps(function)
        def build(*given, **options):
            for option in options:
                checks.choice("argument of the preset", option, arguments)
            bound = build.__signature__.bind(*given, **options)
            bound.apply_defaults()
            values = bound.arguments
            for option, known in choices.items():
                checks.choice(option, values[option], known)
            _require_activation(values.get("activation"))
            if "width" not in own_arguments:
                width, least = values.pop("width"), checks.integer("latent_dim", values.get("latent_dim", 1))
                for size in values.keys() & {*sizes}:
                    values[size] = scaled(size, values[size], width, least if size == "units" else 1)
            chosen = {setting: checks.number(setting, values.pop(setting)) for setting in settings}
            own_rate = values.pop(GENERATOR_RATE, None)
            built = function(**values)
            built.compile(optimizer(**chosen))
            if own_rate is not None:
                built.optimizer["generator"].learning_rate = checks.number(GENERATOR_RATE, own_rate)
            return built

        build.name, build.model, build.summary = name, model, inspect.getdoc(function).splitlines()[0]
        build.arguments = {n: argument for n, argument in arguments.items() if argument.default is not REQUIRED}
        build.__signature__ = _signature(function, arguments)
        build.__doc__ = _docstring(function, name, builders, model, arguments, example_shape)
        PRESETS[name] = build
        return build

    return register


def _require_activation(activation):
    try:
        keras.activations.get(activation)
    except ValueError:
        known = vars(keras.activations).items()
        names = [name for name, one in known if callable(one) and name not in ("deserialize", "get", "serialize")]
        checks.choice("activation", activation, names)


def scaled(name, sizes, width, least=1):
    """Layer sizes times a factor, rounded, but not reduced below `least`.

    Args:
        name: The argument's name, for messages.
        sizes: A size, an integer >= 1, or a sequence of these.
        width: The factor, a number > 0.
        least: Integer >= 1, such as the width of the code that follows. Defaults to 1.

    Returns:
        A size, or a tuple of these.

    Example:

    >>> scaled("units", (400, 100), 0.1), scaled("units", (400, 100), 0.1, least=30), scaled("filters", 64, 0.25)
    ((40, 10), (40, 30), 16)
    """
    checks.positive("width", width)

    def resized(size):
        return max(round(size * width), min(size, least), 1)

    if isinstance(sizes, (tuple, list)):
        return tuple(map(resized, checks.widths(name, sizes)))
    return resized(checks.integer(name, sizes))


def _arguments(function, builders, model, settings, fixed):
    """The preset's arguments: its own, `width`, the optimizer's, then those of its model that not every model has."""
    texts = {"example_shape": "One example's shape.", "latent_dim": "Width of the code, an integer >= 1."}
    for source in (*reversed(builders), model):
        texts |= argument_texts(source)
    texts["example_shape"] = texts.get("output_shape", texts.get("input_shape", texts["example_shape"]))
    helps = _HELP | {n: text for n, text in _HELP_OF_OPTIMIZERS.items() if n in (*settings, GENERATOR_RATE)}
    texts |= helps | argument_texts(function)
    every = arguments_of(GenerativeModel)
    inherited = {n: a for n, a in arguments_of(model).items() if n not in fixed}
    added = {n: Argument(n, default) for n, default in {"width": 1.0, **settings}.items()}
    if issubclass(model, AdversarialModel):
        added[GENERATOR_RATE] = Argument(GENERATOR_RATE, None, annotation=float | None)
    own = {
        n: dataclasses.replace(
            a, help=texts.get(n, ""), annotation=(a if a.choices else inherited.get(n, a)).annotation
        )
        for n, a in {**arguments_of(function), **added}.items()
    }
    return own | {
        n: dataclasses.replace(a, help=helps.get(n, a.help))
        for n, a in inherited.items()
        if n not in own | every and a.default is not REQUIRED
    }


def _signature(function, arguments):
    """The function's own parameters, then all others by keyword."""
    own = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    names, keyword = {parameter.name for parameter in own}, inspect.Parameter.KEYWORD_ONLY
    others = [inspect.Parameter(n, keyword, default=a.default) for n, a in arguments.items() if n not in names]
    return inspect.Signature([*own, *others])


def _docstring(function, name, builders, model, arguments, shape):
    """The function's docstring with all arguments, what is returned, an example, and the references of its parts."""
    lines = ["Args:"]
    for one in arguments.values():
        text = one.help if one.default is REQUIRED else f"{one.help} Defaults to `{one.default!r}`."
        lines += textwrap.wrap(f"{one.name}: {text}", 112, initial_indent="    ", subsequent_indent="        ")
    lines += ["", "Returns:", f"    A compiled `models.{model.__name__}`.", "", "Example:", ""]
    lines += [">>> from keras_gen import presets", f'>>> presets.build("{name}", {shape}, width=0.05).built', "True"]
    texts = [inspect.getdoc(part).partition("Reference:\n") for part in (function, *builders, model)]
    references = dict.fromkeys(reference.rstrip() for _, _, reference in texts if reference)
    head = re.sub(r"^Args:\n.*", "", texts[0][0], flags=re.DOTALL | re.MULTILINE).rstrip()
    return "\n\n".join([head, "\n".join(lines), "\n".join(["Reference:", *references])])
