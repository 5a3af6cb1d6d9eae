import keras
import numpy as np
import pytest

from keras_gen.networks.resized import resized_network


def test_the_layers_are_kept_and_take_other_sizes():
    fixed = keras.Sequential(
        [keras.Input((8, 6, 3)), keras.layers.Conv2D(4, 3, name="conv"), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    free, x = resized_network(fixed, ["conv"]), np.random.default_rng(0).random((2, 8, 6, 3))
    assert free.get_layer("conv") is fixed.get_layer("conv")
    np.testing.assert_allclose(free(x), fixed.get_layer("conv")(x), rtol=1e-6)
    assert free(np.zeros((1, 20, 30, 3))).shape == (1, 18, 28, 4)
    assert resized_network(free, ["conv"], (10, 12)).output_shape == (None, 8, 10, 4)


def test_branches():
    inputs = keras.Input((8, 8, 3))
    first, second = keras.layers.Conv2D(4, 3, name="first")(inputs), keras.layers.Conv2D(2, 5, name="second")(inputs)
    network = keras.Model(inputs, keras.layers.Concatenate()([first[:, 1:-1, 1:-1], second]))
    free = resized_network(network, ["second", "first"])
    assert {layer.name for layer in free.layers} >= {"first", "second"} and free.input_shape == (None, None, None, 3)


def test_layers_that_need_one_size():
    inner = keras.Sequential([keras.Input((8, 6, 4)), keras.layers.Conv2D(2, 1, name="deep")], name="inner")
    nested = keras.Sequential([keras.Input((8, 6, 3)), keras.layers.Conv2D(4, 3, padding="same"), inner])
    flat = keras.Sequential([keras.Input((8, 6, 3)), keras.layers.Flatten(), keras.layers.Dense(2, name="code")])
    message = r"must take images of any size up to the layers \['{}'\]. .* Received: inputs of shape \(8, 6, 3\), {}"
    with pytest.raises(ValueError, match=message.format("inner/deep", "and within it model 'inner'")):
        resized_network(nested, ["inner/deep"])
    with pytest.raises(ValueError, match=message.format("code", ".*")):
        resized_network(flat, ["code"], (16, 16))
