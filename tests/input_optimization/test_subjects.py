import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.input_optimization.subjects import logits_network, subject
from keras_gen.networks.inner_layers import layer_outputs

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


def nested():
    inner = keras.Sequential(
        [keras.Input((3,)), layers.Dense(6, "relu", name="a"), layers.Dense(2, name="b")], name="inner"
    )
    inputs = keras.Input((4,))
    hidden = layers.Dense(3, "tanh", name="first")(inputs)
    outputs = layers.Softmax(name="last")(inner(hidden))
    return keras.Model(inputs, outputs)


def test_outputs_of_inner_layers_in_the_order_asked_for():
    network = nested()
    first, inner = network.get_layer("first"), network.get_layer("inner")
    found = layer_outputs(network, ["inner/b", "first", "inner/a", "inner", "last"])(X)
    hidden = first(X)
    expected = [inner(hidden), hidden, inner.get_layer("a")(hidden), inner(hidden), network(X)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_weights_are_read_at_each_call():
    network = nested()
    function = layer_outputs(network, ["inner/a"])
    before = np.array(function(X)[0])
    network.get_layer("first").kernel.assign(2 * network.get_layer("first").kernel)
    assert np.abs(before - np.array(function(X)[0])).max() > 0.01


def test_an_unknown_layer():
    with pytest.raises(ValueError, match="Unknown layer. Did you mean 'inner/a'"):
        layer_outputs(nested(), ["inner/aa"])


def test_logits_are_those_in_front_of_the_softmax_where_probabilities_are_saturated():
    inputs = keras.Input((4,))
    dense = layers.Dense(3, "softmax")
    for outputs in (dense(inputs), layers.Activation("softmax")(layers.Dense(3)(inputs)), ops.softmax(2 * inputs)):
        network = keras.Model(inputs, outputs)
        logits = subject(network, (-1, 1)).logits()(200 * X)
        np.testing.assert_allclose(ops.softmax(logits), network(200 * X), atol=1e-6)
        assert np.ptp(np.asarray(logits)) > 50


def test_the_layer_of_logits_keeps_its_name():
    network = keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax", name="out")])
    assert logits_network(network).layers[-1].name == "out"


def test_other_softmax_outputs_are_logarithms():
    inputs = keras.Input((4,))
    network = keras.Model(inputs, layers.Reshape((3,))(layers.Dense(3, "softmax")(inputs)))
    np.testing.assert_allclose(subject(network, (-1, 1)).logits()(X), np.log(network(X)), atol=1e-6)


def test_models_of_several_inputs_are_refused():
    inputs = [keras.Input((4,)), keras.Input((4,))]
    with pytest.raises(ValueError, match="`model` must have one input. Received: 2 inputs"):
        subject(keras.Model(inputs, layers.Add()(inputs)), (0, 1))
