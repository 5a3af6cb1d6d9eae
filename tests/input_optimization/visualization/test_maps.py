import keras
import numpy as np
import pytest
from keras import layers

from keras_gen.input_optimization.visualization import feature_maps, filters
from tests.input_optimization.visualization.networks import classifier, functional, nested

IMAGES = np.random.default_rng(0).random((3, 8, 6, 1)).astype("float32")
RANGE = {"value_range": (0, 1)}


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (functional, ["conv", "pool", "deep"]),
        (classifier, ["conv", "pool", "deep"]),
        (nested, ["inner/conv", "inner/pool", "inner/deep", "inner/concatenate"]),
    ],
)
def test_maps_are_the_outputs_of_the_layers(make, names):
    model = make()
    found = feature_maps(model, IMAGES, batch_size=2, **RANGE)
    assert [name.rstrip("_0123456789") for name in found] == names
    inner = getattr(model, "network", model)
    inner = inner.get_layer("inner") if "inner/conv" in names else inner
    for name, maps in found.items():
        layer = inner.get_layer(name.removeprefix("inner/"))
        np.testing.assert_allclose(maps, keras.Model(inner.inputs[0], layer.output)(IMAGES), atol=1e-6)


def test_a_layer_may_be_named_and_need_not_have_maps():
    model = functional()
    (logits,) = feature_maps(model, 255 * IMAGES, "logits", (0, 255), lambda x: x / 255).values()
    np.testing.assert_allclose(logits, model(IMAGES), atol=1e-6)
    with pytest.raises(ValueError, match="Unknown layer. Did you mean 'conv'"):
        feature_maps(model, IMAGES, ["deep", "con"], **RANGE)
    with pytest.raises(ValueError, match=r"The model must be one of images. .* Received: \(batch, 4\)"):
        feature_maps(keras.Sequential([keras.Input((4,)), layers.Dense(2)]), np.ones((1, 4)), **RANGE)


def test_filters_are_what_a_layer_multiplies_images_with():
    """A filter's image is an input on which it responds with the sum of its squares."""
    network = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            layers.SpectralNormalization(layers.Conv2D(5, 4, use_bias=False), name="conv"),
            layers.Reshape((1, 5)),
        ]
    )
    found = filters(network, "conv")
    assert found.shape == (5, 4, 4, 3)
    np.testing.assert_allclose(np.diag(np.asarray(network(found))[:, 0]), (found**2).sum(axis=(1, 2, 3)), rtol=1e-5)
    dense = keras.Sequential([keras.Input((4, 3, 2)), layers.Flatten(), layers.Dense(5, name="dense")])
    found = filters(dense, "dense")
    assert found.shape == (5, 4, 3, 2)
    np.testing.assert_allclose(np.diag(np.asarray(dense(found))), (found**2).sum(axis=(1, 2, 3)), rtol=1e-5)
    vector = keras.Sequential([keras.Input((4,)), layers.Dense(5, name="dense")])
    np.testing.assert_array_equal(filters(vector, "dense"), np.asarray(vector.layers[0].kernel).T)


def test_filters_of_other_convolutions():
    depthwise = layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise")
    transposed = layers.Conv2DTranspose(3, 2, name="transposed")
    network = keras.Sequential([keras.Input((6, 6, 4)), depthwise, transposed])
    found = filters(network, "depthwise")
    assert found.shape == (8, 3, 3, 1)
    np.testing.assert_array_equal(found[2 * 3 + 1, ..., 0], np.asarray(depthwise.kernel)[:, :, 3, 1])
    found = filters(network, "transposed")
    assert found.shape == (8, 2, 2, 3)
    np.testing.assert_array_equal(found[5, ..., 1], np.asarray(transposed.kernel)[:, :, 1, 5])
    assert filters(nested(), "inner/deep").shape == (5, 3, 3, 4)
    np.testing.assert_array_equal(filters(model := classifier(), "conv"), filters(model.network, "conv"))


def test_layers_without_filters_are_refused():
    with pytest.raises(ValueError, match="Layer 'pool' has no kernel of images. .* Received: AveragePooling2D"):
        filters(functional(), "pool")
    with pytest.raises(ValueError, match="Unknown layer. Did you mean 'pool'"):
        filters(functional(), "pol")
