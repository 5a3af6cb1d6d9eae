import keras
import numpy as np
import pytest

from keras_gen import networks
from keras_gen.layers import MaxPoolWithSwitches2D, MaxUnpool2D

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("switches", [True, False])
def test_parameters_follow_the_formula(switches):
    network = networks.deconvnet((12, 12, 3), 5, (4, 6), depth=2, switches=switches)
    kernels = [(3, 4), (4, 4), (4, 6), (6, 6), (6, 6), (6, 4), (4, 4), (4, 4)]
    normalised = sum(4 * channels for _, channels in kernels)
    assert network.count_params() == sum(9 * a * b for a, b in kernels) + normalised + 4 * 5 + 5


@pytest.mark.parametrize("switches", [True, False])
def test_values_come_back_to_the_places_of_the_maxima(switches):
    """With one convolution that passes its input on, a network is its poolings and unpoolings."""
    network = networks.deconvnet((6, 6, 1), 2, (1,), depth=1, switches=switches)
    passing = np.zeros((3, 3, 1, 1))
    passing[1, 1] = 1
    for layer in network.layers:
        if hasattr(layer, "kernel") and layer.name != "logits":
            layer.kernel.assign(passing)
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.epsilon = 0.0
    network.get_layer("logits").kernel.assign([[[[1.0, -1.0]]]])
    x = RNG.random((2, 6, 6, 1)).astype("float32")
    windows = x.reshape(2, 3, 2, 3, 2)
    highest = windows.max(axis=(2, 4), keepdims=True)
    kept = np.where(switches & (windows < highest), 0, highest).reshape(x.shape)  # all four without switches
    np.testing.assert_allclose(network(x), np.concatenate([kept, -kept], axis=-1), atol=1e-6)


def test_rectifiers_follow_the_normalisation_of_every_convolution_but_the_last():
    network = networks.deconvnet((8, 8, 1), 2, (2, 3), depth=2)
    kinds = [type(layer) for layer in network.layers if not isinstance(layer, (MaxPoolWithSwitches2D, MaxUnpool2D))]
    convolution, transposed = keras.layers.Conv2D, keras.layers.Conv2DTranspose
    normalised = [
        kind
        for first in [convolution] * 4 + [transposed] * 4
        for kind in (first, keras.layers.BatchNormalization, keras.layers.ReLU)
    ]
    assert kinds == [keras.layers.InputLayer, *normalised, convolution]


def test_pixels_of_any_size_of_image():
    network = networks.deconvnet((None, None, 1), 3, (2, 2), depth=1)
    for sides in ((7, 9), (8, 5)):
        assert network(RNG.random((1, *sides, 1))).shape == (1, *sides, 3)
    assert networks.deconvnet((7, 9, 1), 3, (2, 2), switches=False).output_shape == (None, 7, 9, 3)


def test_a_network_comes_back_from_its_file(tmp_path):
    network = networks.deconvnet((7, 9, 1), 2, (2, 3), depth=1)
    network.save(tmp_path / "network.keras")
    again, x = keras.saving.load_model(tmp_path / "network.keras"), RNG.random((2, 7, 9, 1))
    np.testing.assert_array_equal(again(x), network(x))
    assert sum(isinstance(layer, MaxPoolWithSwitches2D) for layer in again.layers) == 2


def test_unknown_sides_need_switches():
    with pytest.raises(ValueError, match=r"must be fixed: only they know .* Received: input_shape=\(None, 8, 1\)"):
        networks.deconvnet((None, 8, 1), 2, switches=False)
