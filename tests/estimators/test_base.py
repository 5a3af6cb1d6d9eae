import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from keras_gen import data
from keras_gen.estimators import (
    AutoencoderFeatures,
    AutoencoderImputer,
    AutoencoderOutlierDetector,
    AutoencoderPerClassClassifier,
)
from keras_gen.estimators.base import by_block

SMALL = {"units": (8,), "latent_dim": 2, "epochs": 3, "random_state": 0}
QUICK = {"epochs": 30, "learning_rate": 1e-2, "random_state": 0}  # learns a table of 300 rows
TINY = {**SMALL, "units": (), "epochs": 1}  # a step of training takes longest in scikit-learn's checks


@parametrize_with_checks(
    [
        AutoencoderFeatures(**{**TINY, "units": (8,)}),
        AutoencoderImputer(**TINY),
        AutoencoderOutlierDetector(**TINY, n_estimators=1, batch_size=1500),
        AutoencoderPerClassClassifier(**{**TINY, "latent_dim": 1}),
    ]
)
def test_scikit_learn_checks(estimator, check):
    if check.func.__name__ == "check_classifiers_train":  # which asks for a score
        estimator.set_params(epochs=4, learning_rate=0.3)
    check(estimator)


def table(rows=300, seed=0):
    """A table of six columns of mixed scales that follow from two hidden numbers."""
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal((rows, 2))
    return hidden @ np.array([[1, 2, 0, -1, 1, 3], [0, 1, 1, 1, -2, 1]]) * 10.0 ** np.arange(6) + 7


@pytest.fixture(scope="module")
def images():
    train, _ = data.load("digits")
    return np.array(train.x[:300]), np.array(train.y[:300])


@pytest.mark.compiled
def test_features_of_a_table_hold_what_it_holds():
    x = table()
    features = AutoencoderFeatures(latent_dim=2, corruption=0.0, **QUICK)
    error = x - features.inverse_transform(features.fit_transform(x))
    assert (error.std(axis=0) < 0.15 * x.std(axis=0)).all()
    assert features.get_feature_names_out().tolist() == ["autoencoderfeatures0", "autoencoderfeatures1"]


def test_features_of_images_come_back_as_images(images):
    x, _ = images
    features = AutoencoderFeatures(**SMALL, scaling="none").fit(x)
    assert features.transform(x).shape == (300, 2)
    assert features.inverse_transform(features.transform(x)).shape == x.shape
    for other in (x.reshape(300, -1), x[:, :4], x[..., 0]):
        with pytest.raises(ValueError, match=r"another shape. Expected: \(8, 8, 1\). Received: \("):
            features.transform(other)


def test_images_in_lists_are_images(images):
    x = images[0][:20]
    features = AutoencoderFeatures(**SMALL).fit(x.tolist())
    np.testing.assert_array_equal(features.transform(x.tolist()), features.transform(x))


@pytest.mark.compiled
def test_outliers_and_what_makes_them_so():
    x = table()
    x[:5, 3] += 8 * x[:, 3].std()
    detector = AutoencoderOutlierDetector(contamination=0.05, latent_dim=2, **{**QUICK, "epochs": 10}).fit(x)
    assert (detector.predict(x[:5]) == -1).all()
    assert (detector.predict(x[5:]) == -1).mean() <= 0.05
    assert (detector.feature_errors(x[:5]).argmax(axis=1) == 3).all()
    np.testing.assert_allclose(detector.feature_errors(x).mean(axis=1), -detector.score_samples(x))


@pytest.mark.compiled
def test_outlying_images_show_where(images):
    x, _ = images
    detector = AutoencoderOutlierDetector(**SMALL).fit(x)
    assert detector.feature_errors(x[:3]).shape == (3, 8, 8, 1)


@pytest.mark.compiled
def test_imputation_beats_the_mean_and_keeps_what_is_there():
    x = table()
    missing = np.random.default_rng(1).random(x.shape) < 0.2
    holes = np.where(missing, np.nan, x)
    imputer = AutoencoderImputer(latent_dim=4, max_iter=2, **QUICK)
    filled = imputer.fit_transform(holes)
    np.testing.assert_array_equal(filled[~missing], x[~missing])
    scale = x.std(axis=0)
    error = ((filled - x) / scale)[missing]
    mean = ((np.nanmean(holes, axis=0) - x) / scale)[missing]
    assert np.square(error).mean() < 0.5 * np.square(mean).mean()


