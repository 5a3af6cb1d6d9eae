import keras
import numpy as np
import pytest

from keras_gen import layers, networks


def test_the_number_of_weights_is_the_published_one():
    """Of 256x256x3 to 3 channels: 54.414 million with instance normalisation's pairs (Isola et al.'s own U-Net)."""
    widths = [64, 128, 256, 512, 512, 512, 512, 512]
    total = 16 * 3 * 64 + 64
    for number in range(1, 8):
        total += 16 * widths[number - 1] * widths[number] + (512 if number == 7 else 2 * widths[number])
    before = 512
    for number in range(6, -1, -1):
        total += 16 * before * widths[number] + 2 * widths[number]
        before = 2 * widths[number]
    total += 16 * before * 3 + 3
    assert networks.unet_generator((256, 256, 3)).count_params() == total


@pytest.mark.parametrize(("shape", "halvings"), [((32, 32, 1), 5), ((24, 16, 3), 3), ((None, None, 3), 5)])
def test_by_default_sides_are_halved_as_long_as_they_are_even(shape, halvings):
    network = networks.unet_generator(shape, 2, filters=2)
    assert sum(isinstance(layer, keras.layers.Conv2DTranspose) for layer in network.layers) == halvings
    assert network.output_shape == (None, *shape[:2], 2)


def test_details_pass_by_the_bottleneck():
    """With an innermost layer of zeros, the output still follows each pixel's neighbourhood, and only that."""
    network = networks.unet_generator((16, 16, 1), filters=4, downsamplings=3, normalization="batch")
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D) and layer.filters == 16:
            layer.set_weights([0 * weight for weight in layer.get_weights()])
    x = np.zeros((2, 16, 16, 1), "float32")
    x[1, 3, 3] = 1
    difference = np.abs(np.diff(network(x), axis=0)[0]).max(axis=-1)
    assert difference[3, 3] > 1e-6 and difference[12:].max() == difference[:, 12:].max() == 0


def test_dropout_is_at_the_three_innermost_layers_and_normalization_is_chosen():
    network = networks.unet_generator((32, 32, 1), filters=2)
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in network.layers) == 3
    assert sum(isinstance(layer, layers.InstanceNormalization) for layer in network.layers) == 3 + 4
    batch = networks.unet_generator((32, 32, 1), filters=2, normalization="batch", dropout=0.0)
    assert sum(isinstance(layer, keras.layers.BatchNormalization) for layer in batch.layers) == 3 + 4
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in batch.layers)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (28, 30, 1), "downsamplings": 2}, r"sides divisible by 4.*Received: \(28, 30, 1\)"),
        ({"input_shape": (7, 8, 1)}, "sides divisible by 2, 2 to the number of halvings"),
        ({"input_shape": (8, 8, 1), "normalization": "layer"}, "Unknown normalization"),
        ({"input_shape": (8, 8, 1), "dropout": 1.0}, "`dropout` must be a number in"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        networks.unet_generator(**options)
