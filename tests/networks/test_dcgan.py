import itertools

import keras
import numpy as np
import pytest

from keras_gen import networks
from keras_gen.layers import leaky_relu
from keras_gen.metrics import phase_variance


def generator_size(latent_dim, base, doublings, filters, channels, kernel=5, normalized=True):
    """Weights of the generator, from the formulas of its layers."""
    bias, widths = 0 if normalized else 1, [filters * 2**number for number in range(doublings, 0, -1)]
    flat = base * base * widths[0]
    total = latent_dim * flat + bias * flat + (4 * widths[0] if normalized else 0)
    for before, after in itertools.pairwise(widths):
        total += kernel**2 * before * after + (4 * after if normalized else after)
    return total + kernel**2 * widths[-1] * channels + channels


def discriminator_size(base, doublings, filters, channels, kernel=5, normalized=True):
    widths = [filters * 2**number for number in range(1, doublings + 1)]
    total = kernel**2 * channels * widths[0] + widths[0]
    for before, after in itertools.pairwise(widths):
        total += kernel**2 * before * after + (4 * after if normalized else after)
    return total + base * base * widths[-1] + 1


@pytest.mark.parametrize(
    ("side", "channels", "base", "doublings"), [(8, 1, 4, 1), (28, 1, 7, 2), (32, 3, 4, 3), (64, 3, 4, 4)]
)
@pytest.mark.parametrize("normalization", ["batch", None])
def test_weights_are_as_many_as_the_layers_formulas_say(side, channels, base, doublings, normalization):
    shape, normalized = (side, side, channels), normalization == "batch"
    generator = networks.dcgan_generator(10, shape, 4, normalization=normalization)
    assert generator.count_params() == generator_size(10, base, doublings, 4, channels, normalized=normalized)
    discriminator = networks.dcgan_discriminator(shape, 4, normalization=normalization)
    assert discriminator.count_params() == discriminator_size(base, doublings, 4, channels, normalized=normalized)
    assert generator.output_shape == discriminator.input_shape == (None, *shape)


