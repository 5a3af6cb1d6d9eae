"""Shared parts of the formulas: checked float64 arrays of features, and distances in blocks that fit into memory."""

import numpy as np

from keras_gen import checks

_ENTRIES = 2**22  # of the matrix between all pairs that is held at once: 32 MB
_ROUNDING = 1e-12  # of the squared norms: a smaller squared distance is zero


def random_parts(features, parts, seed):
    """A list of random parts of the rows, of equal size up to one: samples may come sorted, such as by class."""
    return np.array_split(features[np.random.default_rng(seed).permutation(len(features))], parts)


def as_features(name, features, least=2):
    """`features` as float64 `(n, features)`, or a `ValueError` unless they are finite and n >= `least`."""
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"`{name}` must be features of shape (n, features). Received: shape {features.shape}")
    checks.array(name, features)
    if len(features) < least:
        raise ValueError(f"`{name}` must hold at least {least} examples. Received: {len(features)}")
    return features.astype("float64")


def as_feature_pair(real, fake, least=2, least_fake=None):
    """Both arrays as `as_features` gives them, or a `ValueError` if they have different numbers of features."""
    real, fake = as_features("real", real, least), as_features("fake", fake, least_fake or least)
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"`real` and `fake` must have the same features. Expected: {real.shape[1]} as in real. "
            f"Received: {fake.shape[1]} in fake"
        )
    return real, fake


def mean_and_covariance(features):
    """Mean `(features,)` and unbiased covariance `(features, features)` of at least two rows."""
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def blocks(rows, columns):
    """Slices of `rows` such that a block of so many rows and `columns` columns fits into memory."""
    size = max(1, _ENTRIES // columns)
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def squared_distances(x, y):
    """Squared Euclidean distances `(n, m)` of all pairs of rows, exactly zero where only rounding is left."""
    norms = np.sum(x * x, axis=1)[:, None] + np.sum(y * y, axis=1)  # (n, m)
    squares = norms - 2 * (x @ y.T)
    squares[squares < _ROUNDING * norms] = 0.0
    return squares


def squared_radii(features, k):
    """Squared distance `(n,)` of each example to its k-th nearest neighbour among the other n - 1 >= k."""
    parts = blocks(len(features), len(features))
    # Each example is at distance 0 from itself, so the k-th of the others is at index k
    return np.concatenate(
        [np.partition(squared_distances(features[part], features), k, axis=1)[:, k] for part in parts]
    )
