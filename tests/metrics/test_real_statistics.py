import copy
import gc
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_gen import metrics
from keras_gen.metrics import arrays, features
from keras_gen.metrics.real_statistics import RealStatistics

X = np.random.default_rng(0).random((30, 4)).astype("float32")


def dense(bias=0.0):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, kernel_initializer="ones")])
    network.layers[0].bias.assign([bias, bias])
    return metrics.FeatureExtractor("dense", network)


def files():
    return list(Path(os.environ["KERAS_GEN_CACHE"]).glob("*.npy"))


def test_mean_and_covariance_are_those_of_the_features():
    real = RealStatistics(X, dense())
    sums = np.repeat(X.sum(axis=1, keepdims=True), 2, axis=1)
    np.testing.assert_allclose(real.features, sums, rtol=1e-6)
    assert real.features.dtype == "float64" and real.shape == (4,)
    np.testing.assert_allclose(real.gaussian[0], sums.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(real.gaussian[1], np.cov(sums, rowvar=False), rtol=1e-4)
    assert real.gaussian is real.gaussian


def test_metrics_of_the_same_data_share_one_object():
    extractor = dense()
    first, second = (RealStatistics.of(x, extractor) for x in (X, X.copy()))
    assert first is second
    assert RealStatistics.of(X, extractor, (0, 2)) is not first
    assert RealStatistics.of(X[:20], extractor) is not first
    assert RealStatistics.of(X, dense(1.0)) is not first


def test_what_no_metric_uses_is_let_go():
    real = RealStatistics.of(X, features.identity())
    real.mark = True
    del real
    gc.collect()
    assert not hasattr(RealStatistics.of(X, features.identity()), "mark")


def test_what_a_network_computed_is_read_from_the_disk_by_the_next_run():
    first = RealStatistics(X, dense())
    (path,) = files()
    assert path.name.startswith("dense-") and path.suffix == ".npy"
    extractor = dense()
    extractor._compute = lambda part: pytest.fail("computed again")
    np.testing.assert_array_equal(RealStatistics(X, extractor).features, first.features)
    (
        RealStatistics(X, dense(1.0)),
        RealStatistics(X, dense(), (0, 2)),
        RealStatistics(X / 2, dense()),
    )
    assert len(files()) == 4


def test_without_a_network_nothing_is_written():
    RealStatistics(X, features.identity())
    assert files() == []


def test_a_subset_is_drawn_once_and_for_all():
    real = RealStatistics(np.arange(30.0)[:, None].tolist(), features.identity())
    subset = real.subset(10)
    np.testing.assert_array_equal(subset, real.subset(10))
    assert len(set(subset[:, 0])) == 10 and list(subset[:, 0]) != list(range(10))
    assert real.subset(30) is real.subset(100) is real.features


def test_radii_are_computed_once_for_each_k_and_n(monkeypatch):
    real = RealStatistics(X, features.identity())
    np.testing.assert_array_equal(real.squared_radii(2, 20), arrays.squared_radii(real.subset(20), 2))
    np.testing.assert_array_equal(real.squared_radii(1, 99), arrays.squared_radii(real.features, 1))
    monkeypatch.setattr(arrays, "squared_radii", lambda *args: pytest.fail("computed again"))
    assert len(real.squared_radii(2, 20)) == 20


def test_a_copy_is_the_same_object():
    real = RealStatistics(X, features.identity())
    assert copy.deepcopy([real])[0] is real


@pytest.mark.parametrize(
    ("x", "message"),
    [(X[:1], "`real` must hold at least 2 examples. Received: 1"), (X * np.inf, "`real` must be finite")],
)
def test_bad_input(x, message):
    with pytest.raises(ValueError, match=message):
        RealStatistics(x, features.identity())
