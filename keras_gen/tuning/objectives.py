"""What a search minimises: one value of a trained model, or a weighted sum of several."""

import dataclasses

import numpy as np

from keras_gen import checks

SUM = "objective"  # the name of what KerasTuner minimises, and of a weighted sum in tables
_GREATER_IS_BETTER = ("accuracy", "adversarial_accuracy", "precision", "recall", "density", "coverage", "score")
_EXAMPLE = "such as 'frechet', or {'frechet': 1, 'recall': -10}"


@dataclasses.dataclass(frozen=True)
class Objective:
    """A weighted sum of values, which is minimised.

    Args:
        weights: Dict from a name to a finite number; a negative one maximises.

    Example:

    >>> objective_of("recall").score({"recall": 0.25}), objective_of({"a": 1, "b": 2}).score({"a": 3.0, "b": 0.5})
    (-0.25, 4.0)
    """

    weights: dict

    @property
    def name(self):
        """The name of the only value, or that of a sum."""
        return next(iter(self.weights)) if self._is_one else SUM

    @property
    def _is_one(self):
        return len(self.weights) == 1 and abs(next(iter(self.weights.values()))) == 1

    def score(self, values):
        """The sum of values by name, numbers or arrays, which is to be small."""
        return sum(weight * values[name] for name, weight in self.weights.items())

    def shown(self, score):
        """A score as its name stands for it: the value itself, not its negative, if that is maximised."""
        return self.weights[self.name] * score + 0.0 if self._is_one else score  # 0, not -0


def objective_of(given):
    """The `Objective` of a name, whose direction is known, or of a dict from a name to a weight."""
    if isinstance(given, str):
        return Objective({given: -1.0 if given.removeprefix("val_") in _GREATER_IS_BETTER else 1.0})
    if not isinstance(given, dict) or not given or not all(isinstance(name, str) for name in given):
        raise ValueError(
            f"`objective` must be a name, or a dict from a name to a weight. Expected: {_EXAMPLE}. Received: {given!r}"
        )
    for name, weight in given.items():
        if not checks.is_real(weight) or not np.isfinite(weight):
            raise ValueError(
                f"A weight of `objective` must be a finite number. Expected: {_EXAMPLE}. Received: {name}={weight!r}"
            )
    if not any(given.values()):
        raise ValueError(f"A weight of `objective` must not be 0. Expected: {_EXAMPLE}. Received: {given!r}")
    return Objective({name: float(weight) for name, weight in given.items()})


def parse_objective(text):
    """The argument `objective` of a text: a name, or names and weights with commas between.

    Example:

    >>> parse_objective("frechet"), parse_objective("frechet=1,recall=-10")
    ('frechet', {'frechet': 1.0, 'recall': -10.0})
    """
    if "=" not in text:
        return text.strip()
    weights = {}
    for part in text.split(","):
        name, _, weight = (piece.strip() for piece in part.partition("="))
        try:
            if not name or name in weights:
                raise ValueError
            weights[name] = float(weight)
        except ValueError:
            raise ValueError(
                "--objective must be a name, or names and weights, each name once. Expected: such as "
                f"frechet=1,recall=-10. Received: {text!r}"
            ) from None
    return weights
