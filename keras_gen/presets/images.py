"""The preset of translation between two image sets in [-1, 1]."""

from typing import Literal

from keras_gen import models, networks
from keras_gen.networks.parts import UPSAMPLINGS
from keras_gen.presets.registry import preset

_Upsampling = Literal[*UPSAMPLINGS]


@preset("cyclegan", networks.resnet_generator, model=models.CycleGAN)
def cyclegan(
    example_shape, filters=64, blocks: int | None = None, skip=False, upsampling: _Upsampling = "transposed", **options
):
    """A CycleGAN of residual generators and discriminators of 70x70 patches, as published.

    Args:
        example_shape: One image's shape `(height, width, channels)`, of both sets; sides divisible by 4.
        skip: Whether the last layer of the generators also sees the input image, whose brightness and contrast
            normalisation removes.
        upsampling: How the generators double the sides: transposed convolutions, as published, tend to leave a
            checkerboard; sub-pixel convolutions and interpolation take more arithmetic.
    """
    arguments = {"blocks": blocks, "skip": skip, "upsampling": upsampling}
    generators = [
        networks.resnet_generator(example_shape, None, filters, **arguments, name=f"generator_{way}")
        for way in ("xy", "yx")
    ]
    # Patches of 70 pixels need sides of 24; smaller images get patches of 34 or 16
    smallest = min((side for side in example_shape[:2] if side is not None), default=24)
    downsamplings = 3 if smallest >= 24 else 2 if smallest >= 12 else 1
    discriminators = [
        networks.patchgan_discriminator(example_shape, filters, downsamplings, name=f"discriminator_{side}")
        for side in ("x", "y")
    ]
    return models.CycleGAN(*generators, *discriminators, **options)