def test_several_imputations_differ_where_something_is_missing():
    x = table()
    x[:10, 0] = np.nan
    imputer = AutoencoderImputer(**SMALL).fit(x)
    several = imputer.sample_imputations(x, 4, random_state=0)
    assert several.shape == (4, 300, 6) and (several[:, :10, 0].std(axis=0) > 0).all()
    np.testing.assert_array_equal(several[:, 10:], np.broadcast_to(x[10:], (4, 290, 6)))
    np.testing.assert_array_equal(several, imputer.sample_imputations(x, 4, random_state=0))


@pytest.mark.compiled
def test_one_autoencoder_a_class_tells_digits_apart(images):
    x, y = (part[images[1] < 3] for part in images)
    classifier = AutoencoderPerClassClassifier(scaling="none", epochs=40, learning_rate=1e-2, random_state=0)
    assert classifier.fit(x[:80], y[:80]).score(x[80:], y[80:]) > 0.9
    assert classifier.decision_function(x).shape == (len(x), 3)
    probabilities = classifier.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(classifier.classes_[probabilities.argmax(axis=1)], classifier.predict(x))


def test_pipeline_grid_search_and_joblib(images, tmp_path):
    x, y = images
    x = x.reshape(len(x), -1)
    pipeline = make_pipeline(AutoencoderFeatures(**TINY, batch_size=300), LogisticRegression(max_iter=500))
    search = GridSearchCV(pipeline, {"autoencoderfeatures__latent_dim": [1, 6]}, cv=2).fit(x, y)
    assert search.best_params_ == {"autoencoderfeatures__latent_dim": 6}
    joblib.dump(search.best_estimator_, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(again.predict_proba(x), search.best_estimator_.predict_proba(x))


@pytest.mark.parametrize(
    ("estimator", "x", "message"),
    [
        (AutoencoderFeatures(units=(4, 8)), table(), "`units` must not grow"),
        (AutoencoderFeatures(corruption=1.0), table(), "`corruption` must be a number in"),
        (AutoencoderFeatures(learning_rate=-1.0), table(), "`learning_rate` must be a finite number"),
        (AutoencoderOutlierDetector(contamination="auto"), table(), "must be in .* Received: contamination='auto'"),
        (AutoencoderFeatures(scaling="minmax"), table(), "Unknown scaling"),
        (AutoencoderFeatures(epochs=0), table(), "`epochs` must be an integer >= 1"),
        (AutoencoderFeatures(), np.array([["a", "b"]]), "could not convert string to float"),
        (AutoencoderFeatures(), np.full((4, 2), np.inf), "infinite values in 0, 1$"),
        (AutoencoderOutlierDetector(contamination=0.9), table(), "`contamination` must be in"),
        (AutoencoderFeatures(early_stopping=1), table(), "`early_stopping` must be a bool"),
        (AutoencoderFeatures(patience=0), table(), "`patience` must be an integer >= 1"),
        (AutoencoderFeatures(validation_fraction=1), table(), "`validation_fraction` must be a number in"),
        (AutoencoderFeatures(early_stopping=True, validation_fraction=0.9), table(3), "leaves no row for training"),
        (AutoencoderFeatures(callbacks=["stop"]), table(), "`callbacks` must be a list of Keras callbacks"),
        (AutoencoderImputer(), pd.DataFrame({"a": [1], "b": [None]}), "Received: only NaN in 'b'$"),
        (AutoencoderImputer(max_iter=0), table(), "`max_iter` must be an integer >= 1"),
        (AutoencoderImputer(), np.array([[1, np.nan], [2, np.nan]]), "Received: only NaN in 1$"),
    ],
)
def test_bad_input(estimator, x, message):
    with pytest.raises(ValueError, match=message):
        estimator.fit(x)


def test_a_constant_column_and_fewer_rows_than_a_batch_are_fine():
    x = table(7)
    x[:, 2] = 3.0
    assert np.isfinite(AutoencoderFeatures(**SMALL).fit_transform(x)).all()


def test_passes_of_the_filling_go_on_from_each_other():
    x = table()
    holes = np.where(np.random.default_rng(1).random(x.shape) < 0.2, np.nan, x)
    imputer = AutoencoderImputer(**SMALL).fit(holes)
    scale, middle = imputer.scaler_.scale_, imputer.scaler_.mean_
    scaled = ((holes - middle) / scale).astype("float32")
    mean, factor = np.nanmean(scaled, axis=0), imputer.shrinkage_
    once = np.where(np.isnan(scaled), mean + factor * (imputer.model_.reconstruct(scaled) - mean), scaled)
    twice = np.where(np.isnan(scaled), mean + factor * (imputer.model_.reconstruct(once) - mean), scaled)
    for passes, expected in ((1, once), (2, twice)):
        imputer.max_iter = passes
        np.testing.assert_allclose((imputer.transform(holes) - middle) / scale, expected, rtol=1e-3, atol=1e-4)


def test_several_imputations_scatter_as_the_errors_do():
    x = table()
    x[0, 0] = np.nan
    imputer = AutoencoderImputer(**SMALL).fit(x)
    imputer.corruption = 0.0  # so that only the drawn errors are left
    drawn = imputer.sample_imputations(np.repeat(x[:1], 100, axis=0), 20, random_state=0)[..., 0]
    expected = imputer.residual_std_[0] * imputer.scaler_.scale_[0]
    np.testing.assert_allclose(drawn.std(), expected, rtol=0.06)
    assert abs(drawn.mean() - imputer.transform(x[:1])[0, 0]) < 0.1 * expected


@pytest.mark.compiled
def test_residuals_are_those_of_entries_not_seen():
    x = table(2000)
    imputer = AutoencoderImputer(latent_dim=3, epochs=30, random_state=0).fit(x[:1000])
    hidden = np.random.default_rng(1).random((1000, 6)) < imputer.corruption
    filled = imputer.transform(np.where(hidden, np.nan, x[1000:]))
    error = np.where(hidden, (filled - x[1000:]) / imputer.scaler_.scale_, np.nan)
    np.testing.assert_allclose(imputer.residual_std_, np.sqrt(np.nanmean(np.square(error), axis=0)), rtol=0.2)
    assert (AutoencoderImputer(**SMALL).fit(x[:4]).residual_std_ > 0).all()


def test_a_row_of_which_nothing_is_known_is_filled():
    x = table()
    imputer = AutoencoderImputer(**SMALL).fit(x)
    assert np.isfinite(imputer.transform(np.full((2, 6), np.nan))).all()


def test_a_fit_that_fails_leaves_the_fitted_model():
    x = table()
    features = AutoencoderFeatures(**SMALL).fit(x)
    before = features.transform(x)
    with pytest.raises(ValueError, match="`batch_size`"):
        features.set_params(batch_size=0).fit(10 * x[:, :4])
    np.testing.assert_array_equal(features.transform(x), before)


def test_a_rows_result_does_not_depend_on_the_rows_with_it():
    rows = np.random.default_rng(0).standard_normal((300, 20)).astype("float32")
    weights = np.random.default_rng(1).standard_normal((20, 7)).astype("float32")
    sizes = []

    def product(block):
        sizes.append(len(block))
        return block @ weights

    together = by_block(product, rows)
    np.testing.assert_allclose(together, rows @ weights, rtol=1e-4, atol=1e-5)
    for few in (1, 5, 257):
        np.testing.assert_array_equal(by_block(product, rows[:few]), together[:few])
    assert len(set(sizes)) == 1


def test_codes_are_decoded_in_blocks_of_one_size(monkeypatch):
    x, sizes = table(), []
    features = AutoencoderFeatures(**SMALL).fit(x)
    codes, decode = features.transform(x), features.model_.decode
    monkeypatch.setattr(features.model_, "decode", lambda z: sizes.append(len(z)) or decode(z))
    np.testing.assert_array_equal(features.inverse_transform(codes[:7]), features.inverse_transform(codes)[:7])
    assert set(sizes) == {256}
    with pytest.raises(ValueError, match=r"`X` does not fit the network. Expected: shape \(n, 2\)"):
        features.inverse_transform(x)


@pytest.mark.parametrize("cls", [AutoencoderImputer, AutoencoderOutlierDetector])
def test_arguments_of_the_base_are_those_of_its_estimators(cls):
    own = {"max_iter", "contamination", "n_estimators", "n_neighbors"}
    assert set(AutoencoderFeatures().get_params()) == set(cls().get_params()) - own
    for name in cls().get_params():
        assert f"{name}: " in cls.__doc__
    estimator = cls(latent_dim=3, corruption=0.2)
    assert (estimator.latent_dim, estimator.corruption, AutoencoderImputer().corruption) == (3, 0.2, 0.3)


def mixed(rows=60, seed=0):
    """A DataFrame whose columns follow from one hidden number, with a column of each kind."""
    hidden = np.random.default_rng(seed).standard_normal(rows)
    dates = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.rint(30 * (hidden + 4)), unit="D")
    kinds = np.where(hidden > 0, "high", "low")
    return pd.DataFrame({"size": hidden, "count": np.rint(9 * hidden).astype(int), "kind": kinds, "when": dates})


