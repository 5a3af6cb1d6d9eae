import copy
import typing

import keras
import numpy as np
import pytest

from keras_gen import metrics
from keras_gen.metrics import features


class Moments(typing.NamedTuple):
    mean: float
    spread: float


class Mean(metrics.SampleMetric):
    label = "mean"
    measurements = 0

    def compute(self, features):
        self.measurements += 1
        return Moments(features.mean(), features.std())


X = np.arange(12.0).reshape(6, 2)


def test_the_name_tells_what_was_measured():
    assert Mean(None, features.identity()).name == "mean[identity,n=10000]"
    assert Mean(X, features.identity(), n=6, details=["k=3", "of=x"]).name == "mean[identity,k=3,of=x,n=6]"


def test_it_is_a_keras_metric_whose_batches_add_up():
    metric = Mean(X, features.identity(), n=6)
    assert isinstance(metric, keras.metrics.Metric) and metric.variables == []
    assert metric(X.tolist()) == 5.5 and type(metric.result()) is float
    metric.reset_state()
    metric.update_state(X[:4])
    metric.update_state(X[4:])
    assert metric.report() == (5.5, X.std())


def test_the_report_is_computed_once_and_anew_after_new_samples():
    metric = Mean(None, features.identity(), n=6)
    metric.update_state(X)
    assert metric.result() == 5.5 and metric.report().mean == 5.5 and metric.measurements == 1
    metric.reset_state()
    metric.update_state(X + 1)
    assert metric.result() == 6.5 and metric.measurements == 2


def test_a_plain_number_is_a_report_too():
    class Least(metrics.SampleMetric):
        label = "least"

        def compute(self, features):
            return features.min()

    assert Least(None, features.identity(), n=6)(X + 2) == 2.0


@pytest.mark.parametrize("batches", [[], [X[:5]], [X, X[:1]]])
def test_the_number_of_samples_must_be_the_names(batches):
    metric = Mean(None, features.identity(), n=6)
    for batch in batches:
        metric.update_state(batch)
    with pytest.raises(ValueError, match=r"mean\[identity,n=6\] measures n samples. Expected: 6. Received: \d"):
        metric.result()


def test_metrics_of_one_extractor_compute_its_features_once():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(2.0)])
    extractor = metrics.FeatureExtractor("twice", network, value_range=(0, 20))
    pair = [Mean(X, extractor, (0, 20), n=6), Mean(X, extractor, (0, 20), n=6)]
    calls, compute = [], extractor._compute
    extractor._compute = lambda part: calls.append(len(part)) or compute(part)
    assert [metric(X[::-1]) for metric in pair] == [11.0, 11.0] and calls == [6]
    assert pair[0].real is pair[1].real


def test_a_copy_shares_the_data_and_has_samples_of_its_own():
    metric = Mean(X, features.identity(), n=6)
    metric.update_state(X)
    other, full = copy.deepcopy(metric), copy.deepcopy(metric)
    other.reset_state()
    full.update_state(X)
    assert other.real is metric.real and other.features is metric.features and metric.result() == 5.5


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((6, 3)), r"`samples` does not fit the network. Expected: shape \(n, 2\)"),
        (X * np.nan, "`samples` must be finite"),
        (X[:0], "`samples` must hold at least one example"),
    ],
)
def test_bad_samples(samples, message):
    with pytest.raises(ValueError, match=message):
        Mean(X, features.identity(), n=6).update_state(samples)


def test_samples_far_out_of_the_stated_range_are_refused():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(1.0)])
    metric = Mean(X / 12, metrics.FeatureExtractor("same", network), n=6)
    with pytest.raises(ValueError, match="far out of its range"):
        metric.update_state(X)


def test_features_that_are_not_finite_are_refused():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(1e30), keras.layers.Rescaling(1e30)])
    metric = Mean(None, metrics.FeatureExtractor("endless", network, value_range=(0, 20)), (0, 20), n=6)
    metric.update_state(X)
    with pytest.raises(ValueError, match="`samples` must be finite"):
        metric.result()


def test_bad_n():
    with pytest.raises(ValueError, match="`n` must be an integer >= 2. Received: n=1"):
        Mean(X, features.identity(), n=1)


def test_of_some_samples_it_forgets_what_was_taken_in_before():
    metric = Mean(X, features.identity(), n=6)
    metric.update_state(X[:4])
    assert metric.score(X) == 5.5 and metric.score(X + 1) == 6.5 == metric.result()
    with pytest.raises(ValueError, match="Expected: 6. Received: 3"):
        metric.score(X[:3])
