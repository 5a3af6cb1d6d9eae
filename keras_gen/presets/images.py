"""The preset of translation between two image sets in [-1, 1]."""

from keras_gen import models, networks
from keras_gen.presets.registry import preset


@preset("cyclegan", networks.resnet_generator, model=models.CycleGAN)
def cyclegan(example_shape, filters=64, blocks: int | None = None, skip=False, **options):
    """A CycleGAN of residual generators and discriminators of 70x70 patches, as published.

    Args:
        example_shape: One image's shape `(height, width, channels)`, of both sets; sides divisible by 4.
        skip: Whether the last layer of the generators also sees the input image, whose brightness and contrast
            normalisation removes.
    """
    generators = [
        networks.resnet_generator(example_shape, None, filters, blocks, skip=skip, name=f"generator_{way}")
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
