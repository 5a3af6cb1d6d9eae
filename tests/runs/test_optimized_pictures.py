import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from keras_gen import models, networks, runs
from keras_gen.input_optimization import style_networks, texture_synthesis
from keras_gen.input_optimization.visualization import deep_dream
from keras_gen.runs.optimized_pictures import picture

RNG = np.random.default_rng(0)


@pytest.fixture
def files(tmp_path):
    """Two pictures, of different sizes and kinds."""
    Image.fromarray(RNG.integers(0, 255, (30, 40, 3), "uint8")).save(tmp_path / "a.png")
    Image.fromarray(RNG.integers(0, 255, (24, 24), "uint8")).save(tmp_path / "b.jpg")
    return tmp_path / "a.png", tmp_path / "b.jpg"


@pytest.fixture(autouse=True)
def _small_network(monkeypatch):
    """A few random filters in place of VGG-19, which cannot be downloaded in a test."""
    bank = networks.random_filter_bank(filters=4, kernel_sizes=(3,))
    monkeypatch.setattr(style_networks, "default_network", lambda: bank)


def test_pictures_are_reduced_to_their_longer_side_and_never_enlarged(files):
    assert picture(files[0], 20).shape == (1, 15, 20, 3)
    assert picture(files[0], 400).shape == (1, 30, 40, 3)
    assert picture(files[1], 12, channels=1).shape == (1, 12, 12, 1)
    assert 0 <= picture(files[0], 20).min() <= picture(files[0], 20).max() <= 1


def test_a_texture_and_a_style_are_those_of_the_methods(files):
    made = runs.texture(files[0], side=20, size=16, steps=2, seed=3)
    expected = texture_synthesis(picture(files[0], 20), 16, steps=2, seed=3).images[0]
    np.testing.assert_array_equal(made, expected)
    styled = runs.style(*files, side=20, steps=2, keep_colors=True)
    content = picture(files[0], 20)[0]
    assert styled.shape == content.shape
    assert np.ptp(styled - content, axis=-1).max() < 1e-3, "the chrominance is kept"


def test_a_run_dreams_in_its_own_range_and_channels(files, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    inputs = keras.Input((None, None, 1))
    hidden = layers.Conv2D(3, 3, activation="relu", name="conv")(inputs)
    network = keras.Model(inputs, layers.Dense(4)(layers.GlobalAveragePooling2D()(hidden)))
    models.Classifier(network, value_range=(-1, 1)).save(folder / "model.keras")
    runs.Settings("lenet5").write(folder)
    made = runs.dream(files[0], "conv", folder, side=24, steps=2, octaves=2)
    model = runs.load_run(folder).model
    expected = deep_dream(model, 2 * picture(files[0], 24, 1) - 1, "conv", steps=2, octaves=2)
    np.testing.assert_allclose(made, (expected[0] + 1) / 2, atol=1e-6)
    with pytest.raises(ValueError, match="Unknown layer. Did you mean 'conv'"):
        runs.dream(files[0], "cov", folder)
    with pytest.raises(ValueError, match="--run takes the network of a run, of which --layer must be named"):
        runs.dream(files[0], run=folder)


def test_a_run_of_images_of_one_size_dreams_in_that_size(files, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    models.Classifier(networks.lenet5((10, 8, 1), 3), value_range=(0, 1)).save(folder / "model.keras")
    runs.Settings("lenet5").write(folder)
    layer = runs.load_run(folder).model.network.layers[1].name
    assert runs.dream(files[0], layer, folder, steps=1, octaves=1).shape == (10, 8, 1)


def test_without_weights_there_is_no_dream(files, monkeypatch):
    def unreachable():
        raise OSError("no connection")

    monkeypatch.setattr(style_networks, "_require_weights", unreachable)
    with pytest.raises(
        ValueError, match=r"could not be downloaded \(no connection\). Expected: a connection, --weights"
    ):
        runs.dream(files[0])
