import keras
import numpy as np
import pytest

from keras_gen import metrics
from keras_gen.metrics import features


def test_it_is_the_number_of_classes_where_each_is_recognised():
    assert metrics.classifier_score(np.eye(7), parts=1).mean == pytest.approx(7)
    assert metrics.classifier_score(np.eye(7)[np.zeros(50, int)], parts=5) == (1.0, 0.0)


def test_it_is_one_where_nothing_is_told_apart():
    assert metrics.classifier_score(np.tile([0.2, 0.3, 0.5], (40, 1))).mean == pytest.approx(1)


def test_two_classes_by_hand():
    # The mean is (1/2, 1/2), and each row's divergence from it log 2 - H(0.9)
    entropy = -0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    rows = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert metrics.classifier_score(rows, parts=1).mean == pytest.approx(2 * np.exp(-entropy))


def test_parts_give_the_mean_and_the_error_and_sorted_samples_do_no_harm():
    rows = np.repeat(np.eye(4), 500, axis=0)  # sorted: in order, every part would hold one or two classes
    score, error = metrics.classifier_score(rows)
    assert score == pytest.approx(4, rel=0.02) and 0 < error < 0.02
    assert metrics.classifier_score(rows, seed=1).mean != score
    assert np.isnan(metrics.classifier_score(rows, parts=1).error)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probabilities": np.eye(10)[:, :5]}, r"rows that are distributions. .* sums in \[0, 1\]"),
        ({"probabilities": np.tile([1.5, -0.5], (20, 1))}, "Received: values from -0.5"),
        ({"probabilities": np.full((20, 2), 0.52)}, r"sums in \[1.04, 1.04\]"),
        ({"probabilities": np.eye(10), "parts": 6}, "`probabilities` must hold at least 12 examples. Received: 10"),
        ({"parts": 0}, "`parts` must be an integer >= 1"),
        ({"seed": 0.5}, "`seed` must be an integer >= 0"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.classifier_score(**{"probabilities": np.eye(20), "parts": 5, **arguments})


def test_the_metric_asks_the_head():
    network = keras.Sequential([keras.Input((3,)), keras.layers.Rescaling(2.0)])
    head = keras.Sequential([keras.Input((3,)), keras.layers.Softmax()])
    x = np.random.default_rng(0).random((40, 3))
    expected = metrics.classifier_score(np.exp(2 * x) / np.exp(2 * x).sum(axis=1, keepdims=True))
    metric = metrics.ClassifierScore(metrics.FeatureExtractor("three", network, head), n=40)
    assert metric(x) == pytest.approx(expected.mean, rel=1e-5)
    assert metric.report().error == pytest.approx(expected.error, rel=1e-3) and metric.name == "score[three,n=40]"


def test_bad_input_of_the_metric():
    with pytest.raises(ValueError, match="features with a `head`. .* Received: 'identity', which has none"):
        metrics.ClassifierScore(features.identity())
    with pytest.raises(ValueError, match="`n` must be an integer >= 20"):
        metrics.ClassifierScore(features.identity(), n=19)
