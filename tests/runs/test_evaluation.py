import numpy as np
import pytest

from keras_gen import data, metrics, presets, runs


@pytest.fixture
def folder(tmp_path):
    """A run of an untrained VAE."""
    presets.build("convolutional-vae", (8, 8, 1), width=0.1).save(tmp_path / "model.keras")
    runs.Settings("convolutional-vae").write(tmp_path)
    return tmp_path


def test_figures_are_the_models_and_the_metrics_own(folder):
    found = {one.name: one for one in runs.evaluate(folder, nll_samples=3, metric_names="frechet", features="identity")}
    model, test = runs.load_run(folder).model, data.load("digits")[1].x
    losses = model.evaluate(test, batch_size=100, return_dict=True, verbose=0)
    assert {name: found[name].value for name in losses} == pytest.approx(losses)
    nll, error = metrics.negative_log_likelihood(model, test, samples=3)
    assert found["nll[importance,samples=3]"].value == pytest.approx(nll, rel=1e-4)
    assert found["nll[importance,samples=3]"].error == pytest.approx(error, rel=1e-2)
    frechet = metrics.FrechetDistance(test, metrics.features.identity(), n=len(test))
    frechet.update_state(model.sample(len(test), seed=0))
    assert found[frechet.name].value == pytest.approx(float(frechet.result()), rel=1e-5)


def test_lenet5_is_trained_on_labels(folder, monkeypatch, tmp_path):
    trainings = []

    def trained(x, y, value_range):
        trainings.append((y[:3].tolist(), value_range))
        return presets.lenet5(x.shape[1:], width=0.2)

    monkeypatch.setattr("keras_gen.runs.evaluation.trained_classifier", trained)
    runs.evaluate(folder, metric_names=["frechet"], samples=100)
    assert trainings == [(data.load("digits")[0].y[:3].tolist(), (0, 1))]
    np.save(tmp_path / "x.npy", data.load("digits")[0].x[:50])
    with pytest.raises(ValueError, match="lenet5 is trained on labels. Expected: labelled data"):
        runs.evaluate(folder, str(tmp_path / "x.npy"), metric_names="frechet")
    with pytest.raises(ValueError, match="Unknown metric. Did you mean 'frechet'"):
        runs.evaluate(folder, metric_names="frchet")


def test_binarized_data_are_drawn_once(tmp_path):
    presets.build("convolutional-vae", (8, 8, 1), width=0.1).save(tmp_path / "model.keras")
    losses = []
    for binarization in ("dynamic", "dynamic", "none"):
        runs.Settings("convolutional-vae", binarization=binarization).write(tmp_path)
        losses.append([one.value for one in runs.evaluate(tmp_path)])
    assert losses[0] == losses[1] != losses[2]
