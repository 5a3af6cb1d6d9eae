import keras
import numpy as np
import pytest
from keras import layers

from keras_gen import models, networks, presets, runs


def saved(folder, network):
    models.Classifier(network).save(folder / "model.keras")
    runs.Settings("lenet5").write(folder)
    return folder


def test_every_picture_of_a_convolutional_network(tmp_path):
    network = networks.lenet5((8, 8, 1), 10, filters=(3, 5), units=(12,))
    figures = runs.visualize(saved(tmp_path, network), n=3, steps=2)
    assert set(figures) == {"filters.png", "preferred.png", "typical.png", "attribution.png"}
    titles = {name: figure.axes[0].get_title() for name, figure in figures.items() if name != "attribution.png"}
    assert titles["filters.png"] == f"filters of {network.layers[1].name}"
    assert network.layers[4].name in titles["preferred.png"].replace("\n", " ")
    assert "most typical of 0, 1, 2" in titles["typical.png"].replace("\n", " ")
    assert [axes.get_ylabel() for axes in figures["attribution.png"].axes[::3]] == ["images", "saliency", "grad-CAM"]
    other = runs.visualize(tmp_path, layer=network.layers[1].name, n=1, steps=1)["preferred.png"]
    assert network.layers[1].name in other.axes[0].get_title()


def test_the_layer_may_be_within_a_model(tmp_path):
    inner = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3, name="conv")], name="inner")
    network = keras.Sequential([keras.Input((8, 8, 1)), inner, layers.Flatten(), layers.Dense(10)])
    figures = runs.visualize(saved(tmp_path, network), layer="inner/conv", n=1, steps=1)
    assert "inner/conv" in figures["preferred.png"].axes[0].get_title().replace("\n", " ")


def test_a_dense_network_has_no_maps(tmp_path):
    network = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10, name="logits")])
    figures = runs.visualize(saved(tmp_path, network), n=2, steps=1)
    assert set(figures) == {"filters.png", "typical.png", "attribution.png"}
    assert [axes.get_ylabel() for axes in figures["attribution.png"].axes[::2]] == ["images", "saliency"]
    shown = figures["filters.png"].axes[0].images[0].get_array()
    assert np.ptp(shown) == pytest.approx(1)


def test_bad_options(tmp_path):
    folder = saved(tmp_path, networks.lenet5((8, 8, 1), 10, filters=(2, 2), units=(4,)))
    with pytest.raises(ValueError, match="Unknown layer with maps. .* Received: 'features'"):
        runs.visualize(folder, layer="features")
    presets.build("vae", (8, 8, 1), width=0.02).save(tmp_path / "model.keras")
    runs.Settings("vae").write(tmp_path)
    with pytest.raises(ValueError, match="`visualize` needs a model with the task 'classify'"):
        runs.visualize(folder)
