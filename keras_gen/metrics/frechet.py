"""The Frechet distance between Gaussians fitted to features."""

import typing
import warnings

import numpy as np

from keras_gen import checks
from keras_gen.metrics import arrays
from keras_gen.metrics.sample_metric import SampleMetric

_ASYMMETRY = _NEGATIVE = 1e-6  # of the largest eigenvalue or entry: what rounding may leave in a covariance


class Frechet(typing.NamedTuple):
    """The squared `distance`, and the `jitter` that was added to the diagonals of both covariances, mostly 0."""

    distance: float
    jitter: float


def frechet_distance(real, fake):
    """Squared Frechet distance between the Gaussians that have the features' means and covariances.

    d^2 = |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2))

    With Inception's features it is known as the FID. It is biased upwards, less so for more samples: compare only
    distances from equally many samples.

    Args:
        real: Finite array `(n, features)`, n >= 2.
        fake: Finite array `(m, features)`, m >= 2. Both should hold many more examples than features.

    Returns:
        `Frechet(distance, jitter)`; see `gaussian_frechet_distance`.

    Example:

    >>> real = np.array([[0.0], [2.0]])
    >>> frechet_distance(real, real + 3.0)
    Frechet(distance=9.0, jitter=0.0)

    Reference:
        Heusel et al., 2017, arXiv:1706.08500, equation 6.
    """
    real, fake = arrays.as_feature_pair(real, fake)
    _warn_of_few("real", len(real), real.shape[1])
    _warn_of_few("fake", len(fake), fake.shape[1])
    return gaussian_frechet_distance(*arrays.mean_and_covariance(real), *arrays.mean_and_covariance(fake))


def gaussian_frechet_distance(mean, covariance, other_mean, other_covariance):
    """Squared Frechet distance between two Gaussians, which is their squared 2-Wasserstein distance.

    d^2 = |m - m'|^2 + tr(C + C' - 2 (C^(1/2) C' C^(1/2))^(1/2))

    The trace of the last root is the sum of the singular values of C^(1/2) C'^(1/2), with symmetric roots: unlike a
    root of the product C C', it stays real and exact where the covariances are singular. Eigenvalues that rounding has
    made negative are lifted to zero by a jitter on both diagonals.

    Args:
        mean, other_mean: Finite arrays `(d,)`.
        covariance, other_covariance: Finite arrays `(d, d)`, symmetric and positive semi-definite.

    Returns:
        `Frechet(distance, jitter)`.

    Example:

    >>> gaussian_frechet_distance(np.zeros(2), np.eye(2), np.ones(2), 4 * np.eye(2))
    Frechet(distance=4.0, jitter=0.0)

    Reference:
        Heusel et al., 2017, arXiv:1706.08500, equation 6; Dowson and Landau, 1982, Journal of Multivariate Analysis 12.
    """
    mean, other_mean = (np.atleast_1d(np.asarray(m, "float64")) for m in (mean, other_mean))
    pairs = [_eigen("covariance", covariance, mean), _eigen("other_covariance", other_covariance, other_mean)]
    if mean.shape != other_mean.shape:
        raise ValueError(f"The Gaussians must match in dimension. Expected: {mean.shape}. Received: {other_mean.shape}")
    jitter = max(0.0, *(-values.min() for values, _ in pairs))
    roots = [(vectors * np.sqrt(values + jitter)) @ vectors.T for values, vectors in pairs]
    cross = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
    traces = sum(np.sum(values + jitter) for values, _ in pairs)
    distance = np.sum((mean - other_mean) ** 2) + traces - 2 * cross
    return Frechet(max(0.0, float(distance)), float(jitter))


class FrechetDistance(SampleMetric):
    """`frechet_distance` of samples to real examples as a metric.

    Args:
        real, features, value_range, n: As in `SampleMetric`.

    Example:

    >>> from keras_gen.metrics import features
    >>> real = np.random.default_rng(0).normal(size=(100, 2))
    >>> metric = FrechetDistance(real, features.identity(), n=100)
    >>> metric.update_state(real + 2.0)
    >>> metric.name, round(metric.result(), 6), metric.report().jitter
    ('frechet[identity,n=100]', 8.0, 0.0)
    """

    label = "frechet"

    def __init__(self, real, features, value_range=(0, 1), n=10_000):
        super().__init__(real, features, value_range, n)
        width = self.real.features.shape[1]
        _warn_of_few("real", len(self.real.features), width)
        _warn_of_few("n", n, width)

    def compute(self, features):
        return gaussian_frechet_distance(*self.real.gaussian, *arrays.mean_and_covariance(features))


def _eigen(name, covariance, mean):
    """Eigenvalues and eigenvectors of a covariance, which is checked."""
    covariance = np.atleast_2d(np.asarray(covariance, "float64"))
    checks.array(name, covariance)
    checks.array("mean", mean)
    if mean.ndim != 1 or covariance.shape != (*mean.shape, *mean.shape):
        raise ValueError(
            f"`{name}` does not fit its mean. Expected: shapes (d,) and (d, d). "
            f"Received: {mean.shape} and {covariance.shape}"
        )
    if not np.allclose(covariance, covariance.T, rtol=0, atol=_ASYMMETRY * np.abs(covariance).max()):
        raise ValueError(f"`{name}` must be symmetric. Received: a matrix that differs from its transpose")
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -_NEGATIVE * np.abs(values).max():
        raise ValueError(f"`{name}` must be positive semi-definite. Received: an eigenvalue of {values[0]:g}")
    return values, vectors


def _warn_of_few(name, number, width):
    """Warn, at the line that called the public function, that too few examples make a covariance singular."""
    if number <= width:
        warnings.warn(
            f"The Frechet distance needs more samples than features. Expected: more than {width} samples for {width} "
            f"features. Received: {number} samples in `{name}`; the covariance is singular, the distance too large",
            stacklevel=3,
        )
