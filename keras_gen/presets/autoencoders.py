"""Presets of autoencoders: deep, convolutional, stacked, sparse, contractive."""

from typing import Literal

import keras

from keras_gen import checks, layers, models, networks
from keras_gen.presets.registry import preset

_CORRUPTIONS = {
    "masking": layers.MaskingNoise,
    "salt_and_pepper": layers.SaltAndPepperNoise,
    "dropout": keras.layers.Dropout,
    "gaussian": keras.layers.GaussianNoise,
}
_KEEP_THE_MEAN = ("dropout", "gaussian")
_Corruption = Literal[*_CORRUPTIONS]


@preset("autoencoder", networks.mlp_autoencoder, model=models.Autoencoder)
def autoencoder(
    example_shape,
    latent_dim=30,
    units=(1000, 500, 250),
    activation="silu",
    tied=False,
    corruption=0.0,
    corruption_kind: _Corruption = "dropout",
    sparsity=0.0,
    center: bool | None = None,
    shortcut: bool | None = None,
    **options,
):
    """A deep autoencoder of dense layers, denoising with `corruption`.

    Args:
        sparsity: Weight of an L1 penalty, which makes codes sparse, a number >= 0.
        shortcut: Whether linear layers lead from the example to the code and back, in parallel with the hidden layers;
            by default, where the mean is subtracted and there are hidden layers.
    """
    center = _centered(center, corruption, corruption_kind, options)
    shortcut = center and len(units) > 0 if shortcut is None else shortcut
    arguments = {"tied": tied, "center": center, "shortcut": shortcut}
    pair = networks.mlp_autoencoder([example_shape, *units, latent_dim], activation, **arguments)
    penalty = layers.L1Sparsity(sparsity) if sparsity else None
    return models.Autoencoder(*pair, corruption=_noise(corruption, corruption_kind), sparsity=penalty, **options)


@preset("convolutional-autoencoder", networks.convolutional_autoencoder, model=models.Autoencoder)
def convolutional_autoencoder(
    example_shape,
    latent_dim=30,
    filters=(32, 64),
    activation="leaky_relu",
    tied=False,
    corruption=0.0,
    corruption_kind: _Corruption = "dropout",
    center: bool | None = None,
    **options,
):
    """An autoencoder of strided convolutions, denoising with `corruption`."""
    center = _centered(center, corruption, corruption_kind, options)
    arguments = {"activation": activation, "tied": tied, "center": center}
    pair = networks.convolutional_autoencoder(example_shape, latent_dim, filters, **arguments)
    return models.Autoencoder(*pair, corruption=_noise(corruption, corruption_kind), **options)


@preset("stacked", networks.mlp_autoencoder, model=models.Autoencoder)
def stacked(
    example_shape,
    latent_dim=20,
    units=(1000, 400),
    activation="silu",
    reconstruction="bernoulli",
    corruption=0.2,
    **options,
):
    """A stacked denoising autoencoder with tied weights, for `callbacks.GreedyPretraining`.

    Args:
        corruption: Share of the inputs that are set to 0 at random in training, in [0, 1).
    """
    pair = networks.mlp_autoencoder([example_shape, *units, latent_dim], activation, tied=True)
    return models.Autoencoder(*pair, reconstruction, corruption=_noise(corruption), **options)


@preset(
    "sparse", model=models.Autoencoder, optimizer=keras.optimizers.AdamW, sizes=("latent_dim", "k"), weight_decay=0.1
)
def sparse(
    example_shape,
    latent_dim=100,
    sparsity_kind: Literal["kl", "l1", "k"] = "kl",
    sparsity=3.0,
    rho=0.05,
    k=25,
    reconstruction="bernoulli",
    **options,
):
    """A sparse autoencoder with one hidden layer and tied weights: KL, L1 or k-sparse.

    Args:
        latent_dim: Number of hidden units, before `width`.
        sparsity_kind: What makes codes sparse: `"kl"`, a penalty on the mean activation of sigmoid units, `"l1"`, a
            penalty on the sum of ReLU units, or `"k"`, which keeps the k largest of linear units.
        sparsity: Weight of the penalty, a number >= 0, for `"kl"` and `"l1"`.
        rho: The mean activation that the penalty pulls each unit to, in (0, 1), for `"kl"`.
        k: Number of units that are not 0, an integer >= 1, for `"k"`, before `width`.

    Reference:
        Ng, Sparse autoencoder, CS294A lecture notes, 2011; k: Makhzani and Frey, 2014, arXiv:1312.5663.
    """
    activation, penalty, code_layer = {
        "kl": lambda: ("sigmoid", layers.KLSparsity(rho, sparsity), None),
        "l1": lambda: ("relu", layers.L1Sparsity(sparsity), None),
        "k": lambda: (None, None, layers.KSparse(k)),
    }[sparsity_kind]()
    widths = [example_shape, latent_dim]
    pair = networks.mlp_autoencoder(widths, code_activation=activation, tied=True, code_layer=code_layer)
    return models.Autoencoder(*pair, reconstruction, sparsity=penalty, **options)


@preset("contractive", model=models.Autoencoder, sizes=("latent_dim",))
def contractive(example_shape, latent_dim=1000, contraction=0.1, reconstruction="bernoulli", **options):
    """A contractive autoencoder of one layer of tied sigmoid units.

    Args:
        latent_dim: Number of hidden units, before `width`.
    """
    pair = networks.mlp_autoencoder([example_shape, latent_dim], code_activation="sigmoid", tied=True)
    return models.Autoencoder(*pair, reconstruction, contraction=contraction, **options)


def _centered(center, corruption, kind, options):
    """Whether to center: as given, or else where the mean of clean values is that of the inputs and outputs."""
    squared_error = options.get("reconstruction", "squared_error") == "squared_error"
    if center and not squared_error:
        raise ValueError(
            "`center` adds the mean to values, not to logits. Expected: reconstruction='squared_error'. "
            f"Received: reconstruction={options['reconstruction']!r}"
        )
    if center is not None:
        return center
    return squared_error and (not corruption or kind in _KEEP_THE_MEAN)


def _noise(corruption, kind="masking"):
    """The layer that adds the noise, `None` for none; Gaussian noise has a standard deviation, the others a rate."""
    checks.number("corruption", corruption) if kind == "gaussian" else checks.rate("corruption", corruption)
    return _CORRUPTIONS[kind](corruption) if corruption else None