@pytest.mark.compiled
def test_a_dataframe_comes_back_as_one_with_its_types():
    x = mixed()
    gaps = x.mask(np.random.default_rng(1).random(x.shape) < 0.1)
    imputer = AutoencoderImputer(**SMALL)
    filled = imputer.fit_transform(gaps)
    assert list(filled) == list(imputer.feature_names_in_) == list(imputer.get_feature_names_out()) == list(x)
    assert not filled.isna().any(axis=None) and filled.dtypes.equals(gaps.dtypes)
    assert ((filled == gaps) | gaps.isna()).all(axis=None) and set(filled["kind"]) == {"high", "low"}
    assert [part.shape for part in imputer.sample_imputations(gaps, 2, random_state=0)] == [x.shape] * 2
    features = AutoencoderFeatures(**SMALL).fit(x)
    assert list(features.inverse_transform(features.transform(x))) == list(x) and features.n_features_in_ == 4
    detector = AutoencoderOutlierDetector(**SMALL).fit(filled)
    errors = detector.feature_errors(filled[5:])
    assert list(errors) == list(x) and errors.index.equals(filled.index[5:])
    np.testing.assert_allclose(errors.mean(axis=1), -detector.score_samples(filled[5:]))
    assert detector.reconstruct(filled[5:]).dtypes["when"] == x.dtypes["when"]
    new = filled[:1].assign(kind="never seen")
    assert detector.feature_errors(new)["kind"][0] > detector.feature_errors(filled)["kind"][0]
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        np.testing.assert_array_equal(detector.predict(filled.to_numpy()), detector.predict(filled))


