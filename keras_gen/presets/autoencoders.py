"""Set-ups of autoencoders: deep, convolutional, stacked, sparse, contractive."""

import keras

from keras_gen import checks, layers, models, networks
from keras_gen.presets.widths import scaled

_NOISES = {
    "masking": layers.MaskingNoise,
    "salt_and_pepper": layers.SaltAndPepperNoise,
    "gaussian": keras.layers.GaussianNoise,
}


def autoencoder(
    example_shape,
    latent_dim=30,
    width=1.0,
    units=(1000, 500, 250),
    activation="silu",
    tied=False,
    reconstruction="squared_error",
    noise=0.0,
    noise_kind="masking",
    sparsity=0.0,
    learning_rate=1e-3,
):
    """A deep autoencoder of dense layers, denoising with `noise`.

    Args:
        example_shape: One example's shape.
        latent_dim: Width of the code. Defaults to 30.
        width: Factor of all hidden widths; small ones are for tests. Defaults to 1.
        units: Hidden widths of the encoder; the decoder mirrors them. Defaults to (1000, 500, 250).
        activation: Activation of the hidden layers. Defaults to `"silu"`.
        tied: Whether the decoder uses the encoder's kernels, transposed. Defaults to `False`.
        reconstruction: squared_error or bernoulli. Defaults to `"squared_error"`.
        noise: Rate of the noise on the input, or the deviation of a Gaussian one; 0 for none. Defaults to 0.
        noise_kind: masking, salt_and_pepper or gaussian. Defaults to `"masking"`.
        sparsity: Weight of an L1 penalty on the code. Defaults to 0.
        learning_rate: Adam's. Defaults to 1e-3.

    Returns:
        A compiled `models.Autoencoder`.

    Example:

    >>> autoencoder((8, 8, 1), latent_dim=4, width=0.05, noise=0.3).code_shape
    (4,)

    Reference:
        Hinton and Salakhutdinov, 2006, Science 313; noise: Vincent et al., 2010, JMLR 11.
    """
    widths = [example_shape, *scaled(units, width, latent_dim), latent_dim]
    pair = networks.mlp_autoencoder(widths, activation, tied=tied)
    penalty = layers.L1Sparsity(sparsity) if sparsity else None
    return _compiled_autoencoder(pair, learning_rate, reconstruction, noise, noise_kind, sparsity=penalty)


def convolutional_autoencoder(
    example_shape,
    latent_dim=30,
    width=1.0,
    filters=(32, 64),
    tied=False,
    reconstruction="squared_error",
    noise=0.0,
    noise_kind="masking",
    learning_rate=1e-3,
):
    """An autoencoder of strided convolutions, denoising with `noise`.

    Args:
        example_shape: One image's shape `(height, width, channels)`.
        latent_dim: Width of the code. Defaults to 30.
        width: Factor of all hidden widths; small ones are for tests. Defaults to 1.
        filters: Channels of the encoder's convolutions; the decoder mirrors them. Defaults to (32, 64).
        tied: Whether the decoder uses the encoder's kernels, transposed. Defaults to `False`.
        reconstruction: squared_error or bernoulli. Defaults to `"squared_error"`.
        noise: Rate of the noise on the input, or the deviation of a Gaussian one; 0 for none. Defaults to 0.
        noise_kind: masking, salt_and_pepper or gaussian. Defaults to `"masking"`.
        learning_rate: Adam's. Defaults to 1e-3.

    Returns:
        A compiled `models.Autoencoder`.

    Example:

    >>> convolutional_autoencoder((8, 8, 1), latent_dim=4, width=0.1).code_shape
    (4,)

    Reference:
        Masci et al., 2011, Stacked convolutional auto-encoders for hierarchical feature extraction.
    """
    pair = networks.convolutional_autoencoder(example_shape, latent_dim, scaled(filters, width), tied=tied)
    return _compiled_autoencoder(pair, learning_rate, reconstruction, noise, noise_kind)


def stacked(
    example_shape,
    latent_dim=20,
    width=1.0,
    units=(1000, 400),
    activation="sigmoid",
    reconstruction="bernoulli",
    noise=0.2,
    learning_rate=1e-3,
):
    """A stacked denoising autoencoder with tied weights, for `callbacks.GreedyPretraining`.

    Args:
        example_shape: One example's shape.
        latent_dim: Width of the code. Defaults to 20.
        width: Factor of all hidden widths; small ones are for tests. Defaults to 1.
        units: Hidden widths of the encoder; the decoder mirrors them. Defaults to (1000, 400).
        activation: Activation of the hidden layers. Defaults to `"sigmoid"`.
        reconstruction: squared_error or bernoulli. Defaults to `"bernoulli"`.
        noise: Rate of the masking noise on the input. Defaults to 0.2.
        learning_rate: Adam's. Defaults to 1e-3.

    Returns:
        A compiled `models.Autoencoder`.

    Example:

    >>> stacked((8, 8, 1), width=0.05).code_shape
    (20,)

    Reference:
        Vincent et al., 2010, Stacked denoising autoencoders, JMLR 11.
    """
    widths = [example_shape, *scaled(units, width, latent_dim), latent_dim]
    pair = networks.mlp_autoencoder(widths, activation, tied=True)
    return _compiled_autoencoder(pair, learning_rate, reconstruction, noise)


