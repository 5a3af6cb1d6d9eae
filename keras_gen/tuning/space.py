"""Search ranges of a preset's arguments."""

import dataclasses
import math

import numpy as np

from keras_gen import checks

UNITS_RANGES = ("layers", "nodes")  # which together make a preset's `units`
TRAINING = ("batch_size", "binarization")  # what a search may choose besides arguments of the preset


@dataclasses.dataclass(frozen=True)
class Range:
    """Values of one argument of a preset: all from `low` to `high`, or those in `choices`.

    Besides a preset's own arguments there are `layers`, the number of hidden layers, `nodes`, the width of each, and
    `batch_size`; for models that reconstruct also `binarization`, as in `runs.Settings`.

    Args:
        name: The argument's name.
        low: The lowest value, below `high`, > 0 with `log`; two integers make a range of integers. Defaults to `None`.
        high: The highest value. Defaults to `None`.
        choices: Tuple of values, instead of the two. Defaults to ().
        log: Whether equal ratios, not equal differences, are equally likely. Defaults to `False`.

    Example:

    >>> Range("latent_dim", 2, 64, log=True).probes
    (64, 2)
    """

    name: str
    low: float | None = None
    high: float | None = None
    choices: tuple = ()
    log: bool = False

    def __post_init__(self):
        for end in ("low", "high"):
            object.__setattr__(self, end, _plain(getattr(self, end)))
        object.__setattr__(self, "choices", self._of_one_kind())
        if self.choices:
            return
        if not (checks.is_real(self.low) and checks.is_real(self.high) and self.low < self.high):
            raise ValueError(
                f"The search range of `{self.name}` is empty. Expected: a lowest value below the highest, or choices. "
                f"Received: {self.low} to {self.high}"
            )
        if self.log and self.low <= 0:
            raise ValueError(f"A logarithmic range must begin above 0. Received: {self.name} from {self.low}")

    def _of_one_kind(self):
        """The choices as KerasTuner takes them, all of one type: integers among floats become floats."""
        choices = tuple(_plain(value) for value in self.choices)
        if {type(value) for value in choices} == {int, float}:
            choices = tuple(float(value) for value in choices)
        kinds = {type(value) for value in choices}
        if len(kinds) > 1 or not kinds <= {int, float, str, bool}:
            raise ValueError(
                f"The choices of `{self.name}` must be of one kind. Expected: numbers, words, or True and False. "
                f"Received: {list(choices)}"
            )
        return choices

    @property
    def numeric(self):
        """Whether the values are numbers."""
        return not self.choices or checks.is_real(self.choices[0])

    @property
    def probes(self):
        """The largest and the smallest number, or all choices that are not numbers."""
        if not self.numeric:
            return self.choices
        return (max(self.choices), min(self.choices)) if self.choices else (self.high, self.low)

    def suggest(self, hp, name=None):
        """The value that KerasTuner's `hp` gives, under the range's name or another."""
        name = name or self.name
        if self.choices:
            return hp.Choice(name, list(self.choices))
        kind = hp.Int if isinstance(self.low, int) and isinstance(self.high, int) else hp.Float
        return kind(name, self.low, self.high, sampling="log" if self.log else "linear")

    def __str__(self):
        """The range as `parse` reads it, without the name."""
        if self.choices:
            return "|".join(str(value).lower() if isinstance(value, bool) else str(value) for value in self.choices)
        return f"{self.low:g}:{self.high:g}"


def parse(text):
    """Ranges from a line such as `latent_dim=2:64,corruption=0:0.6,activation=relu|silu`.

    Args:
        text: Names and ranges with commas between; `a:b` is a range, `a|b|c` are choices. Ranges of whole numbers >= 1
            whose upper end is at least 8 times the lower one are searched at equal ratios.

    Returns:
        List of `Range`.

    Example:

    >>> [(r.name, r.low, r.high, r.log) for r in parse("latent_dim=2:64,corruption=0:0.6")]
    [('latent_dim', 2, 64, True), ('corruption', 0, 0.6, False)]
    """
    ranges = []
    for part in text.split(","):
        name, equals, values = (piece.strip() for piece in part.partition("="))
        if not name or not equals or not values:
            raise ValueError(
                f"A search must name ranges. Expected: such as latent_dim=2:64,corruption=0:0.6. Received: {text!r}"
            )
        if "|" in values:
            ranges.append(Range(name, choices=[_value(value) for value in values.split("|")]))
            continue
        low, _, high = values.partition(":")
        low, high = _value(low), _value(high)
        if isinstance(low, str) or isinstance(high, str):
            raise ValueError(f"The range of `{name}` must be two numbers. Expected: such as 2:64. Received: {values!r}")
        ranges.append(Range(name, low, high, log=isinstance(low, int) and low > 0 and high >= 8 * low))
    return ranges


def _value(text):
    text = text.strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)


def _plain(value):
    """A Python number for one of numpy."""
    return value.item() if isinstance(value, np.generic) else value


def preset_arguments(ranges, hp, known):
    """Arguments of a preset from KerasTuner's values: `layers` and `nodes` make its `units`.

    The widths are sorted as those of the preset, usually in falling order, and none is smaller than the code, as a
    symmetric autoencoder requires. `known` are the preset's other arguments, with its defaults.
    """
    by_name = {range_.name: range_ for range_ in ranges}
    values = {name: range_.suggest(hp) for name, range_ in by_name.items() if name not in UNITS_RANGES}
    if not by_name.keys() & set(UNITS_RANGES):
        return values
    layers, nodes = by_name.get("layers"), by_name.get("nodes")
    number = len(known["units"]) if layers is None else layers.suggest(hp)
    if nodes is None:
        if number > len(known["units"]):
            raise ValueError(
                f"A search of more `layers` than a preset has needs `nodes`, their widths. "
                f"Expected: up to {len(known['units'])} layers, or a range of nodes. Received: {number} layers"
            )
        widths = known["units"][:number]
    else:
        widths = [nodes.suggest(hp, f"nodes_{place}") for place in range(1, number + 1)]
    least = values.get("latent_dim", known.get("latent_dim", 1))
    falls = list(known["units"]) == sorted(known["units"], reverse=True)
    return {**values, "units": tuple(sorted((max(width, least) for width in widths), reverse=falls))}


def one_standard_error(sizes, errors, standard_errors):
    """The smallest size whose error is within one standard error of the smallest error.

    Args:
        sizes: List of numbers.
        errors: List of their errors, at least one finite; others are left out.
        standard_errors: List of the errors' standard errors.

    Returns:
        The size.

    Example:

    >>> one_standard_error([2, 8, 32], [9.0, 5.2, 5.0], [0.3, 0.3, 0.3])
    8

    Reference:
        Breiman, Friedman, Olshen and Stone, 1984, Classification and regression trees, section 3.4.3.
    """
    trials = [row for row in zip(sizes, errors, standard_errors, strict=True) if math.isfinite(row[1])]
    if not trials:
        raise ValueError("`errors` must hold a finite number. Received: none")
    _, best, deviation = min(trials, key=lambda row: row[1])
    bound = best + (deviation if math.isfinite(deviation) else 0.0)
    return min(size for size, error, _ in trials if error <= bound)
