"""The base of the metrics of sample quality."""

import keras
import numpy as np

from keras_gen import checks
from keras_gen.metrics import arrays
from keras_gen.metrics.real_statistics import RealStatistics


class SampleMetric(keras.metrics.Metric):
    """A `keras.metrics.Metric` of the samples of a model, measured on numpy arrays outside the train step.

    A subclass has a `label`, and its `compute(features)` returns a number computed from the samples' features, or a
    named tuple that starts with it. The name states what was measured: `frechet[lenet5,n=10000]` is the Frechet
    distance of 10,000 samples in the features `lenet5`.

    Args:
        real: Array `(m, *shape)` of real examples to compare with, or `None` for a metric of the samples alone.
        features: `FeatureExtractor` that takes such examples.
        value_range: The pair (lowest, highest) of the values of real examples and samples. Defaults to (0, 1).
        n: Number of samples that are measured, an integer >= 2. Defaults to 10000.
        details: Further parts of the name, such as `["k=3"]`. Defaults to ().

    Example:

    >>> from keras_gen.metrics import features
    >>> class Spread(SampleMetric):
    ...     label = "spread"
    ...
    ...     def compute(self, features):
    ...         return features.std()
    >>> metric = Spread(None, features.identity(), n=4)
    >>> metric.update_state(np.array([[1.0], [1.0], [3.0], [3.0]]))
    >>> metric.name, metric.result()
    ('spread[identity,n=4]', 1.0)
    """

    label = None

    def __init__(self, real, features, value_range=(0, 1), n=10_000, details=()):
        checks.integer("n", n, minimum=2)
        super().__init__(name=f"{self.label}[{','.join([features.name, *details, f'n={n}'])}]")
        if real is not None and features.network is not None:
            checks.array("real", real, value_range=checks.interval("value_range", value_range))
        self.real = None if real is None else RealStatistics.of(real, features, value_range)
        self.features, self.value_range, self.n = features, value_range, n
        self.reset_state()

    def get_config(self):
        raise NotImplementedError(
            f"{self.name} holds real examples, which no configuration does. Expected: a new metric"
        )

    def __deepcopy__(self, memo):
        # KerasTuner copies callbacks and their metrics, Keras a metric by its configuration, which has no data
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        other._parts = list(self._parts)
        return other

    def compute(self, features):
        """The metric of the samples' features, float64 `(n, features)`; a number, or a tuple that starts with it."""
        raise NotImplementedError

    def check_model(self, shape, value_range):
        """Raise a `ValueError` unless samples of that shape and range (or `None`) can be compared with `real`."""
        if self.real is not None and tuple(self.real.shape) != tuple(shape):
            raise ValueError(
                f"{self.name} cannot compare the model's samples with its real examples. "
                f"Expected: samples of shape {tuple(self.real.shape)}. Received: {tuple(shape)}"
            )
        if self.features.network is not None:
            if value_range is not None and tuple(map(float, self.value_range)) != tuple(map(float, value_range)):
                raise ValueError(
                    f"{self.name} expects samples in another range than the model's. "
                    f"Expected: value_range={value_range}, with real examples in it. "
                    f"Received: value_range={self.value_range}"
                )
            if self.real is None:  # real examples have been through the network already
                self.features(np.full((1, *shape), self.value_range[0], "float32"), self.value_range)
        elif self.real is not None and value_range is not None:
            low, high = float(self.real.features.min()), float(self.real.features.max())
            checks.in_range(f"{self.name}'s real examples", low, high, value_range)
            if value_range[0] < 0 <= low:  # as examples in [0, 1] are, against a tanh
                raise ValueError(
                    f"{self.name} has real examples in another range than the model's samples. "
                    f"Expected: values in {value_range}. Received: values in [{low:g}, {high:g}]"
                )

    def update_state(self, samples):
        """Take in a finite array `(batch, *shape)`, of the real examples' shape and in the metric's `value_range`."""
        checks.array("samples", samples, None if self.real is None else self.real.shape)
        self._parts.append(self.features(samples, self.value_range))

    def report(self):
        """The result of `compute` for the samples taken in, which must be `n`, as the name states."""
        taken = sum(map(len, self._parts))
        if taken != self.n:
            raise ValueError(f"{self.name} measures n samples. Expected: {self.n}. Received: {taken}")
        if self._report is None:
            self._report = self.compute(arrays.as_features("samples", np.concatenate(self._parts)))
        return self._report

    def result(self):
        """The metric's value, the first number of `report`, as a float."""
        report = self.report()
        return float(report[0] if isinstance(report, tuple) else report)

    def score(self, samples):
        """The metric of these `n` samples alone, as a float; samples taken in before are dropped."""
        self.reset_state()
        self.update_state(samples)
        return self.result()

    def real_data_baseline(self, real, seed=0):
        """The metric of `n` other real examples, drawn by a seed, as a float: about the best for samples.

        `real` is an array `(m, *shape)`, m >= `n`, in any order, in the metric's `value_range`.
        """
        return self.score(real[np.sort(np.random.default_rng(seed).permutation(len(real))[: self.n])])

    def reset_state(self):
        """Forget the samples."""
        self._parts, self._report = [], None
