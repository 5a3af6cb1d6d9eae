import keras
import pytest
from keras import ops

from keras_gen.training.introspection import last_activations, output_range

INPUTS = keras.Input((4,))


def of(outputs):
    return last_activations(keras.Model(INPUTS, outputs))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: keras.layers.Dense(2, "tanh")(INPUTS), "tanh"),
        (lambda: keras.layers.Dense(2)(INPUTS), "linear"),
        (lambda: keras.layers.Dense(2, keras.layers.ELU())(INPUTS), "elu"),
        (lambda: keras.layers.ELU()(INPUTS), "elu"),
        (lambda: keras.layers.PReLU()(INPUTS), "prelu"),
        (lambda: keras.layers.LeakyReLU()(INPUTS), "leaky_relu"),
        (lambda: ops.softplus(INPUTS), "softplus"),
        (lambda: ops.hard_sigmoid(INPUTS), "hard_sigmoid"),
        (lambda: ops.reshape(ops.sigmoid(INPUTS), (-1, 2, 2)), "sigmoid"),
        (lambda: keras.layers.Dropout(0.5)(keras.layers.Activation("tanh")(INPUTS)), "tanh"),
        (lambda: keras.layers.Activation("linear")(keras.layers.Dense(2, "tanh")(INPUTS)), "tanh"),
        (lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "sigmoid")])(INPUTS), "sigmoid"),
        (lambda: keras.layers.SpectralNormalization(keras.layers.Dense(2, "tanh"))(INPUTS), "tanh"),
        (lambda: keras.layers.Dense(2, "tanh")(INPUTS) * 2.0, "linear"),
    ],
)
def test_the_activation_that_makes_the_output(make, name):
    assert of(make()) == [name]


def test_a_layer_that_is_used_twice_is_followed_where_it_is_last():
    reshape = keras.layers.Reshape((4,))
    assert of(reshape(keras.layers.Dense(4, "tanh")(reshape(INPUTS)))) == ["tanh"]


def test_each_output_of_a_network_within_has_its_own():
    inner = keras.Model(INPUTS, [keras.layers.Dense(2, "tanh")(INPUTS), keras.layers.Dense(2, "sigmoid")(INPUTS)])
    network = keras.Model(INPUTS, inner(INPUTS)[::-1])
    assert last_activations(network) == ["sigmoid", "tanh"]
    assert output_range(network) == (0, 1)
