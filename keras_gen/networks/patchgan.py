"""The discriminator of overlapping patches of an image."""

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.activations import leaky_relu
from keras_gen.layers.normalization import InstanceNormalization
from keras_gen.networks.parts import image_shape, initial_weights
from keras_gen.networks.sizes import output_size

_KERNEL_SIZE, _ZEROS = 4, 1  # of every convolution; the zeros on each side


def patchgan_discriminator(input_shape, filters=64, downsamplings=3, condition_channels=None, name="discriminator"):
    """A logit for each of many overlapping patches: of 70x70 pixels with three halvings, as published.

    C64-C128-C256-C512 and a last convolution to one channel, all 4x4, with stride 2 for the halvings and 1 after them;
    instance normalisation after all but the first and the last, leaky ReLU of slope 0.2 after all but the last. Patches
    are of 16, 34, 70 and 142 pixels for 1, 2, 3 and 4 halvings.

    Args:
        input_shape: One image's shape `(height, width, channels)`; sides of at least
            3 * 2^`downsamplings`, or `None` for one that varies.
        filters: Channels of the first layer, which double up to 8 times as many. Defaults to 64.
        downsamplings: Number of halvings, an integer >= 1. Defaults to 3.
        condition_channels: Channels of a second image of the same sides, for a discriminator of `[images, conditions]`
            as in `models.Pix2Pix`. Defaults to `None`: no second image.
        name: The network's name. Defaults to `"discriminator"`.

    Returns:
        A functional model from `(batch, height, width, channels)`, or a list of two such images, to
        `(batch, rows, columns, 1)`: 30x30 logits for 256x256 pixels, 14x14 for 128x128.

    Example:

    >>> patchgan_discriminator((256, 256, 3)).output_shape
    (None, 30, 30, 1)

    Reference:
        Isola et al., 2017, arXiv:1611.07004, section 6.1.2; Zhu et al., 2017, arXiv:1703.10593, section 7.2.
    """
    filters, downsamplings = checks.integer("filters", filters), checks.integer("downsamplings", downsamplings)
    shape = image_shape("input_shape", input_shape, free_sides=True)
    strides = [2] * downsamplings + [1, 1]  # the last of the logits
    smallest = 1
    for step in reversed(strides):  # from one logit back to the pixels that it needs
        smallest = output_size(smallest, _KERNEL_SIZE, step, transposed=True) - 2 * _ZEROS
    if any(side is not None and side < smallest for side in shape[:2]):
        raise ValueError(
            f"`input_shape` is too small for one patch. Expected: sides of at least {smallest} with "
            f"downsamplings={downsamplings}. Received: {shape}"
        )
    inputs = hidden = keras.Input(shape, name="image")
    if condition_channels is not None:
        condition = keras.Input(
            (*shape[:2], checks.integer("condition_channels", condition_channels)), name="condition"
        )
        inputs, hidden = [inputs, condition], layers.Concatenate()([hidden, condition])
    for number, step in enumerate(strides[:-1]):
        first = number == 0
        hidden = _padded(hidden, filters << min(number, 3), step, use_bias=first)
        hidden = layers.Activation(leaky_relu)(hidden if first else InstanceNormalization()(hidden))
    return keras.Model(inputs, _padded(hidden, 1, strides[-1], use_bias=True), name=name)


def _padded(hidden, filters, strides, use_bias):
    """A convolution of the zero-padded input."""
    options = {"use_bias": use_bias, "kernel_initializer": initial_weights()}
    return layers.Conv2D(filters, _KERNEL_SIZE, strides, **options)(layers.ZeroPadding2D(_ZEROS)(hidden))
