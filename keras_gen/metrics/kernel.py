"""Kernel distances between samples: unbiased estimates of the squared maximum mean discrepancy."""

import typing

import numpy as np

from keras_gen import checks
from keras_gen.estimates import estimate
from keras_gen.metrics import arrays
from keras_gen.metrics.sample_metric import SampleMetric

_PART, _LEAST_PARTS = 1000, 10
_MEDIAN_OF = 1000  # examples: half a million pairs fix a median well enough


class Discrepancy(typing.NamedTuple):
    """The unbiased estimate of the `squared` discrepancy, which may be negative, and the kernel's `bandwidth`."""

    squared: float
    bandwidth: float


def kernel_distance(real, fake, parts=None, seed=0):
    """Squared maximum mean discrepancy of a cubic polynomial kernel, mean over parts of the samples.

    k(x, y) = (x . y / features + 1)^3

    Each part gives the unbiased estimate of `maximum_mean_discrepancy`. The parts have no example in common, so their
    spread gives the standard error. With Inception's features it is known as the KID. Unlike the Frechet distance it is
    unbiased, whatever the number of samples, and may be negative.

    Args:
        real: Finite array `(n, features)`, at least two rows per part.
        fake: Finite array `(m, features)`, likewise.
        parts: Number of parts, an integer >= 1. Defaults to `None`: one for every 1000 of the smaller set, at least 10.
        seed: Integer >= 0 of the draw of the parts. Defaults to 0.

    Returns:
        `Estimate(mean, error)`, the error NaN for one part.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> distance, error = kernel_distance(rng.normal(size=(500, 2)), rng.normal(1.0, size=(500, 2)))
    >>> distance > 3 * error
    True

    Reference:
        Binkowski, Sutherland, Arbel and Gretton, 2018, arXiv:1801.01401, section 4.
    """
    checks.integer("seed", seed, minimum=0)
    real, fake = arrays.as_feature_pair(real, fake)
    smaller = min(len(real), len(fake))
    parts = max(_LEAST_PARTS, smaller // _PART) if parts is None else checks.integer("parts", parts)
    if smaller < 2 * parts:
        raise ValueError(
            f"A kernel distance needs two examples per part. Expected: at least {2 * parts} for {parts} parts. "
            f"Received: {len(real)} in real, {len(fake)} in fake"
        )
    # Independent draws: images and their reconstructions at the same places must not meet in one part
    pairs = zip(arrays.random_parts(real, parts, [seed, 0]), arrays.random_parts(fake, parts, [seed, 1]), strict=True)
    return estimate([_unbiased(lambda x, y: (x @ y.T / x.shape[1] + 1.0) ** 3, *pair) for pair in pairs])


def maximum_mean_discrepancy(real, fake, bandwidth=None):
    """Squared maximum mean discrepancy of a Gaussian kernel, unbiased.

    MMD^2 = mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j),
    k(x, y) = exp(-|x - y|^2 / (2 bandwidth^2))

    Its mean is 0 for samples of one distribution, and a single value may be negative; it is at most 2.

    Args:
        real: Finite array `(n, features)`, n >= 2.
        fake: Finite array `(m, features)`, m >= 2.
        bandwidth: A number > 0. Defaults to `None`: the median distance within `real` alone, which must not be 0
            (the paper takes both sets), so that all samples are compared at the same bandwidth.

    Returns:
        `Discrepancy(squared, bandwidth)`.

    Example:

    >>> points = np.array([[0.0], [1.0]])
    >>> maximum_mean_discrepancy(points, points + 100.0)
    Discrepancy(squared=1.2130613194252668, bandwidth=1.0)

    Reference:
        Gretton, Borgwardt, Rasch, Schoelkopf and Smola, 2012, JMLR 13, equation 3; the median: section 8.
    """
    real, fake = arrays.as_feature_pair(real, fake)
    bandwidth = _bandwidth(real, bandwidth)

    def gaussian(x, y):
        return np.exp(arrays.squared_distances(x, y) * (-0.5 / bandwidth**2))

    return Discrepancy(_unbiased(gaussian, real, fake), bandwidth)


def median_distance(features):
    """Median distance between different examples, of a fixed draw of at most 1000 of them."""
    some = np.random.default_rng(0).permutation(len(features))[:_MEDIAN_OF]
    squares = arrays.squared_distances(features[some], features[some])
    return float(np.median(np.sqrt(squares[np.triu_indices(len(some), k=1)])))


class KernelDistance(SampleMetric):
    """`kernel_distance` of samples to a fixed draw of as many real examples as a metric.

    Args:
        real, features, value_range, n: As in `SampleMetric`; at least 20 samples and real examples.

    Example:

    >>> from keras_gen.metrics import features
    >>> real = np.random.default_rng(0).normal(size=(100, 2))
    >>> metric = KernelDistance(real, features.identity(), n=100)
    >>> metric.update_state(real + 2.0)
    >>> metric.name, metric.result() > 3 * metric.report().error
    ('kernel[identity,n=100]', True)
    """

    label = "kernel"

    def __init__(self, real, features, value_range=(0, 1), n=10_000):
        checks.integer("n", n, minimum=2 * _LEAST_PARTS)
        if len(real) < 2 * _LEAST_PARTS:
            raise ValueError(f"`real` must hold at least {2 * _LEAST_PARTS} examples. Received: {len(real)}")
        super().__init__(real, features, value_range, n)

    def compute(self, features):
        return kernel_distance(self.real.subset(self.n), features)


class MaximumMeanDiscrepancy(SampleMetric):
    """`maximum_mean_discrepancy` of samples and a fixed draw of as many real examples as a metric.

    Args:
        real, features, value_range, n: As in `SampleMetric`.
        bandwidth: As in `maximum_mean_discrepancy`. Defaults to `None`.

    Example:

    >>> from keras_gen.metrics import features
    >>> real = np.random.default_rng(0).normal(size=(100, 2))
    >>> metric = MaximumMeanDiscrepancy(real, features.identity(), n=100, bandwidth=1.0)
    >>> metric.update_state(real + 100.0)
    >>> metric.name, metric.result() > 0.5
    ('mmd[identity,bandwidth=1,n=100]', True)
    """

    label = "mmd"

    def __init__(self, real, features, value_range=(0, 1), n=10_000, bandwidth=None):
        shown = "median" if bandwidth is None else f"{checks.positive('bandwidth', bandwidth):g}"
        super().__init__(real, features, value_range, n, [f"bandwidth={shown}"])
        self.bandwidth = _bandwidth(self.real.subset(n), bandwidth)

    def compute(self, features):
        return maximum_mean_discrepancy(self.real.subset(self.n), features, self.bandwidth)


def _bandwidth(real, bandwidth):
    if bandwidth is not None:
        return checks.positive("bandwidth", bandwidth)
    median = median_distance(real)
    if median == 0:
        raise ValueError("The median distance of `real` is 0. Expected: `bandwidth`, or examples that mostly differ")
    return median


def _unbiased(kernel, x, y):
    """Gretton et al., equation 3: pairs of an example with itself are left out."""
    across = sum(kernel(x[part], y).sum() for part in arrays.blocks(len(x), len(y)))
    return _mean_of_others(kernel, x) + _mean_of_others(kernel, y) - 2 * float(across / (len(x) * len(y)))


def _mean_of_others(kernel, x):
    total = 0.0
    for part in arrays.blocks(len(x), len(x)):
        values = kernel(x[part], x)  # (rows, n)
        total += values.sum() - np.trace(values[:, part])
    return float(total / (len(x) * (len(x) - 1)))
