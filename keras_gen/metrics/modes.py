"""The modes of a mixture of known centres that samples reach."""

import typing

import numpy as np

from keras_gen import checks
from keras_gen.metrics import arrays
from keras_gen.metrics.features import identity
from keras_gen.metrics.sample_metric import SampleMetric

_NEAR = 3.0  # standard deviations


class Modes(typing.NamedTuple):
    """Number of modes `found`, and share of `high_quality` samples."""

    found: int
    high_quality: float


def mode_counts(samples, centres, sigma, at_least=20):
    """How many modes of a mixture the samples reach, and the share of samples near a mode.

    A sample is of high quality if it lies within 3 sigma of the nearest centre; a mode is found if it is the nearest
    mode of at least `at_least` such samples.

    Args:
        samples: Finite array `(n, d)`.
        centres: Finite array `(modes, d)`.
        sigma: The modes' standard deviation, a number > 0.
        at_least: Integer >= 1. Defaults to 20; in the paper one sample suffices.

    Returns:
        `Modes(found, high_quality)`.

    Example:

    >>> mode_counts(np.zeros((20, 2)), [[0.0, 0.1], [1.0, 1.0]], sigma=0.05)
    Modes(found=1, high_quality=1.0)

    Reference:
        Srivastava et al., 2017, arXiv:1705.07761, section 4.1.
    """
    centres, samples = arrays.as_features("centres", centres, least=1), arrays.as_features("samples", samples, least=1)
    if samples.shape[1] != centres.shape[1]:
        raise ValueError(
            f"`samples` and `centres` must have equal dimensions. Expected: {centres.shape[1]} as in centres. "
            f"Received: {samples.shape[1]} in samples"
        )
    checks.positive("sigma", sigma)
    checks.integer("at_least", at_least)
    found = np.zeros(len(centres), "int64")
    for part in arrays.blocks(len(samples), len(centres)):
        squares = arrays.squared_distances(samples[part], centres)  # (rows, modes)
        good = squares.min(axis=1) <= (_NEAR * sigma) ** 2
        found += np.bincount(squares.argmin(axis=1)[good], minlength=len(centres))
    return Modes(int(np.sum(found >= at_least)), float(found.sum() / len(samples)))


class ModeCount(SampleMetric):
    """Number of modes that samples reach: `mode_counts` as a metric.

    Args:
        centres, sigma, at_least: As in `mode_counts`.
        n: Number of samples that are measured, an integer >= 2. Defaults to 2500.

    Example:

    >>> metric = ModeCount([[0.0, 0.0], [1.0, 1.0]], sigma=0.05, n=40)
    >>> metric.update_state(np.zeros((40, 2)))
    >>> metric.name, metric.result(), metric.report()
    ('modes[identity,of=2,sigma=0.05,at_least=20,n=40]', 1.0, Modes(found=1, high_quality=1.0))
    """

    label = "modes"

    def __init__(self, centres, sigma, n=2500, at_least=20):
        self._mixture = np.array(centres), sigma, at_least
        mode_counts(centres, *self._mixture)  # finds a bad argument before the training
        super().__init__(None, identity(), n=n, details=self._details())

    def _details(self):
        centres, sigma, at_least = self._mixture
        return [f"of={len(centres)}", f"sigma={sigma:g}", f"at_least={at_least}"]

    def compute(self, features):
        return mode_counts(features, *self._mixture)


class HighQualitySamples(ModeCount):
    """Share of samples near a mode: the other figure of `mode_counts` as a metric.

    Args:
        centres, sigma, n: As in `ModeCount`.

    Example:

    >>> metric = HighQualitySamples([[0.0, 0.0], [1.0, 1.0]], sigma=0.05, n=40)
    >>> metric.update_state(np.full((40, 2), 0.5))
    >>> metric.name, metric.result()
    ('high_quality[identity,of=2,sigma=0.05,n=40]', 0.0)
    """

    label = "high_quality"

    def __init__(self, centres, sigma, n=2500):
        super().__init__(centres, sigma, n)

    def _details(self):
        return super()._details()[:2]

    def compute(self, features):
        return super().compute(features).high_quality
