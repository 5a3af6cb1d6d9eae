"""Convolutions to few channels against Keras's own: values, and gradients of the first and second order."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen.layers import NarrowConv2D

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 6, 5, 8)).astype("float32")
ARGUMENTS = [  # filters, kernel, padding
    (1, 3, "same"),
    (3, (5, 4), "same"),
    (2, (2, 5), "valid"),
    (1, (1, 9), "same"),
    (8, 3, "same"),  # not few
    (1, 2, "same"),  # a small kernel
]
OTHERS = {"strides": 2, "dilation_rate": 2, "dtype": "mixed_bfloat16"}


def pair(filters, size, padding, **options):
    """A layer and Keras's, with equal weights."""
    narrow = NarrowConv2D(filters, size, padding=padding, activation="tanh", **options)
    plain = keras.layers.Conv2D.from_config(narrow.get_config())
    for layer in (narrow, plain):
        layer.build(X.shape)
    plain.set_weights([RNG.normal(size=weight.shape) for weight in plain.weights])
    narrow.set_weights(plain.get_weights())
    return narrow, plain


def measurements(layer, x):
    """Values, gradients of their weighted sum and gradients of those gradients' squares."""
    weights = [weight.value for weight in layer.trainable_weights]
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            values = layer(x)
            loss = ops.sum(ops.cast(values, "float32") * np.cos(np.arange(np.size(values))).reshape(values.shape))
        first = inner.gradient(loss, [x, *weights])
        squares = sum(tf.reduce_sum(gradient**2) for gradient in first)
    return [values, *first, *outer.gradient(squares, [x, *weights])]


def assert_equal(narrow, plain, tolerance=1e-4):
    for found, expected in zip(*(measurements(layer, tf.constant(X)) for layer in (narrow, plain)), strict=True):
        found, expected = (np.asarray(ops.cast(one, "float32")) for one in (found, expected))
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_values_and_gradients_are_those_of_keras(arguments):
    assert_equal(*pair(*arguments))


@pytest.mark.parametrize("option", OTHERS)
def test_what_has_no_product_is_computed_as_keras_does(option):
    assert_equal(*pair(1, 3, "same", **{option: OTHERS[option]}), tolerance=1e-2)


def test_few_channels_take_a_product_and_no_convolution():
    def operations(layer):
        graph = tf.function(layer).get_concrete_function(tf.TensorSpec((None, None, None, 8))).graph
        return {operation.type for operation in graph.get_operations()}

    narrow, plain = pair(3, 3, "same")
    assert "MatMul" in operations(narrow) and not any("Conv" in name for name in operations(narrow))
    assert any("Conv" in name for name in operations(plain))


def test_a_saved_one_comes_back(tmp_path):
    model = keras.Sequential([keras.Input((None, None, 8)), NarrowConv2D(1, 3, padding="same")])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.layers[-1]) is NarrowConv2D
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
