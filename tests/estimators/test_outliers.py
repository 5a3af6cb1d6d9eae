import numpy as np
import pytest

from keras_gen import models
from keras_gen.estimators import AutoencoderOutlierDetector, outliers

SMALL = {"units": (8,), "latent_dim": 2, "n_estimators": 2, "epochs": 3, "batch_size": 1500, "random_state": 0}


def plane(rows=300, seed=0):
    """Rows of six features in a plane."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, 2)) @ np.array([[1, 2, 0, -1, 1, 3], [0, 1, 1, 1, -2, 1]])


def test_scores_do_not_depend_on_the_units_of_a_column():
    x = plane()
    scores = AutoencoderOutlierDetector(**SMALL).fit(x).score_samples(x)
    x[:, 3] = 1000 * x[:, 3] - 5
    np.testing.assert_allclose(AutoencoderOutlierDetector(**SMALL).fit(x).score_samples(x), scores, rtol=1e-3)


@pytest.mark.compiled
def test_a_row_off_the_plane_is_an_outlier_although_each_of_its_values_is_usual():
    x = plane()
    x[0] = x.std(axis=0) * [1, -1, 1, 1, 1, -1]
    detector = AutoencoderOutlierDetector(epochs=10, learning_rate=1e-2, random_state=0).fit(x)
    assert detector.score_samples(x).argmin() == 0


def test_errors_are_those_of_the_reconstruction_and_of_a_neighbour():
    x, others = plane(), plane(40, seed=1)
    x[7, 2] = 1e4  # extreme: limited in what the networks see, not in the errors
    detector = AutoencoderOutlierDetector(**SMALL, n_neighbors=3).fit(x)

    def distances(rows):
        """Squared differences from own and from the third nearest reconstructions: `(2, n, n_estimators, features)`."""
        scaled = detector.scaler_.transform(rows)[:, None].repeat(2, axis=1)
        limited = detector.scaler_.transform(np.clip(rows, *detector._limits))[:, None].repeat(2, axis=1)
        own = detector.model_.reconstruct(limited.astype("float32"))
        near = np.empty(own.shape)
        for one, references in enumerate(detector.references_):
            order = np.square(scaled[:, one, None] - references).sum(axis=2).argsort(axis=1)
            near[:, one] = references[order[:, 2]]
        return np.square(scaled - np.stack([own, near]))

    (own, near), units = distances(others), np.median(distances(x).mean(axis=(2, 3)), axis=1)
    assert np.abs(own[:, 0] - own[:, 1]).mean() > 0.01 * own.mean()
    expected = (own.mean(axis=1) / units[0] + near.mean(axis=1) / units[1]) / 2
    np.testing.assert_allclose(detector.feature_errors(others), expected, rtol=1e-3, atol=1e-5)
    detector.set_params(n_estimators=1, n_neighbors=0)  # count in the next fit
    np.testing.assert_allclose(detector.score_samples(others), -expected.mean(axis=1), rtol=1e-3)
    assert detector.score_samples(x).argmin() == 7


def test_large_tables_are_compared_with_some_of_their_rows(monkeypatch):
    monkeypatch.setattr(outliers, "_MOST_REFERENCES", 60)
    x = np.sort(plane(), axis=0)
    detector = AutoencoderOutlierDetector(**SMALL).fit(x)
    assert detector.references_.shape == (2, 60, 6)
    reconstructed = detector.model_.reconstruct(detector._scaled(x)[:, None].repeat(2, axis=1)).swapaxes(0, 1)
    distances = np.abs(detector.references_[0][:, None] - reconstructed[0]).sum(axis=2)
    assert distances.min(axis=1).max() < 1e-4, "they are rows of the table"
    halves = distances.argmin(axis=1) < 150
    assert 15 < halves.sum() < 45, "from all of its parts"


@pytest.mark.compiled
def test_a_better_autoencoder_has_a_higher_score():
    x, others = plane(), plane(100, seed=1)
    worse, better = (
        AutoencoderOutlierDetector(**{**SMALL, "epochs": epochs, "corruption": 0.0, "learning_rate": 1e-2}).fit(x)
        for epochs in (1, 40)
    )
    assert better.score(others) > worse.score(others)
    scaled = better.scaler_.transform(others).astype("float32")[:, None].repeat(2, axis=1)
    expected = -np.square(scaled - better.model_.reconstruct(scaled)).mean()
    assert better.score(others) == pytest.approx(expected, rel=1e-3)


def test_fewer_rows_than_neighbours():
    x = plane(4)
    few, all_rows = (
        AutoencoderOutlierDetector(**{**SMALL, "epochs": 1}, n_neighbors=number).fit(x).score_samples(x)
        for number in (50, 4)
    )
    np.testing.assert_array_equal(few, all_rows)


def test_rows_that_are_all_alike():
    detector = AutoencoderOutlierDetector(**{**SMALL, "epochs": 1}).fit(np.ones((50, 3)))
    assert np.isfinite(detector.score_samples(np.full((1, 3), 1.001))).all()
    np.testing.assert_array_equal(outliers._typical(np.array([[0, 0, 2], [0, 0, 5], [0, 9, 7.0]])), [1, 3, 5])


def test_the_largest_numbers_have_a_finite_score():
    detector = AutoencoderOutlierDetector(**{**SMALL, "epochs": 1}).fit(plane())
    assert np.isfinite(detector.score_samples(np.full((1, 6), 1e200))).all()


def test_the_reconstruction_error_alone():
    x = plane()
    detector = AutoencoderOutlierDetector(**{**SMALL, "n_estimators": 1}, n_neighbors=0).fit(x)
    scaled = detector.scaler_.transform(x)
    errors = np.square(scaled - detector.model_.reconstruct(scaled.astype("float32")))
    expected = errors / np.median(errors.mean(axis=1))
    np.testing.assert_allclose(detector.feature_errors(x), expected, rtol=1e-3, atol=1e-5)
    assert detector.references_ is None


@pytest.mark.compiled
@pytest.mark.parametrize("number, found", [(0, False), (10, True)])
def test_an_outlier_that_the_network_has_learnt_has_no_neighbours(number, found):
    x = plane()
    x[0] = 4 * x.std(axis=0) * [1, -1, 1, 1, 1, -1]
    options = {"units": (100,), "latent_dim": 6, "corruption": 0.0, "epochs": 60, "learning_rate": 1e-2}
    detector = AutoencoderOutlierDetector(**options, n_estimators=1, n_neighbors=number, random_state=0).fit(x)
    assert (detector.score_samples(x).argmin() == 0) == found


def test_an_extreme_value_does_not_set_the_scale_of_its_column():
    x = plane()
    calm = AutoencoderOutlierDetector(**SMALL).fit(x)
    x[3, 4] = 1e6
    disturbed = AutoencoderOutlierDetector(**SMALL).fit(x)
    np.testing.assert_allclose(disturbed.scaler_.scale_, calm.scaler_.scale_, rtol=0.3)
    assert disturbed.score_samples(x).argmin() == 3


def test_an_extreme_value_does_not_set_the_scale_of_a_column_of_zeros():
    x = plane()
    x[:, 0] = 0
    x[:3, 0] = 1e6, 3, 100
    scaler = AutoencoderOutlierDetector(**{**SMALL, "epochs": 1}).fit(x).scaler_
    limited = np.array([*np.zeros(297), 300, 3, 100])  # three times the median of the values that are not 0
    assert scaler.scale_[0] == pytest.approx(limited.std(), rel=1e-6)


def test_a_small_table_is_repeated_and_one_autoencoder_takes_its_rows(monkeypatch):
    fit, shapes = models.Autoencoder.fit, []
    monkeypatch.setattr(
        models.Autoencoder, "fit", lambda self, x, **options: shapes.append(x.shape) or fit(self, x, **options)
    )
    for rows, number in ((400, 1), (400, 3), (1600, 1)):
        AutoencoderOutlierDetector(**{**SMALL, "n_estimators": number, "epochs": 1}).fit(plane(rows))
    assert shapes == [(1600, 6), (1600, 3, 6), (1600, 6)]


@pytest.mark.parametrize("number", [-1, 2.5, None])
def test_bad_numbers_of_neighbours(number):
    with pytest.raises(ValueError, match="`n_neighbors` must be an integer >= 0. Received: n_neighbors="):
        AutoencoderOutlierDetector(n_neighbors=number).fit(plane())


@pytest.mark.parametrize("number", [0, 2.5, "many"])
def test_bad_numbers_of_autoencoders(number):
    with pytest.raises(ValueError, match="`n_estimators` must be an integer >= 1. Received: n_estimators="):
        AutoencoderOutlierDetector(n_estimators=number).fit(plane())
