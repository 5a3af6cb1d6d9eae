"""Presets of variational autoencoders."""

import keras

from keras_gen import models, networks
from keras_gen.presets.registry import compiled, preset, scaled


@preset("vae", model=models.VAE)
def vae(example_shape, latent_dim=2, width=1.0, units=(400, 100), activation="relu", learning_rate=1e-3, **options):
    """A VAE of dense layers.

    Args:
        units: Hidden widths of the encoder; the decoder mirrors them.

    Example:

    >>> vae((8, 8, 1), width=0.1, beta=4).beta
    4
    """
    units = scaled("units", units, width)
    encoder = networks.mlp_encoder(example_shape, units, latent_dim, activation)
    decoder = networks.mlp_decoder(latent_dim, units[::-1], example_shape, activation)
    return compiled(models.VAE(encoder, decoder, **options), keras.optimizers.Adam, learning_rate)


@preset("convolutional-vae", model=models.VAE)
def convolutional_vae(example_shape, latent_dim=2, width=1.0, filters=(32, 64), learning_rate=1e-3, **options):
    """A VAE of strided convolutions.

    Args:
        example_shape: One image's shape `(height, width, channels)`.
        filters: Channels of the encoder's convolutions; the decoder mirrors them.

    Example:

    >>> convolutional_vae((8, 8, 1), width=0.1).latent_dim
    2
    """
    filters, units = scaled("filters", filters, width), scaled("units", (16,), width)
    encoder = networks.convolutional_encoder(example_shape, latent_dim, filters, units)
    decoder = networks.convolutional_decoder(latent_dim, example_shape, filters[::-1])
    return compiled(models.VAE(encoder, decoder, **options), keras.optimizers.Adam, learning_rate)


@preset("burda-vae", model=models.VAE)
def burda_vae(example_shape, latent_dim=50, width=1.0, activation="tanh", learning_rate=1e-3, **options):
    """The VAE of Burda et al. with one stochastic layer: two hidden layers of 200 units, 50 latents.

    Example:

    >>> burda_vae((8, 8, 1), width=0.1, importance_samples=5).importance_samples
    5

    Reference:
        Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 5.
    """
    return vae(example_shape, latent_dim, width, (200, 200), activation, learning_rate, **options)
