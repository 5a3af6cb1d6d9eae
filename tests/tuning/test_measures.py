import numpy as np
import pytest

from keras_gen import metrics, models, presets
from keras_gen.data import Split
from keras_gen.runs.sample_quality import SampleQuality
from keras_gen.tuning.measures import Measures, default_objective, measurable
from keras_gen.tuning.parts import parts_of

SAMPLED = ["frechet", "kernel", "precision", "recall", "density", "coverage", "score", "mmd"]


def measured(model, wanted, parts, **options):
    return Measures(model.tasks, wanted, parts, **options).values(model, parts[0])


def test_what_can_be_measured_follows_from_the_tasks():
    assert measurable(models.Autoencoder.tasks) == ["error"]
    assert sorted(measurable(models.VAE.tasks)) == sorted(["error", "nll", *SAMPLED])
    assert measurable(models.Classifier.tasks) == ["error"] and measurable(models.GAN.tasks) == SAMPLED
    kinds = (models.Autoencoder, models.VAE, models.Classifier, models.SemiSupervisedVAE, models.GAN, models.BiGAN)
    assert [default_objective(kind.tasks) for kind in kinds] == ["error"] * 4 + ["frechet"] * 2


def test_a_vae_is_measured_by_its_error_and_its_likelihood(digits):
    vae = presets.build("vae", (8, 8, 1), width=0.05)
    parts = parts_of(digits, None, (digits[:9], digits[9:18]), None, False, seed=0)
    found = measured(vae, ["nll", "val_loss"], parts)
    error = np.square(digits[9:18] - vae.reconstruct(digits[:9])).reshape(9, -1).sum(axis=1)
    np.testing.assert_allclose(found["error"], error, rtol=1e-4)
    assert found["nll"].mean() == pytest.approx(metrics.negative_log_likelihood(vae, digits[:9], 100).mean, rel=1e-6)
    assert found.keys() == {"error", "nll"} and measured(vae, ["error"], parts).keys() == {"error"}


def test_a_classifier_is_measured_by_the_share_of_wrong_classes(digits, labels):
    model = presets.build("lenet5", (8, 8, 1), width=0.2)
    parts = parts_of(digits, labels, None, None, True, seed=0)
    found = measured(model, ["error"], parts)["error"]
    assert found.tolist() == (model.classify(digits[::5]) != labels[::5]).tolist() and len(found) == 6
    some = np.where(np.arange(28) % 2, -1, labels)
    assert len(measured(model, ["error"], parts_of(digits, some, None, None, True, seed=0))["error"]) == 3
    late = np.where(np.isin(np.arange(28), (15, 20)), labels, -1)  # of the six that are held out, the last but one
    (part,) = parts_of(digits, late, None, None, True, seed=0)
    Measures(model.tasks, ["error"], [part]).try_out(model, part)
    model.set_weights([np.full(weight.shape, np.nan) for weight in model.get_weights()])
    assert np.isnan(measured(model, ["error"], parts)["error"]).all()


def test_samples_are_measured_as_evaluate_measures_them(digits, labels):
    gan = presets.build("gan", (8, 8, 1), width=0.05)
    parts = parts_of(2 * digits - 1, labels, None, None, False, seed=0)
    options = {"features": "identity", "samples": 6}
    found = measured(gan, ["coverage", "val_loss", "recall"], parts, **options)
    train, test = Split(np.delete(digits, np.s_[::5], axis=0), None), Split(digits[::5], None)
    expected = SampleQuality("coverage,recall", train, test, "identity", 6).measure(gan)
    for one in expected:
        assert found[one.label].tolist() == [one.value] and found[f"{one.label}_floor"].tolist() == [one.baseline]
    assert found.keys() == {"coverage", "recall", "coverage_floor", "recall_floor"}


def test_features_are_those_of_lenet5_if_there_are_labels(digits, labels, monkeypatch):
    asked = []
    extractor = metrics.features.identity()
    monkeypatch.setattr(
        "keras_gen.tuning.measures.feature_extractor", lambda name, train: asked.append((name, train)) or extractor
    )
    gan = presets.build("gan", (8, 8, 1), width=0.05)
    for y, folds, sizes in ((labels, None, [22]), (None, None, []), (np.arange(28) % 2, 2, [28])):
        parts, asked[:] = parts_of(2 * digits - 1, y, None, folds, False, seed=0), []
        measures = Measures(gan.tasks, ["recall"], parts)
        for part in parts:
            measures.values(gan, part)
        assert [(name, len(train.x)) for name, train in asked] == [("lenet5", size) for size in sizes]
        assert all(train.x.min() >= 0 and train.x.max() <= 1 and len(train.y) == len(train.x) for _, train in asked)
