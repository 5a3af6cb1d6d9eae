import keras
import numpy as np
import pytest

from keras_gen import layers, networks
from keras_gen.training.introspection import output_range


@pytest.mark.parametrize("normalization", ["batch", None])
def test_the_number_of_weights_of_the_published_network(normalization):
    """Figure 4: k9n64, 16 blocks of two k3n64, one more, two k3n256 with shuffling, k9n3; a slope a channel."""
    own = 4 * 64 if normalization else 64  # of a normalisation, or of a bias
    convolution = 9 * 64 * 64 + own
    total = 81 * 3 * 64 + 64 + 64 + 16 * (2 * convolution + 64) + convolution
    total += 2 * (9 * 64 * 256 + 256 + 64) + 81 * 64 * 3 + 3
    assert networks.srresnet((24, 24, 3), normalization=normalization).count_params() == total


@pytest.mark.parametrize("direct", [False, True])
def test_the_untrained_network_with_a_skip_interpolates_and_is_then_moved(direct):
    options = {"direct": direct, "skip": True, "output_activation": "hard_tanh", "normalization": None}
    network = networks.srresnet((None, None, 3), 4, 4, 1, **options)
    x = np.random.default_rng(0).uniform(-1, 1, (2, 6, 5, 3)).astype("float32")
    expected = keras.ops.image.resize(x, (24, 20), "bilinear")
    np.testing.assert_allclose(network(x), expected, atol=1e-6)
    assert output_range(network) == (-1, 1)
    assert sum(isinstance(layer, layers.SubPixelConv2D) for layer in network.layers) == (1 if direct else 2)
    network.compile("sgd", "mse", run_eagerly=True)
    for _ in range(3):
        error = network.train_on_batch(x, 0.5 * np.asarray(expected))
    assert error < np.mean((0.5 * np.asarray(expected)) ** 2)
    assert not np.allclose(network(x), expected, atol=1e-4)


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_sides_are_multiplied(scale):
    network = networks.srresnet((None, None, 1), scale, 2, 1)
    assert network(np.zeros((1, 3, 5, 1))).shape == (1, 3 * scale, 5 * scale, 1)
    assert sum(isinstance(layer, layers.SubPixelConv2D) for layer in network.layers) == np.log2(scale)


def test_a_pixel_reaches_its_neighbourhood_alone():
    """The input's layer also goes past the blocks: without their weights, they add nothing."""
    network = networks.srresnet((24, 24, 1), 2, 3, 2, normalization=None)
    x = np.zeros((2, 24, 24, 1), "float32")
    x[1, 0, 0] = 1
    difference = np.abs(np.diff(network(x), axis=0)[0])
    reach = 4 + 2 * 2 + 1 + 1  # small pixels: the first layer, two of each block, the one after them, the doubling
    assert difference[0, 0] > 0 and difference[2 * (reach + 1) + 4 :].max() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 3}, "`scale` must be a power of two. Expected: 2, 4, 8, ... Received: scale=3"),
        ({"scale": 2.0}, "`scale` must be a power of two"),
        ({"blocks": -1}, "`blocks` must be an integer >= 0"),
        ({"normalization": "instance"}, "Unknown normalization"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        networks.srresnet((8, 8, 1), **options)


def test_phases_begin_alike():
    """At the start each small pixel becomes a flat block, but for the last convolution: no checkerboard."""
    keras.utils.set_random_seed(0)
    network = networks.srresnet((6, 6, 1), 2, 3, 1, normalization=None)
    before = keras.Model(network.inputs[0], network.layers[-2].input)
    maps = np.asarray(before(np.random.default_rng(0).random((1, 6, 6, 1))))
    np.testing.assert_allclose(maps[:, ::2, ::2], maps[:, 1::2, 1::2], atol=1e-6)
