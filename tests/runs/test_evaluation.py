import numpy as np
import pytest

from keras_gen import cache, data, metrics, models, plots, presets, runs


@pytest.fixture
def folder(tmp_path):
    """A run of an untrained VAE."""
    presets.build("convolutional-vae", (8, 8, 1), width=0.1).save(tmp_path / "model.keras")
    runs.Settings("convolutional-vae").write(tmp_path)
    return tmp_path


@pytest.mark.compiled
def test_figures_are_the_models_and_the_metrics_own(folder):
    reported = []
    options = {"nll_samples": 3, "metric_names": "frechet", "features": "identity"}
    measured, remarks, files = runs.evaluate(folder, **options, on_measured=reported.append)
    losses, of_samples = reported  # the first before a classifier would be trained
    assert losses + of_samples == measured and len(of_samples) == 1
    found = {one.name: one for one in measured}
    model, test = runs.load_run(folder).model, data.load("digits")[1].x
    losses = model.evaluate(test, batch_size=100, return_dict=True, verbose=0)
    assert {name: found[name].value for name in losses} == pytest.approx(losses)
    nll, error = metrics.negative_log_likelihood(model, test, samples=3)
    assert found["nll[importance,samples=3]"].value == pytest.approx(nll, rel=1e-4)
    assert found["nll[importance,samples=3]"].error == pytest.approx(error, rel=1e-2)
    frechet = metrics.FrechetDistance(test, metrics.features.identity(), n=len(test))
    assert found[frechet.name].value == pytest.approx(frechet.score(model.sample(len(test), seed=0)), rel=1e-5)
    assert found[frechet.name].baseline == pytest.approx(frechet.real_data_baseline(data.load("digits")[0].x))
    assert remarks == [] and not files and all(found[name].baseline is None for name in losses)


def test_a_classifier_has_an_error_and_a_confusion_matrix_of_its_classes(tmp_path, monkeypatch):
    model, test = presets.build("lenet5", (8, 8, 1), width=0.2), data.load("digits")[1]
    model.save(tmp_path / "model.keras")
    names = tuple("abcdefghij")
    runs.Settings("lenet5", options={"num_classes": 10}, class_names=names).write(tmp_path)
    splits = tuple(split._replace(class_names=names) for split in data.load("digits"))
    monkeypatch.setattr(data, "load", lambda *given, **options: splits)
    drawn, draw = [], plots.confusion_matrix
    monkeypatch.setattr(plots, "confusion_matrix", lambda *given: drawn.append(given) or draw(*given))
    measured, _, files = runs.evaluate(tmp_path)
    found, wrong = {one.name: one for one in measured}, np.mean(model.classify(test.x) != test.y)
    assert set(found) == {"loss", "accuracy", "error"}
    assert found["error"].value == pytest.approx(wrong) == pytest.approx(1 - found["accuracy"].value)
    assert found["error"].error == pytest.approx(np.sqrt(wrong * (1 - wrong) / len(test.y)), rel=0.01)
    ((labels, predicted, classes, title),) = drawn
    np.testing.assert_array_equal(predicted, model.classify(test.x))
    assert classes == names and title == f"test images: {100 * wrong:.2f} % wrong"
    np.testing.assert_array_equal(labels, test.y)
    assert files == ["confusion.png"] and (tmp_path / "confusion.png").stat().st_size > 1000


def test_data_that_have_changed_are_remarked_on(folder):
    parts = [cache.fingerprint(part.x, part.y) for part in data.load("digits")]
    for contents, expected in ((parts, 0), (["other", parts[1]], 1)):
        runs.Settings("convolutional-vae", contents=tuple(contents)).write(folder)
        remarks = runs.evaluate(folder).remarks
        assert len(remarks) == expected
        assert all(remark.startswith("The data have changed since the training: ") for remark in remarks)
    assert runs.evaluate(folder, "digits").remarks == []


def test_samples_that_are_all_alike_are_remarked_on(folder, monkeypatch):
    image = data.load("digits")[1].x[:1]
    monkeypatch.setattr(models.VAE, "sample", lambda self, n, seed: np.repeat(image, n, axis=0))
    _, (remark,), _ = runs.evaluate(folder, metric_names="density,coverage", features="identity")
    assert remark.startswith("density is high (") and "coverage is zero (0.0" in remark


def test_the_names_of_metrics_are_checked_before_the_model_is_loaded(folder, monkeypatch):
    monkeypatch.setattr("keras_gen.runs.evaluation.load_run", lambda folder: pytest.fail("loaded"))
    with pytest.raises(ValueError, match="Unknown metric. Did you mean 'frechet'"):
        runs.evaluate(folder, "nowhere.npz", metric_names="frchet")


def test_binarized_data_are_drawn_once(tmp_path):
    presets.build("convolutional-vae", (8, 8, 1), width=0.1).save(tmp_path / "model.keras")
    losses = []
    for binarization in ("dynamic", "dynamic", "none"):
        runs.Settings("convolutional-vae", binarization=binarization).write(tmp_path)
        losses.append([one.value for one in runs.evaluate(tmp_path).measurements])
    assert losses[0] == losses[1] != losses[2]
