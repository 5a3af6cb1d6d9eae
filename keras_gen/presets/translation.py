"""Presets of translation between two image sets, for data in [-1, 1]."""

import keras

from keras_gen import models, networks
from keras_gen.presets.registry import compiled, preset, scaled


@preset("cyclegan", model=models.CycleGAN)
def cyclegan(example_shape, width=1.0, filters=64, blocks=0, skip=False, learning_rate=2e-4, **options):
    """A CycleGAN of residual generators and discriminators of 70x70 patches, as published.

    Args:
        example_shape: One image's shape `(height, width, channels)`, of both sets; sides divisible by 4.
        filters: Channels of the first layers.
        blocks: Residual blocks of a generator; 0: 6 below 256 pixels, else 9.
        skip: Whether the last layer of the generators also sees the input image, whose brightness and contrast
            normalisation removes.

    Example:

    >>> cyclegan((24, 24, 1), width=0.05, blocks=1).generator_xy.output_shape
    (None, 24, 24, 1)

    Reference:
        Zhu et al., 2017, arXiv:1703.10593, section 7.
    """
    filters = scaled("filters", filters, width)
    generators = [
        networks.resnet_generator(
            example_shape, filters=filters, blocks=blocks or None, skip=skip, name=f"generator_{direction}"
        )
        for direction in ("xy", "yx")
    ]
    # Patches of 70 pixels need sides of 24; those of smaller images are of 34 or 16
    downsamplings = 3 if min(example_shape[:2]) >= 24 else 2 if min(example_shape[:2]) >= 12 else 1
    discriminators = [
        networks.patchgan_discriminator(example_shape, filters, downsamplings, name=f"discriminator_{side}")
        for side in ("x", "y")
    ]
    model = models.CycleGAN(*generators, *discriminators, **options)
    return compiled(model, keras.optimizers.Adam, learning_rate, beta_1=0.5)
