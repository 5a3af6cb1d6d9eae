import random

import keras
import numpy as np
import pytest

from keras_gen import data, networks
from keras_gen.metrics import features


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("classifiers")
    train, _ = data.load("digits")
    return folder, features.train_classifier(train.x, train.y, batch_size=25, epochs=10, folder=folder)


def test_it_reads_digits_that_it_has_not_seen(trained):
    test = data.load("digits")[1]
    seen = trained[1](test.x)
    probabilities = trained[1].probabilities(seen)
    assert seen.shape == (360, 84) and trained[1].name == "lenet5" and probabilities.dtype == "float32"
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    assert np.mean(probabilities.argmax(axis=1) == test.y) > 0.95


def test_it_is_trained_once(trained, monkeypatch):
    folder, first = trained
    train, test = data.load("digits")
    monkeypatch.setattr(features, "_trained", lambda *args: pytest.fail("trained again"))
    again = features.train_classifier(train.x, train.y, batch_size=25, epochs=10, folder=folder)
    np.testing.assert_array_equal(again(test.x), first(test.x))
    assert again.key == first.key and [path.suffix for path in folder.iterdir()] == [".keras"]


SMALL = {"x": np.random.default_rng(0).random((40, 6, 6, 3)).astype("float32"), "y": np.arange(40) % 3, "epochs": 1}


@pytest.mark.parametrize(
    "other", [{"y": np.arange(40) % 2}, {"x": SMALL["x"] / 2}, {"value_range": (-1, 1)}, {"epochs": 2}, {"seed": 1},
              {"batch_size": 20}, {"learning_rate": 1e-4}]
)  # fmt: skip
def test_other_data_or_arguments_are_another_classifier(other, tmp_path, monkeypatch):
    trainings, untrained = [], networks.lenet5((6, 6, 3), 3)
    monkeypatch.setattr(features, "_trained", lambda *args: trainings.append(args) or untrained)
    for arguments in (SMALL, {**SMALL, **other}, SMALL):
        features.train_classifier(**arguments, folder=tmp_path)
    assert len(trainings) == len(list(tmp_path.iterdir())) == 2
    assert any(not np.array_equal(*pair) for pair in zip(*trainings, strict=True))


def test_the_range_is_that_of_the_data():
    symmetric = features.train_classifier(SMALL["x"] * 2 - 1, SMALL["y"], (-1, 1), epochs=1)
    np.testing.assert_allclose(symmetric(SMALL["x"] * 2 - 1, (-1, 1)), symmetric(SMALL["x"]), atol=1e-4)


def test_the_seed_decides_and_the_callers_random_state_stays(tmp_path):
    state, policy = random.getstate(), keras.config.dtype_policy().name
    runs = [{"folder": tmp_path / "a"}, {"folder": tmp_path / "b"}, {"seed": 1}]
    results = [features.train_classifier(**SMALL, **run)(SMALL["x"]) for run in runs]
    np.testing.assert_allclose(results[0], results[1], atol=1e-5)
    assert not np.allclose(results[0], results[2], atol=1e-2)
    assert random.getstate() == state and keras.config.dtype_policy().name == policy


@pytest.mark.filterwarnings("error::UserWarning")  # Keras's, where it is asked to shuffle what a pipeline gives
def test_the_learning_rate_begins_as_stated():
    still = [features.train_classifier(**{**SMALL, "epochs": n}, learning_rate=0)(SMALL["x"]) for n in (1, 2)]
    np.testing.assert_array_equal(*still)
    assert not np.allclose(features.train_classifier(**SMALL)(SMALL["x"]), still[0], atol=1e-3)


def test_every_epoch_has_an_order_of_its_own(monkeypatch):
    seen = []
    fit = keras.Model.fit

    def spied(model, dataset, epochs, callbacks, **options):
        for epoch in range(epochs):
            callbacks[0].on_epoch_begin(epoch, None)
            seen.append(np.concatenate([y for _, y in dataset]).tolist())
        return fit(model, dataset, epochs=epochs, callbacks=callbacks, **options)

    monkeypatch.setattr(keras.Model, "fit", spied)
    features.train_classifier(SMALL["x"].tolist(), list(range(40)), epochs=2)
    assert seen[0] != seen[1] and sorted(seen[0]) == sorted(seen[1]) == list(range(40))


def test_it_computes_in_float32_beside_a_model_of_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    extractor = features.train_classifier(**SMALL)
    assert {layer.compute_dtype for layer in extractor.network.layers} == {"float32"}
    assert extractor.probabilities(extractor(SMALL["x"])).dtype == "float32"
    assert keras.config.dtype_policy().name == "mixed_float16"


def test_an_interrupted_training_leaves_no_file(tmp_path, monkeypatch):
    def failing(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(features, "_trained", failing)
    with pytest.raises(KeyboardInterrupt):
        features.train_classifier(**SMALL, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": SMALL["x"] * 255}, r"`x` is out of range. Expected: values in \[0, 1\]"),
        ({"x": SMALL["x"][..., 0]}, r"`x` does not fit the network. Expected: shape \(n, None, None, None\)"),
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
        features.train_classifier(**{**SMALL, **arguments})


def test_the_identity_takes_examples_as_they_are():
    assert features.identity().name == "identity"
    assert features.identity()(np.full((2, 3, 3, 1), 7.0)).tolist() == [[7.0] * 9] * 2


def test_inception_sees_large_colour_images_in_its_own_range(monkeypatch):
    inputs = keras.Input((299, 299, 3))
    hidden = keras.layers.GlobalAveragePooling2D(name="avg_pool")(inputs)
    outputs = keras.layers.Dense(2, "softmax", name="predictions", kernel_initializer="ones")(hidden)
    asked, state = [], random.getstate()

    def built(weights):
        asked.append((weights, keras.config.dtype_policy().name))
        random.random()  # as the layers' initializers do
        return keras.Model(inputs, outputs)

    monkeypatch.setattr(keras.applications, "InceptionV3", built)
    keras.config.set_dtype_policy("mixed_float16")
    extractor = features.inception_v3()
    assert random.getstate() == state and asked == [("imagenet", "float32")]
    seen = extractor(np.stack([np.zeros((8, 8, 1)), np.ones((8, 8, 1))]))
    np.testing.assert_allclose(seen, [[-1.0] * 3, [1.0] * 3], atol=1e-5)
    np.testing.assert_allclose(extractor.probabilities(seen), np.full((2, 2), 0.5))
    assert extractor.name == "inception_v3"


def test_inception_without_a_network_names_the_alternative(monkeypatch, tmp_path):
    def failing(weights):
        keras.utils.get_file("none.h5", f"file://{tmp_path}/none.h5", cache_dir=tmp_path / "cache")

    monkeypatch.setattr(keras.applications, "InceptionV3", failing)
    with pytest.raises(
        ConnectionError, match=r"cannot be downloaded .* or features of a classifier .*train_classifier"
    ):
        features.inception_v3()


@pytest.mark.parametrize("kind", [MemoryError, Exception])
def test_another_failure_of_inception_is_not_called_a_connections(kind, monkeypatch):
    def failing(weights):
        raise kind("no room")

    monkeypatch.setattr(keras.applications, "InceptionV3", failing)
    with pytest.raises(kind, match="no room"):
        features.inception_v3()
