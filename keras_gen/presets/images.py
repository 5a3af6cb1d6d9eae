"""Presets of translation between two sets of images, between pairs, and to larger images, in [-1, 1]."""

from typing import Literal

from keras_gen import models, networks
from keras_gen.networks.parts import UPSAMPLINGS
from keras_gen.presets.registry import preset

_Upsampling = Literal[*UPSAMPLINGS]
_Normalization = Literal["instance", "batch"]


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
    discriminators = [
        networks.patchgan_discriminator(example_shape, filters, _halvings(example_shape), name=f"discriminator_{side}")
        for side in ("x", "y")
    ]
    return models.CycleGAN(*generators, *discriminators, **options)


@preset("pix2pix", networks.unet_generator, model=models.Pix2Pix)
def pix2pix(
    example_shape,
    filters=64,
    downsamplings: int | None = None,
    normalization: _Normalization = "instance",
    dropout=0.5,
    conditional=True,
    **options,
):
    """A U-Net that translates images into their counterparts, and a discriminator of pairs of 70x70 patches.

    Args:
        example_shape: One image's shape `(height, width, channels)`, of both images of a pair.
        normalization: `instance`, or `batch`, as published for batches of several images.
    """
    arguments = {"downsamplings": downsamplings, "normalization": normalization, "dropout": dropout}
    generator = networks.unet_generator(example_shape, None, filters, **arguments)
    seen = {"condition_channels": example_shape[2]} if conditional else {}
    discriminator = networks.patchgan_discriminator(example_shape, filters, _halvings(example_shape), **seen)
    return models.Pix2Pix(generator, discriminator, conditional=conditional, **options)


@preset(
    "srresnet",
    networks.srresnet,
    model=models.Pix2Pix,
    fixed=("adversarial_loss", "reconstruction_weight", "conditional"),
    learning_rate=1e-3,
    beta_1=0.9,
)
def srresnet(
    example_shape, scale=4, filters=32, blocks=8, direct=True, skip=True, reconstruction="squared_error", **options
):  # fmt: skip
    """A residual network that enlarges images, with the squared error alone.

    It has half of the published filters and blocks, and no batch normalisation; all pixels of the large image are made
    by one convolution, and added to the interpolated image.

    Args:
        example_shape: A small image's shape `(height, width, channels)`.
        skip: Whether the small image, enlarged by bilinear interpolation, is added to the output.
    """
    generator = _enlarging(example_shape, scale, filters, blocks, direct, skip)
    return models.Pix2Pix(generator, None, reconstruction=reconstruction, **options)


@preset("srgan", networks.srresnet, model=models.Pix2Pix, fixed=("conditional",), learning_rate=1e-4, beta_1=0.9)
def srgan(
    example_shape, scale=4, filters=32, blocks=8, direct=False, skip=True, reconstruction="squared_error", **options
):  # fmt: skip
    """A residual network that enlarges images, and a discriminator of patches, which makes them sharper.

    Differences from the publication: those of `srresnet`; a discriminator of patches in place of one logit; distances
    of pixels, because features of VGG-19, as a network, are only for `models.Pix2Pix` in Python.

    Args:
        example_shape: A small image's shape `(height, width, channels)`.
        skip: As in `presets.srresnet`.
    """
    generator = _enlarging(example_shape, scale, filters, blocks, direct, skip)
    large = generator.output_shape[1:]
    discriminator = networks.patchgan_discriminator(large, filters, _halvings(large))
    return models.Pix2Pix(generator, discriminator, reconstruction=reconstruction, conditional=False, **options)


def _enlarging(example_shape, scale, filters, blocks, direct, skip):
    last = "hard_tanh" if skip else "tanh"
    options = {"normalization": None, "output_activation": last, "direct": direct, "skip": skip}
    return networks.srresnet(example_shape, scale, filters, blocks, **options)


def _halvings(shape):
    """Those of a discriminator: patches of 70 pixels need sides of 24; smaller images get patches of 34 or 16."""
    smallest = min((side for side in shape[:2] if side is not None), default=24)
    return 3 if smallest >= 24 else 2 if smallest >= 12 else 1
