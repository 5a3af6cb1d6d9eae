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
    "two players": TwoPlayers.small,
}
THOROUGH = ("vae", "autoencoder", "two players")


@pytest.mark.parametrize("name", MODELS)
def test_contract(name, digits, tmp_path):
    check_model(MODELS[name], digits, tmp_path, thorough=name in THOROUGH)


def test_every_preset_is_under_contract():
    assert all(any(name.startswith(preset) for name in MODELS) for preset in presets.PRESETS)
