"""Set-ups of variational autoencoders."""

import keras

from keras_gen import checks, models, networks
from keras_gen.presets.widths import scaled


def vae(
    example_shape,
    latent_dim=2,
    width=1.0,
    units=(400, 100),
    activation="relu",
    learning_rate=1e-3,
    reconstruction="bernoulli",
    beta=1.0,
    importance_samples=1,
):
    """A VAE of dense layers.

    Args:
        example_shape: One example's shape.
        latent_dim: Width of the code. Defaults to 2.
        width: Factor of all hidden widths; small ones are for tests. Defaults to 1.
        units: Hidden widths of the encoder; the decoder mirrors them. Defaults to (400, 100).
        activation: Activation of the hidden layers. Defaults to `"relu"`.
        learning_rate: Adam's. Defaults to 1e-3.
        reconstruction: Likelihood, bernoulli or gaussian. Defaults to `"bernoulli"`.
        beta: Weight of the KL. Defaults to 1.
        importance_samples: k of the importance-weighted bound. Defaults to 1.

    Returns:
        A compiled `models.VAE`.

    Example:

    >>> vae((8, 8, 1), width=0.1).latent_dim
    2
    """
    units = scaled(units, width)
    return _compiled(
        networks.mlp_encoder(example_shape, units, latent_dim, activation),
        networks.mlp_decoder(latent_dim, units[::-1], example_shape, activation),
        learning_rate,
        reconstruction,
        beta,
        importance_samples,
    )


def convolutional_vae(
    example_shape,
    latent_dim=2,
    width=1.0,
    filters=(32, 64),
    learning_rate=1e-3,
    reconstruction="bernoulli",
    beta=1.0,
    importance_samples=1,
):
    """A VAE of strided convolutions.

    Args:
        example_shape: One image's shape `(height, width, channels)`.
        latent_dim: Width of the code. Defaults to 2.
        width: Factor of all hidden widths; small ones are for tests. Defaults to 1.
        filters: Channels of the encoder's convolutions; the decoder mirrors them. Defaults to (32, 64).
        learning_rate: Adam's. Defaults to 1e-3.
        reconstruction: Likelihood, bernoulli or gaussian. Defaults to `"bernoulli"`.
        beta: Weight of the KL. Defaults to 1.
        importance_samples: k of the importance-weighted bound. Defaults to 1.

    Returns:
        A compiled `models.VAE`.

    Example:

    >>> convolutional_vae((8, 8, 1), width=0.1).latent_dim
    2
    """
    filters = scaled(filters, width)
    return _compiled(
        networks.convolutional_encoder(example_shape, latent_dim, filters, units=scaled((16,), width)),
        networks.convolutional_decoder(latent_dim, example_shape, filters[::-1]),
        learning_rate,
        reconstruction,
        beta,
        importance_samples,
    )


def burda_vae(
    example_shape,
    latent_dim=50,
    width=1.0,
    activation="tanh",
    learning_rate=1e-3,
    reconstruction="bernoulli",
    beta=1.0,
    importance_samples=1,
):
    """The VAE of Burda et al. with one stochastic layer: two hidden layers of 200 units, 50 latents.

    Args:
        example_shape: One example's shape.
        latent_dim: Width of the code. Defaults to 50.
        width: Factor of all hidden widths; small ones are for tests. Defaults to 1.
        activation: Activation of the hidden layers; tanh is the published one. Defaults to `"tanh"`.
        learning_rate: Adam's. Defaults to 1e-3.
        reconstruction: Likelihood, bernoulli or gaussian. Defaults to `"bernoulli"`.
        beta: Weight of the KL. Defaults to 1.
        importance_samples: k of the importance-weighted bound. Defaults to 1.

    Returns:
        A compiled `models.VAE`.

    Example:

    >>> burda_vae((8, 8, 1), width=0.1, importance_samples=5).importance_samples
    5

    Reference:
        Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 5.
    """
    return vae(
        example_shape,
        latent_dim,
        width,
        (200, 200),
        activation,
        learning_rate,
        reconstruction,
        beta,
        importance_samples,
    )


def _compiled(encoder, decoder, learning_rate, *arguments):
    checks.number("learning_rate", learning_rate)
    model = models.VAE(encoder, decoder, *arguments)
    model.compile(keras.optimizers.Adam(learning_rate))
    return model
