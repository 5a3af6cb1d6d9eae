import keras
import numpy as np
import pytest

from keras_gen import networks
from keras_gen.networks.inner_layers import layer_outputs

RNG = np.random.default_rng(0)
X = RNG.random((1, 36, 33, 3)).astype("float32")


@pytest.fixture(scope="module")
def published():
    """VGG-16 of `keras.applications` with random weights and biases."""
    network = keras.applications.VGG16(include_top=False, weights=None, input_shape=(None, None, 3))
    for layer in network.layers:
        if layer.weights:
            layer.bias.assign(0.1 * RNG.standard_normal(layer.bias.shape))
    return network


@pytest.fixture(scope="module")
def path(published, tmp_path_factory):
    """A file of its weights."""
    found = {f"{layer.name}/{one.name}": np.asarray(one) for layer in published.layers for one in layer.variables}
    np.savez(path := tmp_path_factory.mktemp("vgg") / "vgg.npz", **found)
    return path


def test_weights_of_a_file_give_the_published_network(published, path):
    network = networks.vgg_convolutions(16, path)
    expected = published(keras.applications.vgg16.preprocess_input(255 * X.copy()))
    assert np.std(expected) > 0.01
    np.testing.assert_allclose(network(X), expected, rtol=1e-3, atol=1e-3)
    assert [layer.name for layer in network.layers if layer.name.startswith("block")] == [
        layer.name for layer in published.layers[1:]
    ]
    assert not network.trainable_variables
    average = networks.vgg_convolutions(16, path, "average")
    front = layer_outputs(network, ["block1_conv2", "block1_pool"])
    maps, largest = map(np.asarray, front(X))
    blocks = maps[:, :, :32].reshape(1, 18, 2, 16, 2, 64)
    np.testing.assert_allclose(largest, blocks.max(axis=(2, 4)), rtol=1e-5)
    (mean,) = layer_outputs(average, ["block1_pool"])(X)
    np.testing.assert_allclose(mean, blocks.mean(axis=(2, 4)), rtol=1e-4, atol=1e-4)


def test_vgg_19_has_the_published_layers_too():
    published = keras.applications.VGG19(include_top=False, weights=None, input_shape=(None, None, 3))
    network = networks.vgg_convolutions(19)
    assert network.name == "vgg19" and network.count_params() == published.count_params()
    assert [layer.name for layer in network.layers if layer.name.startswith("block")] == [
        layer.name for layer in published.layers[1:]
    ]
    assert networks.receptive_field(network)[-1].stride == (32, 32)


def test_imagenet_has_the_weights_of_keras_applications(published, monkeypatch):
    monkeypatch.setattr(keras.applications, "VGG16", lambda include_top, input_shape: published)
    kernel = networks.vgg_convolutions(16, "imagenet").get_layer("block1_conv1").get_weights()[0]
    np.testing.assert_array_equal(kernel, published.get_layer("block1_conv1").get_weights()[0])


def test_bad_input(tmp_path):
    (tmp_path / "text.npz").write_text("no arrays")
    np.savez(tmp_path / "other.npz", **{"block1_conv1/kernel": np.ones((3, 3, 1, 64)), "conv": np.ones(3)})
    np.savez(tmp_path / "empty.npz", conv=np.ones(3))
    for options, message in [
        ({"depth": 11}, "`depth` must be 16 or 19. Received: depth=11"),
        ({"pooling": "mean"}, "Unknown pooling. .* Received: 'mean'"),
        ({"weights": "missing.npz"}, "`weights` must be None, 'imagenet', or the path of .*'missing.npz', which is no"),
        ({"weights": tmp_path / "text.npz"}, "text.npz' cannot be read as .npz: .* Expected: an .npz file"),
        ({"weights": tmp_path / "empty.npz"}, r"empty.npz' does not fit vgg16. Expected: .* Received: arrays 'conv'"),
        (
            {"weights": tmp_path / "other.npz"},
            r"'block1_conv1/kernel' of shape \(3, 3, 3, 64\). Received: shape \(3, 3, 1, 64\)",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            networks.vgg_convolutions(**options)
