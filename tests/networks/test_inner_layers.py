import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.networks.inner_layers import layer_names, layer_outputs, split

X = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(5, 4)), "float32")


def nested():
    """Two models within each other, skips around both, and a layer that is called twice."""
    inputs = keras.Input((3,))
    deep = keras.Sequential(
        [keras.Input((3,)), layers.Dense(3, "tanh", name="a"), layers.Dense(3, name="b")], name="deep"
    )
    inner = keras.Model(inputs, layers.Add()([deep(inputs), inputs]), name="inner")
    outer = keras.Input((4,))
    first = layers.Dense(3, "tanh", name="first")
    twice = layers.Dense(3, "tanh", name="twice")
    hidden = twice(twice(first(outer)))
    return keras.Model(outer, layers.Concatenate(name="last")([inner(hidden), outer]))


NAMES = ["first", "twice", "inner/deep/a", "inner/deep/b", "inner/deep", "inner/add", "inner", "last"]


def test_names_in_the_order_of_computation():
    found = [name.rstrip("_0123456789") for name in layer_names(nested())]
    assert found == NAMES


@pytest.mark.parametrize("place", [place for place, name in enumerate(NAMES) if name != "twice"])
def test_both_parts_together_are_the_network(place):
    network = nested()
    name = layer_names(network)[place]
    front, rest = split(network, name)
    output = front(X)
    np.testing.assert_allclose(output, layer_outputs(network, [name])(X)[0], atol=1e-6)
    np.testing.assert_allclose(rest(X, output), network(X), atol=1e-6)
    assert np.abs(np.asarray(rest(X, output + 1.0)) - np.asarray(network(X))).max() > 1e-3, "the output is used"


def test_a_layer_that_is_called_several_times_is_refused():
    with pytest.raises(ValueError, match="A network can be split at a layer that it calls once. Received: .* 2 times"):
        split(nested(), "twice")


def test_an_unknown_layer():
    with pytest.raises(ValueError, match="Unknown layer. Did you mean 'inner/deep/a'"):
        split(nested(), "inner/deep/aa")
    with pytest.raises(ValueError, match="`network` must know its layers"):
        split(layers.Dense(3), "a")
