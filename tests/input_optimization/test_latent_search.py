import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen import models, networks
from keras_gen.input_optimization.latent_search import invert_generator, self_inversion_rate

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(3, 4, 4, 1)).astype("float32")
pytestmark = pytest.mark.compiled


def linear(dim=5):
    """A linear decoder of latents to 16 pixels."""
    return keras.Sequential(
        [keras.Input((dim,)), layers.Dense(16, bias_initializer="normal"), layers.Reshape((4, 4, 1))]
    )


def curved(dim=3, shape=(8, 8, 1), activation="tanh"):
    return keras.Sequential(
        [
            keras.Input((dim,)),
            layers.Dense(24, "tanh", kernel_initializer="orthogonal"),
            layers.Dense(int(np.prod(shape)), activation),
            layers.Reshape(shape),
        ]
    )


def gan(latent="normal"):
    critic = networks.mlp_discriminator((8, 8, 1), (4,))
    return models.GAN(curved(), critic, 3, latent=latent)


def vae():
    encoder = networks.mlp_encoder((8, 8, 1), (8,), 3)
    return models.VAE(encoder, curved(activation=None))


def test_the_latent_of_a_linear_decoder_is_that_of_least_squares():
    model = linear()
    kernel, bias = (np.asarray(weight) for weight in model.layers[0].weights)
    found = invert_generator(model, IMAGES, restarts=2)
    expected, errors, *_ = np.linalg.lstsq(kernel.T, (IMAGES.reshape(3, 16) - bias).T, rcond=None)
    np.testing.assert_allclose(found.latents, expected.T, atol=2e-3)
    np.testing.assert_allclose(found.errors, errors, rtol=1e-4)
    np.testing.assert_allclose(found.images, model(found.latents), atol=1e-5)
    np.testing.assert_allclose(found.errors, ((found.images - IMAGES) ** 2).sum(axis=(1, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("make", [curved, gan, vae], ids=lambda make: make.__name__)
def test_samples_are_found_again(make):
    assert self_inversion_rate(make(), n=6, restarts=6, batch_size=4) == 1.0


def test_samples_are_not_found_without_steps_nor_by_their_own_seed():
    assert self_inversion_rate(gan(), n=6, restarts=6, steps=0) < 0.5
    assert self_inversion_rate(linear(), n=6, restarts=6, steps=0) == 0.0


def test_the_rate_counts_errors_of_one_for_784_values_of_width_1():
    """The error of each sample is known where no step is taken."""
    model = keras.Sequential([keras.Input((1,)), layers.Dense(16, use_bias=False), layers.Reshape((4, 4, 1))])
    model.layers[0].kernel.assign(np.full((1, 16), 0.1))
    latents = np.random.default_rng([0, 0]).standard_normal((40, 1), "float32")
    starts = np.random.default_rng([0, 1]).standard_normal((1, 1), "float32")
    for width in (1, 2):
        expected = np.mean(16 * (0.1 * (latents - starts)) ** 2 / width**2 <= 16 / 784)
        assert 0 < expected < 1
        found = self_inversion_rate(model, n=40, restarts=1, steps=0, value_range=(0, width))
        assert found == pytest.approx(expected)


def test_starts_that_end_in_nan_are_not_the_best():
    root = keras.Sequential([keras.Input((1,)), keras.layers.Lambda(ops.log)])  # NaN for the negative starts
    found = invert_generator(root, [[0.5], [1.0]], restarts=6, steps=30)
    assert np.isfinite(found.latents).all() and found.errors.max() < 0.1


def test_more_restarts_are_never_worse_and_images_one_by_one_the_same():
    model = gan()
    x = np.clip(IMAGES.repeat(2, axis=1).repeat(2, axis=2) / 3, -1, 1)
    few, many = (invert_generator(model, x, restarts=n, steps=30, batch_size=2) for n in (1, 5))
    assert (many.errors <= few.errors + 1e-4).all()
    drawn = invert_generator(model, x, restarts=5, steps=0)  # the best of five draws
    np.testing.assert_allclose(drawn.errors, ((drawn.images - x) ** 2).sum(axis=(1, 2, 3)), rtol=1e-4)
    single = [invert_generator(model, x[i : i + 1], restarts=5, steps=30) for i in range(3)]
    np.testing.assert_allclose(many.errors, np.concatenate([one.errors for one in single]), rtol=1e-2)
    again = invert_generator(model, x, restarts=5, steps=30, batch_size=2)
    np.testing.assert_array_equal(again.latents, many.latents)
    np.testing.assert_allclose(model.generate(many.latents), many.images, atol=1e-5)


def test_latents_of_a_uniform_prior_stay_in_its_range():
    model = gan("uniform")
    bright = np.ones((1, 8, 8, 1), "float32")
    latents = invert_generator(model, bright, restarts=3).latents
    assert np.abs(latents).max() == 1.0
    assert np.abs(invert_generator(gan(), bright, restarts=3).latents).max() > 1.0


def test_an_autoencoder_and_a_vae_decode_as_they_do():
    encoder = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    for model in (models.Autoencoder(encoder, curved(), "squared_error"), vae()):
        x = model.decode(RNG.normal(size=(2, 3)))
        found = invert_generator(model, x, restarts=4)
        np.testing.assert_allclose(model.decode(found.latents), found.images, atol=1e-5)
        assert (found.errors < 1e-2).all()


def test_labels_choose_the_generator():
    generator = networks.mlp_generator(3, (16,), (8, 8, 1), num_classes=4)
    model = models.ConditionalGAN(generator, networks.mlp_discriminator((8, 8, 1), (4,), num_classes=4), 3, 4)
    labels = np.array([3, 1])
    x = model.generate(RNG.normal(size=(2, 3)), labels)
    found = invert_generator(model, x, labels, restarts=4)
    np.testing.assert_allclose(model.generate(found.latents, labels), found.images, atol=1e-5)
    assert (found.errors < 0.05).all()
    assert self_inversion_rate(model, n=2, labels=labels, restarts=4) == 1.0
    for bad, message in (
        (None, r"`labels` must fit the generator. Expected: integers of shape \(2,\). Received: None"),
        ([4, 1], "`labels` must be classes of the model. Expected: 0 to 3. Received: 1 to 4"),
        ([0, 1, 2], r"`labels` must be one integer for each image. Expected: integers of shape \(2,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            invert_generator(model, x, bad)
        with pytest.raises(ValueError, match=message):
            self_inversion_rate(model, n=2, labels=bad)


def test_another_optimizer():
    model = linear()
    found = invert_generator(model, IMAGES, restarts=1, steps=300, optimizer=keras.optimizers.Adam(0.1))
    np.testing.assert_allclose(found.errors, invert_generator(model, IMAGES, restarts=1).errors, rtol=1e-2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": IMAGES[0]}, "`images` does not fit the network. .* It has no batch axis"),
        ({"images": IMAGES * np.nan}, "`images` must be finite"),
        ({"value_range": (0, 1)}, "`images` is out of range"),
        ({"restarts": 0}, "`restarts` must be an integer >= 1"),
        ({"steps": -1}, "`steps` must be an integer >= 0"),
        ({"seed": 0.5}, "`seed` must be an integer >= 0"),
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1"),
        ({"labels": [0, 1, 0]}, "`labels` must fit the generator. Expected: None, as the generator takes none"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        invert_generator(linear(), **{"images": IMAGES, **options})


def test_models_that_generate_nothing_are_refused():
    with pytest.raises(ValueError, match="`batch_size` must be an integer >= 1"):
        self_inversion_rate(linear(), batch_size=0)
    classifier = models.Classifier(networks.lenet5((8, 8, 1), 10))
    with pytest.raises(ValueError, match="A search for latents needs a model with the task 'encode'"):
        invert_generator(classifier, np.zeros((1, 8, 8, 1)))
    with pytest.raises(ValueError, match=r"`value_range` must be the model's own. Expected: \(-1, 1\)"):
        invert_generator(gan(), np.zeros((1, 8, 8, 1)), value_range=(0, 1))
    inputs = [keras.Input((2,)), keras.Input((2,))]
    with pytest.raises(ValueError, match="`model` must map latents to images. .* Received: 2 inputs, 1 outputs"):
        invert_generator(keras.Model(inputs, layers.Add()(inputs)), np.zeros((1, 2)))
