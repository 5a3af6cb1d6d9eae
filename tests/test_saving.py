import zipfile

import keras
import numpy as np
import pytest

import keras_gen
from keras_gen import models, networks, presets, saving


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.keras"
    presets.build("vae", (8, 8, 1), width=0.02).save(path)
    return path


def test_missing_and_truncated_files(saved, tmp_path):
    with pytest.raises(ValueError, match=r"No saved model at that path. Expected: a .keras file. Received: '.*absent"):
        keras_gen.load_model(tmp_path / "absent.keras")
    for size in (0, 100, len(saved.read_bytes()) // 2):
        cut = tmp_path / f"cut-{size}.keras"
        cut.write_bytes(saved.read_bytes()[:size])
        with pytest.raises(ValueError, match=f"cut short or is not a saved model.*{size} bytes"):
            keras_gen.load_model(cut)


def test_a_damaged_file(saved):
    content = bytearray(saved.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    saved.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="is damaged and cannot be loaded"):
        keras_gen.load_model(saved)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(name, saved):
    with zipfile.ZipFile(saved) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    parts[name] += bytes(saving._LARGEST_TEXT)
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    with pytest.raises(
        ValueError, match=f"is damaged or hostile. Expected: a '{name}' of at most 64 MiB. Received: 64"
    ):
        keras_gen.load_model(saved)


def test_a_model_of_more_weights_than_its_file_has_is_refused_before_they_take_memory(tmp_path):
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content.replace(b'"units": 2', b'"units": 1000000000000'))
    with pytest.raises(ValueError, match=r"Expected: the 5,000,000,000,000 weights of its model. Received: .* bytes"):
        keras_gen.load_model(path)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.GRU(3, stateful=True),
        lambda: keras.layers.Bidirectional(keras.layers.LSTM(2, stateful=True)),
        lambda: keras.layers.MultiHeadAttention(2, 3),
    ],
)
def test_layers_with_states_of_their_own_are_loaded(layer, tmp_path):
    x, layer = keras.Input(batch_shape=(2, 5, 4)), layer()
    output = layer(x, x) if isinstance(layer, keras.layers.MultiHeadAttention) else layer(x)
    model = keras.Model(x, output)
    model.save(tmp_path / "model.keras")
    given = np.ones((2, 5, 4), "float32")
    again = keras_gen.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(given), model(given))


@pytest.mark.parametrize("text", ["[" * 100_000, "3", "null", '{"class_name": []}', "{"])
def test_a_configuration_that_is_none_is_refused(text, saved):
    with zipfile.ZipFile(saved) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(saved, "w") as archive:
        for part, content in {**parts, "config.json": text}.items():
            archive.writestr(part, content)
    with pytest.raises(ValueError, match="model.keras' is damaged"):
        keras_gen.load_model(saved)


def test_a_file_that_carries_code_is_refused_unless_the_caller_says_otherwise(tmp_path):
    inputs = keras.Input((2,))
    outputs = keras.layers.Dense(4)(keras.layers.Lambda(lambda z: z * 2)(inputs))
    model = models.VAE(networks.mlp_encoder((4,), (), 2), keras.Model(inputs, outputs))
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="[Ll]ambda"):
        keras_gen.load_model(tmp_path / "model.keras")
    again = keras_gen.load_model(tmp_path / "model.keras", safe_mode=False)
    z = np.ones((3, 2), "float32")
    np.testing.assert_allclose(again.decode(z), model.decode(z), rtol=1e-6)


def test_keras_own_loader_works_too(saved):
    assert keras.saving.load_model(saved).sample(2).shape == (2, 8, 8, 1)


def test_a_runs_folder_is_loaded_and_older_formats_are_refused(tmp_path):
    model = presets.build("vae", (8, 8, 1), width=0.02)
    model.save(tmp_path / "model.keras")
    assert keras_gen.load_model(tmp_path).latent_dim == 2
    with pytest.raises(ValueError, match="must end in .keras, the one format that holds everything. Received: .*x.h5"):
        model.save(tmp_path / "x.h5")
    assert not (tmp_path / "x.h5").exists()


class Scale(keras.layers.Layer):
    """A layer whose configuration does not hold its argument."""

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return self.factor * x

    def get_config(self):
        return super().get_config()


def test_a_class_that_is_missing_and_one_that_cannot_be_rebuilt_are_told_apart(tmp_path):
    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, keras.layers.Dense(2)(Scale(2.0)(inputs)))
    models.Autoencoder(encoder, networks.mlp_decoder(2, (), (4,))).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"needs the class 'Scale', which is not .* or custom_objects={'Scale': ...}$"):
        keras_gen.load_model(tmp_path / "model.keras", custom_objects={"Other": Scale})
    with pytest.raises(ValueError, match="(?s)cannot be rebuilt from its configuration.*Scale"):
        keras_gen.load_model(tmp_path / "model.keras", custom_objects={"Scale": Scale})
