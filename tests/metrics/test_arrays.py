import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from keras_gen.metrics import arrays

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(50, 7)), rng.normal(1.0, 2.0, size=(40, 7))


def test_mean_and_covariance_are_numpys():
    mean, covariance = arrays.mean_and_covariance(X)
    np.testing.assert_allclose(mean, X.mean(axis=0))
    np.testing.assert_allclose(covariance, np.cov(X, rowvar=False))


def test_distances_are_scipys():
    np.testing.assert_allclose(arrays.squared_distances(X, Y), cdist(X, Y, "sqeuclidean"))


def test_a_point_is_at_distance_zero_of_its_copy_however_far_out():
    x = X + 1000.0
    assert np.all(np.diag(arrays.squared_distances(x, x.copy())) == 0)
    assert np.all(arrays.squared_distances(x, x)[~np.eye(50, dtype=bool)] > 0)


@pytest.mark.parametrize("entries", [1, 170, 2**22])
def test_radii_are_scikit_learns_in_whatever_blocks(entries, monkeypatch):
    monkeypatch.setattr(arrays, "_ENTRIES", entries)
    distances, _ = NearestNeighbors(n_neighbors=4).fit(X).kneighbors()
    for k in (1, 4):
        np.testing.assert_allclose(arrays.squared_radii(X, k), distances[:, k - 1] ** 2)


def test_blocks_hold_every_row_once_within_the_limit(monkeypatch):
    monkeypatch.setattr(arrays, "_ENTRIES", 30)
    parts = arrays.blocks(8, 10)
    assert np.concatenate([np.arange(8)[part] for part in parts]).tolist() == list(range(8))
    assert max(part.stop - part.start for part in parts) == 3


def test_parts_are_a_random_division():
    x = np.arange(20.0)[:, None]
    parts = arrays.random_parts(x, 3, seed=0)
    assert [len(part) for part in parts] == [7, 7, 6]
    whole = np.concatenate(parts)[:, 0]
    assert sorted(whole) == list(range(20)) and list(whole) != list(range(20))
    assert not np.array_equal(parts[0], arrays.random_parts(x, 3, seed=1)[0])


def test_features_may_be_lists_of_the_least_length():
    real, fake = arrays.as_feature_pair([[1, 2], [3, 4]], [[5, 6], [7, 8]])
    assert real.dtype == fake.dtype == "float64" and real.tolist() == [[1, 2], [3, 4]] and fake[0, 0] == 5


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (X[0], Y, r"`real` must be features of shape \(n, features\). Received: shape \(7,\)"),
        (X, Y[:, :0], r"`fake` must be features .* Received: shape \(40, 0\)"),
        (X, Y[:0], "`fake` must hold at least one example"),
        (X, Y[:1], "`fake` must hold at least 2 examples. Received: 1"),
        (X * np.nan, Y, "`real` must be finite"),
        (X, Y[:, :5], "must have the same features. Expected: 7 as in real. Received: 5 in fake"),
    ],
)
def test_bad_features(real, fake, message):
    with pytest.raises(ValueError, match=message):
        arrays.as_feature_pair(real, fake)