def sparse(
    example_shape,
    latent_dim=100,
    width=1.0,
    sparsity="kl",
    rho=0.05,
    weight=3.0,
    k=25,
    reconstruction="bernoulli",
    learning_rate=1e-3,
    weight_decay=0.1,
):
    """A sparse autoencoder of one hidden layer, tied: by KL, by L1, or k-sparse.

    Args:
        example_shape: One example's shape.
        latent_dim: Number of hidden units, before `width`. Defaults to 100.
        width: Factor of the number of hidden units; small ones are for tests. Defaults to 1.
        sparsity: kl (sigmoid units), l1 (ReLU) or k (the k largest of linear units). Defaults to `"kl"`.
        rho: The wanted mean activation, for kl. Defaults to 0.05.
        weight: Weight of the penalty, for kl and l1. Defaults to 3.
        k: Number of active units, for k. Defaults to 25.
        reconstruction: squared_error or bernoulli. Defaults to `"bernoulli"`.
        learning_rate: Adam's. Defaults to 1e-3.
        weight_decay: AdamW's; it takes away what weights of pixels that never change began with. Defaults to 0.1.

    Returns:
        A compiled `models.Autoencoder`.

    Example:

    >>> sparse((8, 8, 1), sparsity="l1", width=0.2).code_shape
    (20,)

    Reference:
        Ng, Sparse autoencoder, CS294A lecture notes, 2011; k: Makhzani and Frey, 2014, arXiv:1312.5663.
    """
    checks.choice("sparsity", sparsity, ["kl", "l1", "k"])
    activation = {"kl": "sigmoid", "l1": "relu", "k": None}[sparsity]
    penalty = {"kl": layers.KLSparsity(rho, weight), "l1": layers.L1Sparsity(weight), "k": None}[sparsity]
    widths = [example_shape, *scaled([latent_dim], width)]
    code_layer = layers.KSparse(k) if sparsity == "k" else None
    pair = networks.mlp_autoencoder(widths, code_activation=activation, tied=True, code_layer=code_layer)
    return _compiled_autoencoder(pair, learning_rate, reconstruction, weight_decay=weight_decay, sparsity=penalty)


def contractive(
    example_shape,
    latent_dim=1000,
    width=1.0,
    contraction=0.1,
    reconstruction="bernoulli",
    learning_rate=1e-3,
):
    """A contractive autoencoder of one layer of tied sigmoid units.

    Args:
        example_shape: One example's shape.
        latent_dim: Number of hidden units, before `width`. Defaults to 1000.
        width: Factor of the number of hidden units; small ones are for tests. Defaults to 1.
        contraction: Weight of the squared norm of the Jacobian. Defaults to 0.1.
        reconstruction: squared_error or bernoulli. Defaults to `"bernoulli"`.
        learning_rate: Adam's. Defaults to 1e-3.

    Returns:
        A compiled `models.Autoencoder`.

    Example:

    >>> contractive((8, 8, 1), width=0.02).code_shape
    (20,)

    Reference:
        Rifai et al., 2011, Contractive auto-encoders, section 5.
    """
    widths = [example_shape, *scaled([latent_dim], width)]
    pair = networks.mlp_autoencoder(widths, code_activation="sigmoid", tied=True)
    return _compiled_autoencoder(pair, learning_rate, reconstruction, contraction=contraction)


def _compiled_autoencoder(
    pair, learning_rate, reconstruction, noise=0.0, noise_kind="masking", weight_decay=0.0, **parts
):
    checks.choice("noise_kind", noise_kind, _NOISES)
    checks.number("noise", noise) if noise_kind == "gaussian" else checks.rate("noise", noise)
    checks.number("learning_rate", learning_rate)
    checks.number("weight_decay", weight_decay)
    corruption = _NOISES[noise_kind](noise) if noise else None
    model = models.Autoencoder(*pair, reconstruction=reconstruction, corruption=corruption, **parts)
    model.compile(keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay))
    return model