def test_the_published_generator_has_the_published_maps():
    generator = networks.dcgan_generator(100, (64, 64, 3))
    maps = [layer.output.shape[1:] for layer in generator.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    reshaped = next(layer.output.shape[1:] for layer in generator.layers if isinstance(layer, keras.layers.Reshape))
    assert [reshaped, *maps] == [(4, 4, 1024), (8, 8, 512), (16, 16, 256), (32, 32, 128), (64, 64, 3)]
    assert generator.count_params() == 18858883


def test_sides_of_128_start_at_4_too():
    generator = networks.dcgan_generator(4, (128, 128, 3), 1)
    assert next(layer.output.shape[1:] for layer in generator.layers if isinstance(layer, keras.layers.Reshape)) == (
        4,
        4,
        32,
    )


def test_samples_keep_to_the_range_of_their_activation():
    z = np.random.default_rng(0).standard_normal((8, 5)).astype("float32") * 100
    images = networks.dcgan_generator(5, (8, 8, 1), 2)(z).numpy()
    assert -1 <= images.min() < -0.01 and 0.01 < images.max() <= 1


@pytest.mark.parametrize("build", [networks.dcgan_generator, networks.mlp_generator])
def test_a_label_changes_what_the_same_latents_give(build):
    arguments = ((8, 8, 1), 4) if build is networks.dcgan_generator else ((16,), (8, 8, 1))
    generator = build(5, *arguments, num_classes=3)
    z = np.ones((2, 5), "float32")
    one, other = generator([z, np.array([0, 2])]).numpy()
    assert np.abs(one - other).max() > 1e-6
    same, again = generator([z, np.array([2, 2])]).numpy()
    np.testing.assert_allclose(same, again, atol=1e-7)


@pytest.mark.parametrize("build", [networks.dcgan_discriminator, networks.mlp_discriminator])
def test_a_label_changes_the_logit(build):
    discriminator = build((8, 8, 1), **({"units": (16,)} if build is networks.mlp_discriminator else {"filters": 4}),
                          num_classes=3)  # fmt: skip
    logits = discriminator([np.ones((2, 8, 8, 1), "float32"), np.array([0, 2])]).numpy()
    assert logits.shape == (2, 1) and abs(logits[0, 0] - logits[1, 0]) > 1e-7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: networks.dcgan_generator(2, (27, 27, 1)), "sides of 4, 5, 6 or 7 times one power of two"),
        (lambda: networks.dcgan_generator(2, (64, 36, 1)), r"Received: output_shape=\(64, 36, 1\)"),
        (
            lambda: networks.dcgan_generator(2, (50, 50, 3)),
            r"Expected: \(48, 48, 3\), the nearest; `size`",
        ),
        (lambda: networks.dcgan_generator(2, (64, 30, 3)), r"Expected: \(56, 32, 3\), the nearest"),
        (lambda: networks.dcgan_discriminator((3, 5, 1)), r"Expected: \(8, 8, 1\), the nearest"),
        (lambda: networks.dcgan_discriminator((28, 28)), r"must be \(height, width, channels\)"),
        (
            lambda: networks.dcgan_discriminator((28, 28, 1), normalization="group"),
            "Unknown normalization. Expected: None",
        ),
        (lambda: networks.dcgan_generator(2, (28, 28, 1), normalization="None"), "Unknown normalization. .* 'None'"),
        (lambda: networks.dcgan_generator(2, (28, 28, 1), normalization="spectral"), "Unknown normalization"),
        (lambda: networks.dcgan_generator(2, (28, 28, 1), upsampling="nearest"), "Unknown upsampling"),
        (
            lambda: networks.dcgan_discriminator((28, 28, 1), projection=True),
            "`projection` needs a condition. Expected",
        ),
        (lambda: networks.dcgan_discriminator((28, 28, 1), dropout=1.0), r"`dropout` must be a number in \[0, 1\)"),
        (lambda: networks.dcgan_generator(2, (28, 28, 1), filters=0), "`filters` must be an integer >= 1"),
        (lambda: networks.dcgan_generator(2, (28, 28, 1), num_classes=1), "`num_classes` must be an integer >= 2"),
        (lambda: networks.mlp_discriminator((4,), (0,)), "`units` must be an integer >= 1"),
    ],
)
def test_what_cannot_be_built_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_spectral_normalization_keeps_every_singular_value_at_most_1():
    network = networks.dcgan_discriminator((8, 8, 1), 3, "spectral", projection=True, num_classes=4)
    x, labels = np.random.default_rng(0).standard_normal((4, 8, 8, 1)).astype("float32"), np.arange(4)
    for _ in range(60):
        network([x, labels], training=True)
    weights = [weight for weight in network.trainable_weights if weight.path.endswith(("kernel", "embeddings"))]
    assert len(weights) == 3
    for weight in weights:
        matrix = np.asarray(weight).reshape(-1, weight.shape[-1])
        assert np.linalg.norm(matrix, 2) == pytest.approx(1, abs=1e-2), weight.path


def test_a_projection_is_linear_in_the_condition():
    network = networks.dcgan_discriminator((8, 8, 1), 3, None, projection=True, num_classes=4, condition_dim=2)
    x, labels = np.random.default_rng(0).standard_normal((5, 8, 8, 1)).astype("float32"), np.arange(5) % 4
    vectors = np.random.default_rng(1).standard_normal((3, 2)).astype("float32")

    def logits(vector):
        return np.asarray(network([x, labels, np.tile(vector, (5, 1))]))

    both, one, other, none = (logits(v) for v in (vectors[0] + vectors[1], vectors[0], vectors[1], 0 * vectors[0]))
    np.testing.assert_allclose(both + none, one + other, atol=1e-6)
    assert np.abs(one - other).max() > 1e-6
    assert [tensor.name for tensor in network.inputs] == ["x", "labels", "condition"]
    assert np.abs(np.diff(network([x[[0, 0]], labels[:2], vectors[:2]]), axis=0)).max() > 1e-7


