import itertools

import keras
import numpy as np
import pytest

from keras_gen import layers, metrics, networks
from keras_gen.networks import parts


def size(filters, blocks, channels, output_channels):
    """Weights, from the formulas of the layers: convolutions without bias, each with a scale and a shift a channel."""
    widths = [filters, 2 * filters, 4 * filters]
    total = 49 * channels * filters + 2 * filters
    for before, after in itertools.pairwise(widths):
        total += 2 * 9 * before * after + 2 * after + 2 * before  # down, and up again
    total += 2 * blocks * (9 * widths[-1] ** 2 + 2 * widths[-1])
    return total + 49 * filters * output_channels + output_channels


@pytest.mark.parametrize(("filters", "blocks", "channels", "output"), [(4, 2, 3, 3), (3, 0, 1, 3), (64, 9, 3, 3)])
def test_the_number_of_weights(filters, blocks, channels, output):
    network = networks.resnet_generator((16, 24, channels), output, filters, blocks)
    assert network.count_params() == size(filters, blocks, channels, output)
    assert network.output_shape == (None, 16, 24, output)


def test_brightness_and_contrast_are_lost_but_for_the_skip():
    x = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 3)).astype("float32")
    plain, skipping = (networks.resnet_generator((8, 8, 3), 2, 4, 1, skip=skip) for skip in (False, True))
    np.testing.assert_allclose(plain(0.5 * x + 0.3), plain(x), atol=1e-3)  # but for its epsilon
    assert np.abs(skipping(0.5 * x + 0.3) - skipping(x)).max() > 0.05
    assert skipping.count_params() == plain.count_params() + 49 * 3 * 2


def test_the_skip_is_the_image_itself():
    network = networks.resnet_generator((8, 8, 1), filters=4, blocks=1, skip=True)
    kernel = np.zeros((7, 7, 4 + 1, 1))
    kernel[3, 3, 4] = 1  # the middle pixel of the last channel
    network.layers[-1].kernel.assign(kernel)
    x = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)).astype("float32")
    np.testing.assert_allclose(network(x), np.tanh(x), atol=1e-6)


@pytest.mark.parametrize(
    ("upsampling", "kind", "more"),
    [
        ("transposed", keras.layers.Conv2DTranspose, 0),
        ("subpixel", layers.SubPixelConv2D, 3 * 9 * (8 * 16 + 4 * 8)),
        ("interpolation", keras.layers.UpSampling2D, 0),
    ],
)
def test_each_upsampling_doubles_the_sides_twice(upsampling, kind, more, tmp_path):
    network = networks.resnet_generator((None, 8, 3), filters=4, blocks=1, upsampling=upsampling)
    assert sum(isinstance(layer, kind) for layer in network.layers) == 2
    assert network.output_shape == (None, None, 8, 3)
    assert network.count_params() == size(4, 1, 3, 3) + more
    network.save(tmp_path / "network.keras")
    x = np.random.default_rng(0).uniform(-1, 1, (2, 12, 8, 3)).astype("float32")
    assert network(x).shape == x.shape
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "network.keras")(x), network(x))


def test_only_the_transposed_upsampling_begins_with_a_checkerboard():
    x = np.ones((1, 16, 16, 4), "float32")
    power = {}
    for upsampling in parts.UPSAMPLINGS:
        images = np.asarray(parts.doubled(x, 64, 3, upsampling))[:, 4:-4, 4:-4]
        power[upsampling] = metrics.phase_variance(images, 2) / np.mean(images**2)
        assert images.std() == pytest.approx(0.02 * np.sqrt(4 * (9 if upsampling != "transposed" else 2.25)), rel=0.2)
    assert power["transposed"] == pytest.approx(0.75, abs=0.05)  # four independent phases
    assert power["subpixel"] < 1e-9 and power["interpolation"] < 1e-9


def test_blocks_by_the_size_of_the_image():
    for sides, blocks in (((128, 128), 6), ((128, 256), 6), ((256, 256), 9)):
        network = networks.resnet_generator((*sides, 3), filters=1)
        kinds = [type(layer) for layer in network.layers]
        assert kinds.count(keras.layers.Add) == blocks
        assert kinds.count(layers.InstanceNormalization) == 5 + 2 * blocks
        assert kinds.count(keras.layers.ReLU) == 5 + blocks, "none after the second convolution of a block"
    block = next(layer for layer in network.layers if isinstance(layer, keras.layers.Add))
    assert [type(tensor._keras_history.operation) for tensor in block.input] == [
        keras.layers.ReLU,
        layers.InstanceNormalization,
    ]
    assert isinstance(network.layers[-2], layers.ReflectionPadding2D)


def test_fewer_halvings_for_small_images():
    network = networks.resnet_generator((6, 7, 1), filters=4, blocks=1, downsamplings=0)
    assert network.output_shape == (None, 6, 7, 1)
    assert network.count_params() == 49 * 4 + 8 + 2 * (9 * 16 + 8) + 49 * 4 + 1


def test_each_channel_of_each_image_is_normalised_by_itself():
    x = keras.random.normal((3, 6, 5, 4), mean=[2.0, -1.0, 0.0, 5.0], stddev=[1.0, 3.0, 0.1, 2.0], seed=0)
    normalised = keras.ops.convert_to_numpy(layers.InstanceNormalization()(x))
    np.testing.assert_allclose(normalised.mean(axis=(1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(normalised.std(axis=(1, 2)), 1, atol=5e-3)
    network = networks.resnet_generator((8, 8, 1), filters=16, blocks=2)
    kernels = [layer.kernel for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert float(np.concatenate([np.ravel(kernel) for kernel in kernels]).std()) == pytest.approx(0.02, rel=0.05)


def test_each_image_is_translated_by_itself_whatever_the_batch():
    network = networks.resnet_generator((8, 8, 1), filters=2, blocks=1)
    x = np.random.default_rng(0).uniform(-1, 1, (3, 8, 8, 1)).astype("float32")
    alone = np.concatenate([network(x[i : i + 1]) for i in range(3)])
    np.testing.assert_allclose(network(x), alone, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: networks.resnet_generator((30, 32, 3)),
            r"sides divisible by 4, of at least 8.* Received: \(30, 32, 3\)",
        ),
        (lambda: networks.resnet_generator((4, 4, 3)), "of at least 8"),
        (lambda: networks.resnet_generator((32, 32)), r"must be \(height, width, channels\)"),
        (
            lambda: networks.resnet_generator((32, 32, 3), upsampling="sub_pixel"),
            r"Unknown upsampling. Did you mean 'subpixel'\? Expected: one of .'interpolation', 'subpixel', 'trans",
        ),
        (lambda: networks.resnet_generator((32, 32, 3), blocks=-1), "`blocks` must be an integer >= 0"),
        (lambda: networks.resnet_generator((32, 32, 3), filters=0), "`filters` must be an integer >= 1"),
        (lambda: networks.resnet_generator((32, 32, 3), output_channels=0), "`output_channels` must be"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
