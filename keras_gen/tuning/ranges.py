"""Usual ranges of a search, and those that a preset can be searched in."""

import typing

from keras_gen import checks, presets
from keras_gen.arguments import Argument
from keras_gen.models import AdversarialModel
from keras_gen.presets.registry import GENERATOR_RATE
from keras_gen.tuning.space import UNITS_RANGES, Range

_Binarization = typing.Literal["none", "static", "dynamic"]
_RATES = (  # numbers below 1
    "adversarial_training",
    "beta_1",
    "beta_2",
    "dropout",
    "ema",
    "label_smoothing",
    "momentum",
)
_MOST = 0.9  # of these
_NOT_SEARCHED = ("num_classes",)  # which the data determine

AUTOENCODER_RANGES = (  # all that a deep autoencoder has to choose, for `search`
    Range("latent_dim", 2, 64, log=True),
    Range("layers", 1, 3),
    Range("nodes", 64, 1024, log=True),
    Range("activation", choices=("relu", "silu", "tanh")),
    Range("reconstruction", choices=("squared_error", "bernoulli")),
    Range("corruption_kind", choices=("dropout", "masking", "salt_and_pepper", "gaussian")),
    Range("corruption", 0.0, 0.6),
    Range("sparsity", 0.0, 0.1),
)


VAE_RANGES = (
    Range("latent_dim", 2, 64, log=True),
    Range("beta", 0.25, 4.0, log=True),
    Range("width", 0.25, 2.0, log=True),
)
GAN_RANGES = (  # of which `search_gan` leaves out what a preset does not have
    Range("learning_rate", 5e-5, 1e-3, log=True),
    Range("generator_learning_rate", 5e-5, 1e-3, log=True),
    Range("n_critic", 1, 5),
    Range("latent_dim", 16, 128, log=True),
    Range("gradient_penalty_weight", 1.0, 20.0, log=True),
)
CLASSIFIER_RANGES = (
    Range("learning_rate", 1e-4, 1e-2, log=True),
    Range("dropout", 0.0, 0.6),
    Range("width", 0.5, 2.0, log=True),
)


def searchable(name):
    """What can be searched of a preset: a dict from a name to an `Argument`, its own and those of the training."""
    preset = presets.PRESETS[name]
    found = {**preset.arguments, "batch_size": Argument("batch_size", 100)}
    if "reconstruct" in preset.model.tasks and not issubclass(preset.model, AdversarialModel):
        found["binarization"] = Argument("binarization", "none", annotation=_Binarization)
    return found


def usual_ranges(known):
    """A usual range for each argument of a preset that can be searched.

    It is the range in `AUTOENCODER_RANGES`, if the default is in it; from 0 to 0.9 for a rate below 1; for another
    number, from a quarter of the default to four times the default, or from 0 to 1 (integers: to 100) if the default is
    0; otherwise all choices.

    Args:
        known: Dict from a name to an `Argument`, as `searchable` gives.

    Returns:
        Dict from a name to a `Range`.

    Example:

    >>> from keras_gen import presets
    >>> {name: str(range_) for name, range_ in usual_ranges(presets.PRESETS["contractive"].arguments).items()}
    {'latent_dim': '250:4000', 'contraction': '0.025:0.4', 'reconstruction': 'squared_error|bernoulli',
     'width': '0.25:4', 'learning_rate': '0.00025:0.004'}
    """
    common, found = {range_.name: range_ for range_ in AUTOENCODER_RANGES}, {}
    for name, argument in known.items():
        range_, default = common.get(name), argument.default
        if name == GENERATOR_RATE:  # by default that of all optimizers
            default = known["learning_rate"].default
        if name in _NOT_SEARCHED:
            continue
        if name == "units":
            found |= {part: common[part] for part in UNITS_RANGES}
        elif argument.choices or isinstance(default, bool):
            found[name] = Range(name, choices=argument.choices or (False, True))
        elif range_ is not None and (
            range_.choices or (checks.is_real(default) and range_.low <= default <= range_.high)
        ):
            found[name] = range_
        elif name in _RATES and checks.is_real(default) and default <= _MOST:
            found[name] = Range(name, 0.0, _MOST)
        elif isinstance(default, int):
            found[name] = Range(name, max(1, default // 4), 4 * default) if default else Range(name, 0, 100)
        elif checks.is_real(default):
            found[name] = Range(name, default / 4, 4 * default) if default else Range(name, 0.0, 1.0)
    return found


def validated(ranges, known):
    """The ranges as a list, or a `ValueError` unless they are of different known arguments of a preset."""
    ranges = list(ranges)
    if not ranges:
        raise ValueError("A search must have at least one range. Received: none")
    names = [range_.name for range_ in ranges]
    for name in names:
        if name == "units" and name in known:
            raise ValueError("`units` cannot be searched directly. Expected: ranges of `layers` and `nodes`")
        checks.choice("search range", name, usual_ranges(known))
    if len(set(names)) < len(names):
        raise ValueError(f"A search range must be named once. Received: {names}")
    return ranges
