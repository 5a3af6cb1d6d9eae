"""The residual generator of image-to-image translation."""

import math

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.narrow import NarrowConv2D
from keras_gen.layers.normalization import InstanceNormalization
from keras_gen.layers.padding import ReflectionPadding2D
from keras_gen.networks.parts import UPSAMPLINGS, doubled, image_shape, initial_weights

_SMALLEST = 4  # side that reflection can pad for a 7x7 convolution


def resnet_generator(
    input_shape,
    output_channels=None,
    filters=64,
    blocks=None,
    downsamplings=2,
    skip=False,
    upsampling="transposed",
    output_activation="tanh",
    name="generator",
):
    """Two halvings of the image, residual blocks at a quarter of its sides, and two doublings back.

    c7s1-64, d128, d256, R256 x `blocks`, u128, u64, c7s1-channels: 7x7 convolutions of stride 1; 3x3 ones of stride 2;
    blocks of two 3x3 convolutions; transposed 3x3 convolutions of stride 2, unless `upsampling` replaces them. All but
    the last are followed by instance normalisation, and all but the last and the second of a block by ReLU. The 7x7
    convolutions and those of the blocks pad their input by reflection.

    The first normalisation removes an image's brightness and contrast, so network(a x + b) = network(x) for any a > 0
    and b, except for epsilon in nearly flat images: later layers can only guess them. With `skip` the last convolution
    also sees the image itself, as in a U-Net.

    Args:
        input_shape: One image's shape `(height, width, channels)`; both sides divisible by 2^`downsamplings`, at least
            twice that and 4. `None` for a height or width that varies among images, within these bounds.
        output_channels: Channels of the output. Defaults to `None`: as many as the input has.
        filters: Channels of the first layer, an integer >= 1. Defaults to 64.
        blocks: Number of residual blocks, an integer >= 0; if not given, 6 below 256 pixels, else 9, as published.
            Defaults to `None`.
        downsamplings: Number of halvings, an integer >= 0. Defaults to 2, as published; fewer are for very small
            images.
        skip: Whether the last convolution also sees the image. Defaults to `False`, as published.
        upsampling: How the sides are doubled, with 3x3 kernels. `"transposed"`: a transposed convolution, whose kernels
            overlap unevenly and tend to leave a checkerboard. `"subpixel"`: a convolution to four times the channels,
            which become 2x2 pixels and begin alike; four times the weights. `"interpolation"`: a convolution after each
            pixel is repeated 2x2 times. Both replacements take four times the arithmetic. Defaults to `"transposed"`,
            as published.
        output_activation: Activation of the output. Defaults to `"tanh"`.
        name: The network's name. Defaults to `"generator"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to `(batch, height, width, output_channels)`.

    Example:

    >>> resnet_generator((128, 128, 3)).count_params()
    7841411

    Reference:
        Zhu et al., 2017, arXiv:1703.10593, section 7.2; Johnson et al., 2016, arXiv:1603.08155; for
        `skip`: Ronneberger, Fischer and Brox, 2015, arXiv:1505.04597, figure 1; for `upsampling`: Shi et al., 2016,
        arXiv:1609.05158, and Odena, Dumoulin and Olah, 2016, doi:10.23915/distill.00003.
    """
    filters, factor = checks.integer("filters", filters), 1 << checks.integer("downsamplings", downsamplings, minimum=0)
    shape = image_shape("input_shape", input_shape, free_sides=True)
    sides = [side for side in shape[:2] if side is not None]
    smallest = max(2 * factor, _SMALLEST)
    if any(side % factor or side < smallest for side in sides):
        raise ValueError(
            f"`input_shape` must have sides divisible by {factor}, of at least {smallest}. "
            f"Expected: such as (128, 128, 3). Received: {shape}"
        )
    small = min(sides, default=math.inf) < 256
    blocks = (6 if small else 9) if blocks is None else checks.integer("blocks", blocks, minimum=0)
    channels = shape[2] if output_channels is None else checks.integer("output_channels", output_channels)
    checks.choice("upsampling", upsampling, UPSAMPLINGS)
    inputs = keras.Input(shape, name="image")
    hidden = _reflected(inputs, filters, 7)
    hidden = layers.ReLU()(InstanceNormalization()(hidden))  # (batch, height, width, filters)
    options = {"strides": 2, "padding": "same", "use_bias": False}
    for number in range(1, downsamplings + 1):
        hidden = layers.Conv2D(filters << number, 3, kernel_initializer=initial_weights(), **options)(hidden)
        hidden = layers.ReLU()(InstanceNormalization()(hidden))  # (batch, height >> number, width >> number, ...)
    for _ in range(blocks):
        block = layers.ReLU()(InstanceNormalization()(_reflected(hidden, factor * filters, 3)))
        block = InstanceNormalization()(_reflected(block, factor * filters, 3))
        hidden = layers.Add()([hidden, block])
    for number in range(downsamplings - 1, -1, -1):
        hidden = layers.ReLU()(InstanceNormalization()(doubled(hidden, filters << number, 3, upsampling)))
    if skip:
        hidden = layers.Concatenate()([hidden, inputs])
    outputs = _reflected(hidden, channels, 7, NarrowConv2D, use_bias=True, activation=output_activation)
    return keras.Model(inputs, outputs, name=name)


def _reflected(hidden, filters, kernel_size, convolution=layers.Conv2D, use_bias=False, activation=None):
    """A convolution of stride 1 that keeps the sides; its input is padded by reflection."""
    padded = ReflectionPadding2D(kernel_size // 2)(hidden)
    options = {"use_bias": use_bias, "activation": activation, "kernel_initializer": initial_weights()}
    return convolution(filters, kernel_size, **options)(padded)
