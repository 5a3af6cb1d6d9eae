"""What the metrics need of the real data, computed once."""

import functools
import weakref

import numpy as np

from keras_gen import cache, checks
from keras_gen.files import atomic_write
from keras_gen.metrics import arrays

_IN_USE = weakref.WeakValueDictionary()


class RealStatistics:
    """Features of the real data and what is derived from them: in memory once, and on disk between runs.

    `RealStatistics.of` gives the same object for the same data and features as long as one is in use. What a network
    computed is kept on disk, where `KERAS_GEN_CACHE` says.

    Args:
        x: Array `(n, *shape)` of real examples, n >= 2.
        features: `FeatureExtractor`.
        value_range: The pair (lowest, highest) of the values of `x`. Defaults to (0, 1).
        folder: Where features are kept. Defaults to `None`: where `KERAS_GEN_CACHE` says, or `~/.cache/keras_gen`.

    Raises:
        ValueError: If there are fewer than two examples, or the features cannot take them.

    Example:

    >>> from keras_gen.metrics import features
    >>> real = RealStatistics(np.array([[0.0, 1.0], [2.0, 1.0]]), features.identity())
    >>> mean, covariance = real.gaussian
    >>> mean.tolist(), covariance.tolist()
    ([1.0, 1.0], [[2.0, 0.0], [0.0, 0.0]])
    """

    def __init__(self, x, features, value_range=(0, 1), folder=None):
        x = np.asarray(x)
        checks.array("real", x)
        self.shape = x.shape[1:]
        values = _computed(x, features, value_range, folder)
        self.features = arrays.checked("real", values)  # (n, features)
        self._radii = {}

    @classmethod
    def of(cls, x, features, value_range=(0, 1)):
        """The statistics of `x` that are in use, or else new ones.

        Args:
            x, features, value_range: As for the class.

        Returns:
            `RealStatistics`.
        """
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
        """The same `n` rows of the features at every call, drawn at random; all, where there are no more."""
        if n >= len(self.features):
            return self.features
        return self.features[np.random.default_rng(0).permutation(len(self.features))[:n]]  # (n, features)

    def squared_radii(self, k, n):
        """`arrays.squared_radii` of `subset(n)`."""
        if (k, n) not in self._radii:
            self._radii[k, n] = arrays.squared_radii(self.subset(n), k)
        return self._radii[k, n]


def _computed(x, features, value_range, folder):
    """Features of `x`, from the disk where they have been computed before."""
    if features.network is None:
        return features(x)
    path = cache.folder(folder) / f"{features.name}-{_key(x, features, value_range)}.npy"
    if not path.exists():
        with atomic_write(path) as temporary:
            np.save(temporary, features(x, value_range))
    return np.load(path)


def _key(x, features, value_range):
    return cache.fingerprint(features.key, x, *map(float, value_range))