@pytest.mark.compiled
def test_a_category_is_masked_whole():
    detector = AutoencoderOutlierDetector(**SMALL).fit(mixed())
    assert detector.model_.corruption.widths == [1, 1, 3, 1]


@pytest.mark.compiled
def test_imputation_of_noise_is_no_worse_than_the_mean():
    x = np.random.default_rng(0).standard_normal((60, 4))
    given = np.where(np.random.default_rng(1).random(x.shape) < 0.2, np.nan, x)
    imputer = AutoencoderImputer(units=(30,), epochs=40, learning_rate=1e-2, random_state=0)
    filled, mean = imputer.fit_transform(given), np.nanmean(given, axis=0)
    errors = [np.square(guess - x)[np.isnan(given)].mean() for guess in (filled, np.broadcast_to(mean, x.shape))]
    assert imputer.shrinkage_.max() < 0.5 and errors[0] < 1.1 * errors[1]


@pytest.mark.compiled
def test_scores_are_higher_for_what_is_learnt():
    x = table()
    other = np.random.default_rng(0).standard_normal(x.shape) * x.std(axis=0)
    epochs = {AutoencoderFeatures: 30, AutoencoderImputer: 10, AutoencoderOutlierDetector: 3}
    for estimator, number in epochs.items():
        fitted = estimator(**{**SMALL, "epochs": number, "learning_rate": 2e-2}).fit(x)
        assert fitted.score(x) == fitted.score(x) > fitted.score(other)


def test_a_search_ends_with_a_fitted_estimator():
    search = GridSearchCV(AutoencoderImputer(**SMALL), {"latent_dim": [1, 2]}, cv=2).fit(mixed())
    assert list(search.best_estimator_.transform(mixed())) == list(mixed())


def test_early_stopping_and_callbacks():
    class Epochs(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(logs)

    for estimator in (AutoencoderFeatures, AutoencoderImputer):
        seen, callbacks = [], [Epochs()]
        options = {**SMALL, "epochs": 40, "learning_rate": 0.5, "early_stopping": True, "patience": 1}
        fitted = estimator(**options, callbacks=callbacks).fit(mixed())
        losses = [logs["val_loss"] for logs in seen if "val_loss" in logs]
        assert fitted.callbacks is callbacks and 2 <= len(losses) == len(seen) < 80


@pytest.mark.compiled
def test_missing_values_point_to_the_imputer():
    x = mixed().astype({"size": float})
    x.loc[3, "size"] = np.nan
    with pytest.raises(ValueError, match=r"make_pipeline\(AutoencoderImputer\(\), .* Received: NaN in 'size'$"):
        AutoencoderOutlierDetector(**SMALL).fit(x)
    make_pipeline(AutoencoderImputer(**SMALL), AutoencoderOutlierDetector(**SMALL)).fit(x)


def test_before_a_fit():
    for estimator in (AutoencoderFeatures(), AutoencoderImputer()):
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            estimator.transform(table())
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        AutoencoderOutlierDetector().predict(table())


@pytest.mark.parametrize("kind", [AutoencoderFeatures, AutoencoderImputer, AutoencoderOutlierDetector])
def test_a_training_that_diverges_is_no_fit(kind):
    estimator = kind(**{**TINY, "learning_rate": 1e20, "epochs": 5})
    with pytest.raises(ValueError, match="The training diverged: .* Received: learning_rate=1e.20"):
        estimator.fit(table(40))
    with pytest.raises(NotFittedError):
        estimator.transform(table(40)) if hasattr(estimator, "transform") else estimator.predict(table(40))