def test_a_modulated_generator_begins_as_a_normalized_one_and_is_scaled_by_the_condition():
    """Zero kernels of the scales and offsets leave batch normalisation; those of a condition act on each example."""
    plain = networks.dcgan_generator(3, (16, 16, 1), 2, condition_dim=2)
    network = networks.dcgan_generator(3, (16, 16, 1), 2, "modulated", condition_dim=2)
    dense, *modulations = (layer for layer in network.layers if isinstance(layer, keras.layers.Dense))
    assert len(modulations) == 4  # two normalised layers
    first = next(layer for layer in plain.layers if isinstance(layer, keras.layers.Dense))
    dense.set_weights(first.get_weights())
    maps = [
        [layer for layer in one.layers if isinstance(layer, keras.layers.Conv2DTranspose)] for one in (network, plain)
    ]
    for ours, theirs in zip(*maps, strict=True):
        ours.set_weights(theirs.get_weights())
    for layer in modulations:
        assert layer.units == layer.bias.shape[0] and layer.input.shape == (None, 2)
        layer.kernel.assign(0 * layer.kernel)
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal((4, width)).astype("float32") for width in (3, 2)]
    np.testing.assert_allclose(network(inputs), plain(inputs), atol=1e-6)
    for layer in modulations:  # the scale and offset are 0 where the condition's first number is 1
        layer.kernel.assign(-np.eye(2)[:, :1] * np.asarray(layer.bias))
    inputs[1] = np.array([[1, 0], [0, 0], [1, 0], [0, 0]], "float32")
    images = np.asarray(network(inputs))
    assert np.ptp(images[[0, 2]]) == 0 and np.ptp(images[1]) > 0 and np.ptp(images[3]) > 0


@pytest.mark.parametrize("upsampling", ["interpolation", "subpixel"])
def test_other_upsamplings_begin_without_a_checkerboard(upsampling):
    """Less of the variance of their images is between the phases of 2x2 pixels than with transposed convolutions."""
    network = networks.dcgan_generator(3, (16, 16, 1), 8, upsampling=upsampling)
    assert network.output_shape == (None, 16, 16, 1)
    assert not any(isinstance(layer, keras.layers.Conv2DTranspose) for layer in network.layers)
    z = np.random.default_rng(0).standard_normal((64, 3)).astype("float32")
    power = [
        phase_variance(np.asarray(one(z))[:, 2:-2, 2:-2], 2)
        for one in (network, networks.dcgan_generator(3, (16, 16, 1), 8))
    ]
    assert power[0] < power[1]


def test_every_layer_begins_with_numbers_of_its_own_of_the_published_deviation():
    for network in (networks.dcgan_generator(100, (16, 16, 3), 16), networks.dcgan_discriminator((16, 16, 3), 16)):
        kernels = [weight.numpy().ravel() for weight in network.trainable_weights if weight.name == "kernel"]
        assert len(kernels) == 3
        for left, right in itertools.combinations(kernels, 2):
            n = min(len(left), len(right))
            assert abs(np.corrcoef(left[:n], right[:n])[0, 1]) < 0.2
        assert np.concatenate(kernels).std() == pytest.approx(0.02, rel=0.05)


def test_published_constants():
    """The leaky ReLU, of slope 0.2; dropout where it is asked for; batch statistics that a short training reaches."""
    plain, dropped = (
        networks.dcgan_discriminator((16, 16, 1), 2),
        networks.dcgan_discriminator((16, 16, 1), 2, dropout=0.5),
    )
    activations = [layer.activation for layer in plain.layers if isinstance(layer, keras.layers.Activation)]
    assert activations == [leaky_relu, leaky_relu]
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in dropped.layers) == 2
    momenta = {layer.momentum for layer in plain.layers if isinstance(layer, keras.layers.BatchNormalization)}
    assert momenta == {0.9}
