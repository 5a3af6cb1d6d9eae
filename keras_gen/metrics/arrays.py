"""What the formulas share: arrays of features, checked and in float64, and distances in pieces that fit into memory."""

import math
import typing

import numpy as np

from keras_gen import checks

_ENTRIES = 2**22  # of a matrix between all pairs that are held at once: 32 MB
_ROUNDING = 1e-12  # of the squared norms: what a squared distance may be although it is zero


class Estimate(typing.NamedTuple):
    """A `mean` over independent parts of the samples and its standard `error`, NaN where there is one part."""

    mean: float
    error: float


def estimate(values):
    """The mean of the values of independent parts, and its standard error.

    Args:
        values: Numbers, at least one.

    Returns:
        `Estimate(mean, error)`.

    Example:

    >>> estimate([1.0, 3.0])
    Estimate(mean=2.0, error=1.0)
    """
    error = np.std(values, ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return Estimate(float(np.mean(values)), float(error))


def parted(features, parts, seed):
    """Random parts of the rows, of equal size up to one: samples may come sorted, by class, say.

    Args:
        features: Array `(n, features)`, n >= parts.
        parts: Integer >= 1.
        seed: Integer >= 0, or a list of such.

    Returns:
        List of `parts` arrays.

    Example:

    >>> [len(part) for part in parted(np.zeros((7, 1)), parts=2, seed=0)]
    [4, 3]
    """
    return np.array_split(features[np.random.default_rng(seed).permutation(len(features))], parts)


def checked(name, features, least=2):
    """Raise unless `features` are finite, of two axes and at least `least` rows.

    Args:
        name: The argument's name, for the message.
        features: Array `(n, features)`.
        least: The smallest n allowed. Defaults to 2.

    Returns:
        float64 array `(n, features)`.

    Raises:
        ValueError: If `features` is something else.

    Example:

    >>> checked("real", [[1, 2], [3, 4]]).dtype
    dtype('float64')
    """
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"`{name}` must be features of shape (n, features). Received: shape {features.shape}")
    checks.array(name, features)
    if len(features) < least:
        raise ValueError(f"`{name}` must hold at least {least} examples. Received: {len(features)}")
    return features.astype("float64")


def checked_pair(real, fake, least=2):
    """Two arrays of features as float64, of equal width; see `checked`.

    Raises:
        ValueError: If one of them is no such array, or their widths differ.

    Example:

    >>> real, fake = checked_pair([[1, 2], [3, 4]], [[5, 6], [7, 8]])
    """
    real, fake = checked("real", real, least), checked("fake", fake, least)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"`real` and `fake` must have the same features. Expected: {real.shape[1]} as in real. "
            f"Received: {fake.shape[1]} in fake"
        )
    return real, fake


def mean_and_covariance(features):
    """Mean and unbiased covariance.

    Args:
        features: float64 array `(n, features)`, n >= 2.

    Returns:
        The pair (mean `(features,)`, covariance `(features, features)`).

    Example:

    >>> mean, covariance = mean_and_covariance(np.array([[0.0, 1.0], [2.0, 1.0]]))
    >>> covariance.tolist()
    [[2.0, 0.0], [0.0, 0.0]]
    """
    mean = features.mean(axis=0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)


def blocks(rows, columns):
    """Slices of `rows` such that a block of so many rows and `columns` columns fits into memory.

    Example:

    >>> [(part.start, part.stop) for part in blocks(3, 2**22)]
    [(0, 1), (1, 2), (2, 3)]
    """
    size = max(1, _ENTRIES // columns)
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def squared_distances(x, y):
    """Squared Euclidean distance of all pairs, exactly zero where only rounding is left.

    Args:
        x: float64 array `(n, features)`.
        y: float64 array `(m, features)`.

    Returns:
        float64 array `(n, m)`.

    Example:

    >>> squared_distances(np.zeros((1, 2)), np.array([[3.0, 4.0]])).tolist()
    [[25.0]]
    """
    norms = np.sum(x * x, axis=1)[:, None] + np.sum(y * y, axis=1)  # (n, m)
    squares = norms - 2 * (x @ y.T)
    squares[squares < _ROUNDING * norms] = 0.0
    return squares


def squared_radii(features, k):
    """Squared distance of each example to its k-th nearest neighbour among the others.

    Args:
        features: float64 array `(n, features)`, n > k.
        k: Integer >= 1.

    Returns:
        float64 array `(n,)`.

    Example:

    >>> squared_radii(np.array([[0.0], [1.0], [3.0]]), k=1).tolist()
    [1.0, 1.0, 4.0]
    """
    parts = blocks(len(features), len(features))
    # Each example is at distance 0 of itself, so that the k-th of the others is at place k
    return np.concatenate(
        [np.partition(squared_distances(features[part], features), k, axis=1)[:, k] for part in parts]
    )
