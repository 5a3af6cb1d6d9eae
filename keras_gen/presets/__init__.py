"""Named complete set-ups: networks, model and optimizer, compiled and ready to fit."""

from keras_gen import checks
from keras_gen.presets.adversarial import bigan, conditional_gan, dcgan, gan, wgan, wgan_gp
from keras_gen.presets.autoencoders import autoencoder, contractive, convolutional_autoencoder, sparse, stacked
from keras_gen.presets.classifiers import alexnet, googlenet, lenet5, vgg16
from keras_gen.presets.images import cyclegan, pix2pix, srgan, srresnet
from keras_gen.presets.registry import PRESETS, preset
from keras_gen.presets.variational import (
    burda_vae,
    conditional_vae,
    convolutional_vae,
    semi_supervised_vae,
    vae,
)

__all__ = [
    "PRESETS",
    "alexnet",
    "autoencoder",
    "bigan",
    "build",
    "burda_vae",
    "conditional_gan",
    "conditional_vae",
    "contractive",
    "convolutional_autoencoder",
    "convolutional_vae",
    "cyclegan",
    "dcgan",
    "gan",
    "googlenet",
    "lenet5",
    "pix2pix",
    "preset",
    "semi_supervised_vae",
    "sparse",
    "srgan",
    "srresnet",
    "stacked",
    "vae",
    "vgg16",
    "wgan",
    "wgan_gp",
]


def build(name, example_shape, **options):
    """Build the preset of that name.

    Args:
        name: One of `PRESETS`.
        example_shape: One example's shape.
        **options: Arguments of the preset.

    Returns:
        A compiled model.

    Example:

    >>> build("vae", (8, 8, 1), latent_dim=3, width=0.1).latent_dim
    3
    """
    return PRESETS[checks.choice("model", name, PRESETS)](example_shape, **options)
