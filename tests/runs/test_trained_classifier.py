import random

import keras
import numpy as np
import pytest

from keras_gen import data, models
from keras_gen.metrics import FeatureExtractor
from keras_gen.runs.trained_classifier import trained_classifier


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_GEN_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classifiers")
    train, _ = data.load("digits")
    return folder, trained_classifier(train.x, train.y, batch_size=25, epochs=10, folder=folder)


@pytest.mark.compiled
def test_it_reads_digits_that_it_has_not_seen(trained):
    test, extractor = data.load("digits")[1], FeatureExtractor.of_classifier(trained[1])
    assert extractor(test.x).shape == (360, 84) and extractor.name == "lenet5"
    assert np.mean(trained[1].classify(test.x) == test.y) > 0.95


def test_it_is_trained_once(trained, monkeypatch):
    folder, first = trained
    train, test = data.load("digits")
    monkeypatch.setattr(models.Classifier, "fit", lambda *args, **options: pytest.fail("trained again"))
    again = trained_classifier(train.x, train.y, batch_size=25, epochs=10, folder=folder)
    np.testing.assert_array_equal(again.probabilities(test.x), first.probabilities(test.x))
    assert sorted(path.suffix for path in folder.iterdir()) == [".keras", ".sha256"]


def test_it_says_on_standard_error_what_is_trained_once(tmp_path, capsys):
    for options in ({"folder": tmp_path}, {"folder": tmp_path}, {"folder": tmp_path / "b", "verbose": 0}):
        trained_classifier(**{**SMALL, "epochs": 2}, **options)
    out, err = capsys.readouterr()
    first, *epochs = err.splitlines()
    assert (
        out == ""
        and f"LeNet-5 for metrics of samples, on 40 images: 2 epochs, 2 steps. It is kept in {tmp_path}" in first
    )
    assert [line.split(" (")[0] for line in epochs] == ["Epoch 1/2", "Epoch 2/2"]


SMALL = {"x": np.random.default_rng(0).random((40, 6, 6, 3)).astype("float32"), "y": np.arange(40) % 3, "epochs": 1}


@pytest.mark.parametrize(
    "other", [{"y": np.arange(40) % 2}, {"x": SMALL["x"] / 2}, {"value_range": (-1, 1)}, {"epochs": 2}, {"seed": 1},
              {"batch_size": 20}, {"learning_rate": 1e-4}]
)  # fmt: skip
def test_other_data_or_arguments_are_another_classifier(other, tmp_path, monkeypatch):
    trainings = []
    monkeypatch.setattr(models.Classifier, "fit", lambda self, x, y, **options: trainings.append((x, y, options)))
    for arguments in (SMALL, {**SMALL, **other}, SMALL):
        trained_classifier(**arguments, folder=tmp_path)
    assert len(trainings) == len(list(tmp_path.glob("*.keras"))) == 2


def test_the_range_is_that_of_the_data():
    symmetric = trained_classifier(SMALL["x"] * 2 - 1, SMALL["y"], (-1, 1), epochs=1)
    plain = trained_classifier(SMALL["x"], SMALL["y"], epochs=1)
    np.testing.assert_allclose(symmetric.probabilities(SMALL["x"]), plain.probabilities(SMALL["x"]), atol=1e-3)


def test_the_seed_decides_and_the_callers_random_state_stays(tmp_path):
    state, policy = random.getstate(), keras.config.dtype_policy().name
    runs = [{"folder": tmp_path / "a"}, {"folder": tmp_path / "b"}, {"seed": 1}]
    results = [trained_classifier(**SMALL, **run).probabilities(SMALL["x"]) for run in runs]
    np.testing.assert_allclose(results[0], results[1], atol=1e-5)
    assert not np.allclose(results[0], results[2], atol=1e-2)
    assert random.getstate() == state and keras.config.dtype_policy().name == policy


def test_the_learning_rate_begins_as_stated():
    still = [trained_classifier(**{**SMALL, "epochs": n}, learning_rate=0).probabilities(SMALL["x"]) for n in (1, 2)]
    np.testing.assert_array_equal(*still)
    assert not np.allclose(trained_classifier(**SMALL).probabilities(SMALL["x"]), still[0], atol=1e-3)


def test_it_computes_in_float32_beside_a_model_of_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    classifier = trained_classifier(**SMALL)
    assert {layer.compute_dtype for layer in classifier.network.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "mixed_float16"


def test_an_interrupted_training_leaves_no_file(tmp_path, monkeypatch):
    def failing(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(models.Classifier, "fit", failing)
    with pytest.raises(KeyboardInterrupt):
        trained_classifier(**SMALL, folder=tmp_path)
    assert list(tmp_path.glob("*.keras")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": SMALL["x"] * 255}, r"`x` is out of range. Expected: values in \[0, 1\]"),
        ({"x": SMALL["x"][..., 0]}, r"`x` must be images. Expected: shape \(n, height, width, channels\)"),
        ({"y": SMALL["y"][1:]}, r"integers of shape \(40,\), .* Received: int64 of shape \(39,\)"),
        ({"y": SMALL["y"] * 1.0}, "Received: float64 of shape"),
        ({"y": SMALL["y"] * 0}, r"of two classes or more. Received: int64 of shape \(40,\) in 0..0"),
        ({"y": SMALL["y"] - 1}, "in -1..1"),
        ({"y": np.zeros(0, int)}, r"Received: int64 of shape \(0,\)"),
        ({"x": SMALL["x"] * 0, "value_range": (0, 0)}, r"`value_range` must be \(lowest, highest\)"),
        ({"epochs": 0}, "`epochs` must be an integer >= 1"),
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1"),
        ({"learning_rate": -1}, "`learning_rate` must be a finite number"),
        ({"seed": -1}, "`seed` must be an integer >= 0"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        trained_classifier(**{**SMALL, **arguments})
