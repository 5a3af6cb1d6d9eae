import numpy as np
import pytest
from scipy.spatial.distance import cdist

from keras_gen import metrics
from keras_gen.metrics import arrays, features

rng = np.random.default_rng(0)
REAL, FAKE = rng.normal(size=(80, 4)), rng.normal(0.5, 1.2, size=(70, 4))


def share(points, others, k):
    """The published definition, with whole matrices."""
    radii = np.sort(cdist(others, others), axis=1)[:, k]
    return np.any(cdist(points, others) <= radii, axis=1).mean()


@pytest.mark.parametrize("entries", [1, 2**22])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_it_is_the_published_definition_in_whatever_blocks(k, entries, monkeypatch):
    monkeypatch.setattr(arrays, "_ENTRIES", entries)
    assert metrics.precision_recall(REAL, FAKE, k) == (share(FAKE, REAL, k), share(REAL, FAKE, k))
    assert metrics.precision_recall(FAKE, REAL, k) == metrics.precision_recall(REAL, FAKE, k)[::-1]


def test_a_set_among_itself_and_far_from_another():
    assert metrics.precision_recall(REAL, REAL[::-1] + 0.0) == (1.0, 1.0)
    assert metrics.precision_recall(REAL + 1000.0, (REAL + 1000.0)[::-1]) == (1.0, 1.0)
    assert metrics.precision_recall(REAL, REAL + 100.0) == (0.0, 0.0)


def test_a_collapsed_generator_is_precise_and_recalls_one_example():
    collapsed = np.repeat(REAL[:1], 80, axis=0)
    assert metrics.precision_recall(REAL, collapsed) == (1.0, 1 / 80)


def test_the_example_on_the_rim_belongs_to_the_ball():
    real = np.array([[0.0], [1.0], [10.0], [11.0]])
    assert metrics.precision_recall(real, np.array([[2.0], [12.5], [-1.5], [-1.0]]), k=1).precision == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "`k` must be an integer >= 1"),
        ({"k": 70}, "`fake` must hold at least 71 examples. Received: 70"),
        ({"fake": FAKE[:, :1]}, "must have the same features"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.precision_recall(**{"real": REAL, "fake": FAKE, **arguments})


def test_the_metrics_are_the_function_of_as_many_real_examples():
    pair = [kind(REAL, features.identity(), n=70, k=2) for kind in (metrics.SamplePrecision, metrics.SampleRecall)]
    expected = metrics.precision_recall(pair[0].real.subset(70), FAKE, k=2)
    assert tuple(metric(FAKE.astype("float32")) for metric in pair) == expected
    assert [metric.name for metric in pair] == ["precision[identity,k=2,n=70]", "recall[identity,k=2,n=70]"]
    assert metrics.SampleRecall(REAL, features.identity(), n=70)(FAKE) == (
        metrics.precision_recall(pair[0].real.subset(70), FAKE, k=3).recall
    )


def test_single_precision_of_a_network_is_enough_far_from_the_origin():
    real, fake = (REAL + 1000).astype("float32"), (FAKE + 1000).astype("float32")
    pair = [kind(real, features.identity(), n=70) for kind in (metrics.SamplePrecision, metrics.SampleRecall)]
    assert tuple(metric(fake) for metric in pair) == metrics.precision_recall(pair[0].real.subset(70), fake)


@pytest.mark.parametrize("kind", [metrics.SamplePrecision, metrics.SampleRecall])
def test_fewer_real_examples_than_samples_are_reported(kind):
    with pytest.warns(UserWarning, match="Expected: at least 81 real examples for n=81. Received: 80"):
        kind(REAL, features.identity(), n=81)
    kind(REAL, features.identity(), n=80)


@pytest.mark.parametrize("kind", [metrics.SamplePrecision, metrics.SampleRecall])
@pytest.mark.parametrize(
    ("real", "options", "message"),
    [
        (REAL, {"k": 0}, "`k` must be an integer >= 1"),
        (REAL, {"n": 3}, "`n` must be an integer >= 4"),
        (REAL[:3], {"n": 4}, "`real` must hold at least 4 examples. Received: 3"),
    ],
)
def test_bad_input_of_the_metrics(kind, real, options, message):
    with pytest.raises(ValueError, match=message):
        kind(real, features.identity(), **options)
