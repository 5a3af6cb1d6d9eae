"""Measures of samples against test images, each with the value of training images in place of samples."""

import typing
import warnings

import numpy as np

from keras_gen import checks, metrics
from keras_gen.metrics.features import identity, inception_v3
from keras_gen.metrics.registry import checked_names
from keras_gen.runs.pictures import range_of
from keras_gen.runs.trained_classifier import trained_classifier
from keras_gen.value_ranges import rescaled

FEATURES = ("lenet5", "inception_v3", "identity")
_FIDELITY, _VARIETY = ("precision", "density"), ("recall", "coverage")
_HIGH, _ZERO = 0.5, 0.05  # as shares of what training images reach


class Measurement(typing.NamedTuple):
    """A `name`, its `value`, the standard `error` if it is known, a dict of further `details`, and the `baseline`.

    The baseline is the value of training images in place of samples; `None` without one.
    """

    name: str
    value: float
    error: float | None = None
    details: dict = {}
    baseline: float | None = None

    @property
    def label(self):
        """The name without how it was measured."""
        return self.name.partition("[")[0]


class SampleQuality:
    """Measures of samples against the test images of a data set, all with pixels in [0, 1].

    Args:
        names: Metrics of samples, as in `metrics.by_name`.
        train_set, test_set: The pair that `data.load` gives.
        features: One of `FEATURES`, as in `feature_extractor`, or a `FeatureExtractor`. Defaults to `"lenet5"`.
        n: Number of samples, an integer >= 2. Defaults to `None`: as many as test images.

    Attributes:
        metrics: List of `metrics.SampleMetric`.
        baselines: Dict from a metric's name to its value of `n` training images; `None` if there are fewer.
        accuracy: `Measurement` of the share of test images that the classifier behind the features recognises; `None`
            without one, or without labels.

    Example:

    >>> from keras_gen import data
    >>> quality = SampleQuality("coverage", *data.load("digits"), features="identity", n=100)
    >>> quality.baselines["coverage[identity,k=5,n=100]"] > 0.9
    True
    """

    def __init__(self, names, train_set, test_set, features="lenet5", n=None):
        names = checked_names(names)  # before a classifier is trained for nothing
        extractor = feature_extractor(features, train_set) if isinstance(features, str) else features
        n = n or len(test_set.x)
        self.n = n
        self.metrics = metrics.by_name(names, test_set.x, extractor, (0, 1), n)
        self.accuracy = None
        if features == "lenet5" and test_set.y is not None:
            found = extractor.probabilities(extractor(test_set.x)).argmax(axis=1)
            self.accuracy = Measurement("accuracy[lenet5]", float(np.mean(found == test_set.y)))
        if enough := len(train_set.x) >= n:
            self.baselines = {metric.name: metric.real_data_baseline(train_set.x) for metric in self.metrics}
        else:
            self.baselines = dict.fromkeys(metric.name for metric in self.metrics)
        if not enough:
            warnings.warn(
                f"No baseline: as many training images as samples are needed. Expected: at least {n}. "
                f"Received: {len(train_set.x)}",
                stacklevel=2,
            )

    def measure(self, model, seed=0):
        """A `Measurement` for each metric, of samples of a model."""
        samples = rescaled(model.sample(self.n, seed=seed), range_of(model))
        return [self._measured(metric, samples) for metric in self.metrics]

    def _measured(self, metric, samples):
        value, report = metric.score(samples), metric.report()
        details = dict(list(report._asdict().items())[1:]) if isinstance(report, tuple) else {}
        return Measurement(metric.name, value, None, details, self.baselines[metric.name])


def feature_extractor(name, train_set, value_range=(0, 1)):
    """The `FeatureExtractor` of a name in `FEATURES`.

    `"lenet5"` is a classifier trained once on the training set, `"inception_v3"` Keras's, `"identity"` the pixels.
    """
    checks.choice("features", name, FEATURES)
    if name != "lenet5":
        return {"inception_v3": inception_v3, "identity": identity}[name]()
    if train_set.y is None:
        raise ValueError("lenet5 is trained on labels. Expected: labelled data, or --features. Received: no labels")
    return metrics.FeatureExtractor.of_classifier(trained_classifier(train_set.x, train_set.y, value_range))


def contradiction(measurements):
    """A line that says what it means if one measure of samples is high and another zero; else `None`.

    High and zero are at least a half and at most a twentieth of the baseline, or of 1 where there is none.
    """
    shares = {one.label: (one.value, one.value / (one.baseline or 1)) for one in measurements}
    ours = [label for label in (*_FIDELITY, *_VARIETY) if label in shares]
    high = [label for label in ours if shares[label][1] >= _HIGH]
    zero = [label for label in ours if shares[label][1] <= _ZERO]
    if not high or not zero:
        return None
    found = f"{high[0]} is high ({shares[high[0]][0]:.2f}) and {zero[0]} is zero ({shares[zero[0]][0]:.2f})"
    if zero[0] in _FIDELITY:
        return f"{found}: the samples spread around the real images without resembling any, as noise does"
    return f"{found}: the samples lack the variety of the real images; all may be alike, or noise. Look at them"
