"""Density and coverage: how many samples lie near real examples, and how many real examples have a sample nearby."""

import typing

import numpy as np

from keras_gen import checks
from keras_gen.metrics import arrays
from keras_gen.metrics.neighbours import NeighbourMetric, blocks_within


class DensityCoverage(typing.NamedTuple):
    """`density`, a number >= 0 that is about 1 for equal distributions, and `coverage`, in [0, 1]."""

    density: float
    coverage: float


def density_coverage(real, fake, k=5):
    """How densely fake examples lie around the real ones, and the share of real ones with a fake one nearby.

    density = 1 / (k m) sum_j sum_i [ |y_j - x_i| <= r_k(x_i) ],  coverage = mean_i [ |y_j - x_i| <= r_k(x_i), some j ]

    with r_k(x_i) the distance of x_i to its k-th nearest neighbour among the other real examples. Unlike
    `precision_recall`, one real example far from all others cannot make noise look precise, and the fake examples have
    no balls of their own, so widely spread noise recalls nothing. For samples of the same continuous distribution the
    mean density is 1, and the mean coverage is 1 - (n - 1) ... (n - k) / ((n + m - 1) ... (n + m - k)), about 0.97 for
    n = m and k = 5: the second term is the probability that the k nearest of all other examples are real (lemma 2).

    Args:
        real: Finite array `(n, features)`, n > k, ideally as many as fake.
        fake: Finite array `(m, features)`, m >= 1.
        k: Integer >= 1. Defaults to 5.

    Returns:
        `DensityCoverage(density, coverage)`.

    Example:

    >>> real = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> density_coverage(real, np.array([[0.9], [1.2], [5.0], [5.1]]), k=1)
    DensityCoverage(density=1.0, coverage=0.75)

    Reference:
        Naeem, Oh, Uh, Choi and Yoo, 2020, arXiv:2002.09797, equations 3 and 4, and lemma 2; their code has open balls.
    """
    k = checks.integer("k", k)
    real, fake = arrays.as_feature_pair(real, fake, least=k + 1, least_fake=1)
    return _in_balls(fake, real, arrays.squared_radii(real, k), k)


def _in_balls(fake, real, squared_radii, k):
    """Density and coverage of balls around the real examples."""
    hits, covered = 0, np.zeros(len(real), dtype=bool)
    for within in blocks_within(fake, real, squared_radii):
        hits += int(within.sum())
        covered |= within.any(axis=0)
    return DensityCoverage(hits / (k * len(fake)), float(covered.mean()))


class SampleDensity(NeighbourMetric):
    """The density of `density_coverage`, of samples and a fixed draw of as many real examples, as a metric.

    Args:
        real, features, value_range, n: As in `SampleMetric`; more than k samples and real examples.
        k: Which nearest neighbour gives a ball's radius, an integer >= 1. Defaults to 5.

    Example:

    >>> from keras_gen.metrics import features
    >>> real = np.random.default_rng(0).normal(size=(100, 2))
    >>> metric = SampleDensity(real, features.identity(), n=100)
    >>> metric.update_state(real + 100.0)
    >>> metric.name, metric.result()
    ('density[identity,k=5,n=100]', 0.0)
    """

    label = "density"

    def __init__(self, real, features, value_range=(0, 1), n=10_000, k=5):
        super().__init__(real, features, value_range, n, k)

    def compute(self, features):
        return _in_balls(features, *self.real_balls, self.k).density


class SampleCoverage(SampleDensity):
    """The coverage of `density_coverage`, of samples and a fixed draw of as many real examples, as a metric.

    Args:
        real, features, value_range, n, k: As in `SampleDensity`.

    Example:

    >>> from keras_gen.metrics import features
    >>> real = np.random.default_rng(0).normal(size=(100, 2))
    >>> metric = SampleCoverage(real, features.identity(), n=100)
    >>> metric.update_state(real)
    >>> metric.name, metric.result()
    ('coverage[identity,k=5,n=100]', 1.0)
    """

    label = "coverage"

    def compute(self, features):
        return _in_balls(features, *self.real_balls, self.k).coverage
