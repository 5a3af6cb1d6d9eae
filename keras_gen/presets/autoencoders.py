"""Presets of autoencoders: deep, convolutional, stacked, sparse, contractive."""

from typing import Literal

import keras

from keras_gen import checks, layers, models, networks
from keras_gen.presets.registry import compiled, preset, scaled

_CORRUPTIONS = {
    "masking": layers.MaskingNoise,
    "salt_and_pepper": layers.SaltAndPepperNoise,
    "gaussian": keras.layers.GaussianNoise,
}


@preset("autoencoder", model=models.Autoencoder)
def autoencoder(
    example_shape,
    latent_dim=30,
    width=1.0,
    units=(1000, 500, 250),
    activation="silu",
    tied=False,
    corruption=0.0,
    corruption_kind: Literal["masking", "salt_and_pepper", "gaussian"] = "masking",
    sparsity=0.0,
    learning_rate=1e-3,
    **options,
):
    """A deep autoencoder of dense layers, denoising with `corruption`.

    Args:
        units: Hidden widths of the encoder; the decoder mirrors them.
        sparsity: Weight of an L1 penalty on the code, a number >= 0.

    Example:

    >>> autoencoder((8, 8, 1), latent_dim=4, width=0.05, corruption=0.3).code_shape
    (4,)

    Reference:
        Hinton and Salakhutdinov, 2006, Science 313; corruption: Vincent et al., 2010, JMLR 11.
    """
    units = scaled("units", units, width, least=latent_dim)
    pair = networks.mlp_autoencoder([example_shape, *units, latent_dim], activation, tied=tied)
    penalty = layers.L1Sparsity(sparsity) if sparsity else None
    model = models.Autoencoder(*pair, corruption=_corruption(corruption, corruption_kind), sparsity=penalty, **options)
    return compiled(model, keras.optimizers.Adam, learning_rate)


@preset("convolutional-autoencoder", model=models.Autoencoder)
def convolutional_autoencoder(
    example_shape,
    latent_dim=30,
    width=1.0,
    filters=(32, 64),
    tied=False,
    corruption=0.0,
    corruption_kind: Literal["masking", "salt_and_pepper", "gaussian"] = "masking",
    learning_rate=1e-3,
    **options,
):
    """An autoencoder of strided convolutions, denoising with `corruption`.

    Args:
        example_shape: One image's shape `(height, width, channels)`.
        filters: Channels of the encoder's convolutions; the decoder mirrors them.

    Example:

    >>> convolutional_autoencoder((8, 8, 1), latent_dim=4, width=0.1).code_shape
    (4,)

    Reference:
        Masci et al., 2011, Stacked convolutional auto-encoders for hierarchical feature extraction.
    """
    filters = scaled("filters", filters, width)
    pair = networks.convolutional_autoencoder(example_shape, latent_dim, filters, tied=tied)
    model = models.Autoencoder(*pair, corruption=_corruption(corruption, corruption_kind), **options)
    return compiled(model, keras.optimizers.Adam, learning_rate)


@preset("stacked", model=models.Autoencoder)
def stacked(
    example_shape,
    latent_dim=20,
    width=1.0,
    units=(1000, 400),
    activation="sigmoid",
    reconstruction="bernoulli",
    corruption=0.2,
    learning_rate=1e-3,
    **options,
):
    """A stacked denoising autoencoder with tied weights, for `callbacks.GreedyPretraining`.

    Args:
        units: Hidden widths of the encoder; the decoder mirrors them.
        corruption: Rate of the masking noise on the input, in [0, 1).

    Example:

    >>> stacked((8, 8, 1), width=0.05).code_shape
    (20,)

    Reference:
        Vincent et al., 2010, Stacked denoising autoencoders, JMLR 11.
    """
    units = scaled("units", units, width, least=latent_dim)
    pair = networks.mlp_autoencoder([example_shape, *units, latent_dim], activation, tied=True)
    model = models.Autoencoder(*pair, reconstruction, corruption=_corruption(corruption), **options)
    return compiled(model, keras.optimizers.Adam, learning_rate)


@preset("sparse", model=models.Autoencoder)
def sparse(
    example_shape,
    latent_dim=100,
    width=1.0,
    sparsity: Literal["kl", "l1", "k"] = "kl",
    rho=0.05,
    weight=3.0,
    k=25,
    reconstruction="bernoulli",
    learning_rate=1e-3,
    weight_decay=0.1,
    **options,
):
    """A sparse autoencoder of one hidden layer, tied: by KL, by L1, or k-sparse.

    Args:
        latent_dim: Number of hidden units, before `width`.
        sparsity: `"kl"` (sigmoid units), `"l1"` (ReLU) or `"k"` (the k largest of linear units).
        rho: The wanted mean activation, in (0, 1), for `"kl"`.
        weight: Weight of the penalty, a number >= 0, for `"kl"` and `"l1"`.
        k: Number of active units, an integer >= 1, for `"k"`.
        weight_decay: AdamW's, a number >= 0; it removes the initial weights of pixels that never change.

    Example:

    >>> sparse((8, 8, 1), sparsity="l1", width=0.2).code_shape
    (20,)

    Reference:
        Ng, Sparse autoencoder, CS294A lecture notes, 2011; k: Makhzani and Frey, 2014, arXiv:1312.5663.
    """
    activation = {"kl": "sigmoid", "l1": "relu", "k": None}[sparsity]
    penalty = {"kl": layers.KLSparsity(rho, weight), "l1": layers.L1Sparsity(weight), "k": None}[sparsity]
    code_layer = layers.KSparse(k) if sparsity == "k" else None
    widths = [example_shape, scaled("latent_dim", latent_dim, width)]
    pair = networks.mlp_autoencoder(widths, code_activation=activation, tied=True, code_layer=code_layer)
    model = models.Autoencoder(*pair, reconstruction, sparsity=penalty, **options)
    decay = checks.number("weight_decay", weight_decay)
    return compiled(model, keras.optimizers.AdamW, learning_rate, weight_decay=decay)


@preset("contractive", model=models.Autoencoder)
def contractive(
    example_shape,
    latent_dim=1000,
    width=1.0,
    contraction=0.1,
    reconstruction="bernoulli",
    learning_rate=1e-3,
    **options,
):
    """A contractive autoencoder of one layer of tied sigmoid units.

    Args:
        latent_dim: Number of hidden units, before `width`.

    Example:

    >>> contractive((8, 8, 1), width=0.02).code_shape
    (20,)

    Reference:
        Rifai et al., 2011, Contractive auto-encoders, section 5.
    """
    widths = [example_shape, scaled("latent_dim", latent_dim, width)]
    pair = networks.mlp_autoencoder(widths, code_activation="sigmoid", tied=True)
    model = models.Autoencoder(*pair, reconstruction, contraction=contraction, **options)
    return compiled(model, keras.optimizers.Adam, learning_rate)


def _corruption(amount, kind="masking"):
    """The layer that adds the noise, `None` for none; Gaussian noise has a standard deviation, the others a rate."""
    checks.number("corruption", amount) if kind == "gaussian" else checks.rate("corruption", amount)
    return _CORRUPTIONS[kind](amount) if amount else None
