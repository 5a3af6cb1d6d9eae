import numpy as np
import pytest

from keras_gen import models
from keras_gen.estimators import AutoencoderOutlierDetector

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


def test_errors_are_the_mean_of_those_of_all_autoencoders():
    x = plane()
    detector = AutoencoderOutlierDetector(**SMALL).fit(x)
    scaled = detector.scaler_.transform(x)[:, None].repeat(2, axis=1)
    errors = np.square(detector.model_.reconstruct(scaled.astype("float32")) - scaled)  # (n, n_estimators, features)
    assert np.abs(errors[:, 0] - errors[:, 1]).mean() > 0.01 * errors.mean()
    np.testing.assert_allclose(detector.feature_errors(x), errors.mean(axis=1), rtol=1e-4, atol=1e-5)
    detector.set_params(n_estimators=1)  # counts in the next fit
    np.testing.assert_allclose(detector.score_samples(x), -errors.mean(axis=(1, 2)), rtol=1e-4)


def test_a_small_table_is_repeated_and_one_autoencoder_takes_its_rows(monkeypatch):
    fit, shapes = models.Autoencoder.fit, []
    monkeypatch.setattr(
        models.Autoencoder, "fit", lambda self, x, **options: shapes.append(x.shape) or fit(self, x, **options)
    )
    for rows, number in ((400, 1), (400, 3), (1600, 1)):
        AutoencoderOutlierDetector(**{**SMALL, "n_estimators": number, "epochs": 1}).fit(plane(rows))
    assert shapes == [(1600, 6), (1600, 3, 6), (1600, 6)]


@pytest.mark.parametrize("number", [0, 2.5, "many"])
def test_bad_numbers_of_autoencoders(number):
    with pytest.raises(ValueError, match="`n_estimators` must be an integer >= 1. Received: n_estimators="):
        AutoencoderOutlierDetector(n_estimators=number).fit(plane())
