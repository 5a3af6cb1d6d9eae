import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import networks


def shapes(network):
    return [layer.output.shape[1:] for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]


def test_it_is_the_published_network_at_the_published_size():
    network = networks.lenet5((32, 32, 1), 10)
    assert shapes(network) == [(28, 28, 6), (10, 10, 16)]
    # C1 156, C3 (dense between channels) 2,416, C5 48,120, F6 10,164, output 850
    assert network.count_params() == 156 + 2416 + 48120 + 10164 + 850


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((28, 28, 1), [(28, 28, 6), (10, 10, 16)]),
        ((64, 64, 3), [(60, 60, 6), (26, 26, 16)]),
        ((8, 8, 1), [(8, 8, 6), (4, 4, 16)]),
        ((64, 9, 2), [(64, 9, 6), (32, 5, 16)]),
        ((1, 1, 1), [(1, 1, 6), (1, 1, 16)]),
    ],
)
def test_any_size_and_channels(shape, expected):
    network = networks.lenet5(shape, 5)
    assert shapes(network) == expected
    assert network(np.zeros((3, *shape), "float32")).shape == (3, 5)
    assert network.get_layer("features").output.shape == (None, 84)


def test_widths_are_arguments_and_the_last_is_that_of_the_features():
    network = networks.lenet5((8, 8, 1), 2, filters=(3, 4), units=(5,), name="small")
    assert shapes(network) == [(8, 8, 3), (4, 4, 4)] and network.name == "small"
    assert network.get_layer("features").output.shape == (None, 5)


def test_the_output_is_that_of_its_layers_one_after_another():
    network = networks.lenet5((8, 8, 1), 3)
    x = hidden = np.random.default_rng(0).random((20, 8, 8, 1)).astype("float32")
    weights = network.get_weights()
    (*convolutions, first, second, (kernel, bias)) = zip(weights[::2], weights[1::2], strict=True)
    for filters, shift in convolutions:
        hidden = ops.relu(ops.conv(hidden, filters, padding="same") + shift)
        hidden = ops.max_pool(hidden, 2, padding="same")
    hidden = ops.reshape(hidden, (20, 2 * 2 * 16))
    for units, shift in (first, second):
        hidden = ops.relu(hidden @ units + shift)
    features = keras.Model(network.input, network.get_layer("features").output)(x)
    np.testing.assert_allclose(features, hidden, atol=1e-5)
    np.testing.assert_allclose(network(x), hidden @ kernel + bias, atol=1e-5)


def test_dropout_is_in_front_of_every_dense_layer_in_training_alone():
    network = networks.lenet5((8, 8, 1), 3, dropout=0.5)
    assert [type(layer).__name__ for layer in network.layers].count("Dropout") == 3
    x = np.ones((4, 8, 8, 1), "float32")
    np.testing.assert_array_equal(network(x), network(x))
    assert not np.array_equal(network(x, training=True), network(x, training=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (28, 28)}, r"must be \(height, width, channels\). Received: input_shape=\(28, 28\)"),
        ({"input_shape": (28, 0, 1)}, "`input_shape` must be an integer >= 1"),
        ({"num_classes": 1}, "`num_classes` must be an integer >= 2"),
        ({"filters": (6,)}, r"Expected: two `filters`, at least one entry in `units`. Received: filters=\[6\]"),
        ({"units": ()}, r"Received: filters=\[6, 16\], units=\[\]"),
        ({"units": (0,)}, "`units` must be an integer >= 1"),
        ({"dropout": 1.0}, r"`dropout` must be a number in \[0, 1\)"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.lenet5(**{"input_shape": (8, 8, 1), "num_classes": 3, **arguments})
