"""The contract over every model and every preset, at small width."""

import keras
import pytest

from keras_gen import layers, models, networks, presets
from tests.contract import check_model
from tests.toy import TwoPlayers

SHAPE = (8, 8, 1)


def dropout_vae():
    encoder = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dropout(0.3)])
    heads = [keras.layers.Dense(2)(encoder.outputs[0]) for _ in range(2)]
    return models.VAE(
        keras.Model(encoder.inputs[0], heads), networks.mlp_decoder(2, (6,), SHAPE, heads=2), reconstruction="gaussian"
    )


def deep_contractive():
    return models.Autoencoder(*networks.mlp_autoencoder([SHAPE, 6, 3], "tanh"), contraction=0.1)


def incomplete():
    inputs = keras.Input(SHAPE)
    flat = layers.MissingIndicator()(keras.layers.Flatten()(inputs))
    encoder = keras.Model(inputs, keras.layers.Dense(3)(flat))
    noise = layers.MaskingNoise(0.3, value=float("nan"))
    return models.IncompleteAutoencoder(encoder, networks.mlp_decoder(3, (), SHAPE), noise)


def phased_gan():
    """Both warm-ups, a moving average, several moves, batch normalisation: all that a GAN keeps between steps."""
    generator = networks.dcgan_generator(3, SHAPE, filters=2, normalization="batch")
    options = {"n_critic": 2, "ema": 0.9, "discriminator_warmup_steps": 2, "generator_warmup_steps": 2}
    return models.GAN(generator, networks.dcgan_discriminator(SHAPE, 2), 3, "least_squares", **options)


MODELS = {
    "vae": lambda: presets.build("vae", SHAPE, width=0.02),
    "convolutional-vae": lambda: presets.build("convolutional-vae", SHAPE, width=0.1),
    "burda-vae, k=3": lambda: presets.build("burda-vae", SHAPE, latent_dim=3, width=0.03, importance_samples=3),
    "gaussian with dropout": dropout_vae,
    # Its own silu TensorFlow rounds otherwise, by one bit, in the graph of several steps than in that of one
    "autoencoder": lambda: presets.build(
        "autoencoder", SHAPE, latent_dim=3, width=0.02, activation="relu", noise=0.3, sparsity=0.1
    ),
    "convolutional-autoencoder": lambda: presets.build(
        "convolutional-autoencoder", SHAPE, latent_dim=3, width=0.1, tied=True, noise=0.1, noise_kind="gaussian"
    ),
    "stacked": lambda: presets.build("stacked", SHAPE, latent_dim=3, width=0.02),
    "sparse, kl": lambda: presets.build("sparse", SHAPE, width=0.1),
    "sparse, k": lambda: presets.build("sparse", SHAPE, width=0.1, sparsity="k", k=3),
    "contractive": lambda: presets.build("contractive", SHAPE, width=0.01),
    "contractive, deep": deep_contractive,
    "incomplete": incomplete,
    "gan": lambda: presets.build("gan", SHAPE, width=0.03, latent="uniform", ema=0.5),
    "gan in phases": phased_gan,
    "dcgan": lambda: presets.build("dcgan", SHAPE, width=0.05, dropout=0.2, label_smoothing=0.1),
    "conditional-gan": lambda: presets.build("conditional-gan", SHAPE, width=0.1),
    "wgan": lambda: presets.build("wgan", SHAPE, width=0.1, n_critic=2, clip=1.0),  # which the first weights keep to
    "wgan-gp": lambda: presets.build("wgan-gp", SHAPE, width=0.1, n_critic=2),
    "cyclegan": lambda: presets.build("cyclegan", SHAPE, width=0.03, blocks=1, pool_size=6),
    "two players": TwoPlayers.small,
}
THOROUGH = ("vae", "two players")


@pytest.mark.parametrize("name", MODELS)
def test_contract(name, digits, labels, tmp_path):
    arrays = (digits,)
    if "gan" in name:
        arrays = (2 * digits - 1, *([labels] if name.startswith("conditional") else []))
    if name == "cyclegan":
        arrays = (2 * digits - 1, 1 - 2 * digits[::-1])
    check_model(MODELS[name], arrays, tmp_path, thorough=name in THOROUGH)


def test_every_preset_is_under_contract():
    assert all(any(name.startswith(preset) for name in MODELS) for preset in presets.PRESETS)
