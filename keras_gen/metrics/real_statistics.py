"""Statistics of the real data that the metrics compare samples with, computed once."""

import functools
import weakref

import numpy as np

from keras_gen import cache, checks
from keras_gen.metrics import arrays

_IN_USE = weakref.WeakValueDictionary()


class RealStatistics:
    """Features of at least two real examples `x` in a value range, and quantities derived from them.

    They are in memory only once, because `RealStatistics.of` returns the same object for the same data and features as
    long as one is in use; those of a network are kept on disk between runs, in `cache.folder()`.
    """

    def __init__(self, x, features, value_range=(0, 1)):
        x = np.asarray(x)
        checks.array("real", x)
        self.shape = x.shape[1:]
        values = _computed(x, features, value_range)
        self.features = arrays.as_features("real", values)  # (n, features)
        self._radii = {}

    @classmethod
    def of(cls, x, features, value_range=(0, 1)):
        """The statistics of `x` that are in use, or else new ones."""
        key = _key(np.asarray(x), features, value_range)
        found = _IN_USE.get(key)
        if found is None:
            found = _IN_USE[key] = cls(x, features, value_range)
        return found

    def __deepcopy__(self, memo):
        return self  # shared, as a constant: KerasTuner copies callbacks, and with them their metrics

    @functools.cached_property
    def gaussian(self):
        """The pair (mean, covariance) of the features."""
        return arrays.mean_and_covariance(self.features)

    def subset(self, n):
        """The same `n` rows of the features at every call, drawn at random; all, if there are no more."""
        if n >= len(self.features):
            return self.features
        return self.features[np.random.default_rng(0).permutation(len(self.features))[:n]]  # (n, features)

    def squared_radii(self, k, n):
        """`arrays.squared_radii` of `subset(n)`."""
        if (k, n) not in self._radii:
            self._radii[k, n] = arrays.squared_radii(self.subset(n), k)
        return self._radii[k, n]


def _computed(x, features, value_range):
    """Features of `x`, from the disk where they have been computed before."""
    if features.network is None:
        return features(x)
    path = cache.folder() / f"{features.name}-{_key(x, features, value_range)}.npy"
    return cache.kept(path, lambda: features(x, value_range), np.save, np.load)


def _key(x, features, value_range):
    return cache.fingerprint(features.key, x, *map(float, value_range))
