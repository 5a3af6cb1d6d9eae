"""The generator of paired translation: an encoder and a decoder with connections between their layers."""

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.activations import leaky_relu
from keras_gen.layers.normalization import InstanceNormalization
from keras_gen.networks.parts import image_shape, initial_weights

_NORMALIZATIONS = {"instance": InstanceNormalization, "batch": lambda: layers.BatchNormalization(momentum=0.9)}
_DROPPED = 3  # innermost layers of the decoder that have dropout
_LARGEST = 8  # times the filters of the first layer


def unet_generator(
    input_shape,
    output_channels=None,
    filters=64,
    downsamplings=None,
    normalization="instance",
    dropout=0.5,
    output_activation="tanh",
    name="generator",
):
    """Halvings of the image, as many doublings, and a connection between the layers of each size: a U-Net.

    C64-C128-C256-C512-C512-... and back: 4x4 convolutions of stride 2 with leaky ReLU, transposed ones with ReLU, whose
    input is concatenated with the encoder's layer of the same size. All but the first, the innermost and the last are
    normalised. Dropout at the decoder's three innermost layers is the only noise. It acts in training alone; as
    published, it also acts when images are translated, and batch normalisation then uses their own statistics.

    Args:
        input_shape: One image's shape `(height, width, channels)`; both sides divisible by 2^`downsamplings`, or `None`
            for one that varies.
        output_channels: Channels of the output. Defaults to `None`: as many as the input has.
        filters: Channels of the first layer, which double up to 8 times as many. Defaults to 64.
        downsamplings: Number of halvings, an integer >= 1. Defaults to `None`: until a side is 1 or odd, at most 8 and
            with free sides 5; for 256x256 pixels the published 8.
        normalization: `"instance"`, or `"batch"`, as published for batches of several images. Defaults to
            `"instance"`.
        dropout: Share of the units of the decoder's three innermost layers that are set to 0 in training, a number in
            [0, 1). Defaults to 0.5.
        output_activation: Activation of the output. Defaults to `"tanh"`.
        name: The network's name. Defaults to `"generator"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to `(batch, height, width, output_channels)`.

    Example:

    >>> unet_generator((256, 256, 3)).count_params()
    54414531

    Reference:
        Isola, Zhu, Zhou and Efros, 2017, arXiv:1611.07004, section 6.1.1; Ronneberger, Fischer and Brox, 2015,
        arXiv:1505.04597, figure 1.
    """
    filters, dropout = checks.integer("filters", filters), checks.rate("dropout", dropout)
    checks.choice("normalization", normalization, _NORMALIZATIONS)
    shape = image_shape("input_shape", input_shape, free_sides=True)
    depth = _depth(shape[:2]) if downsamplings is None else checks.integer("downsamplings", downsamplings)
    if not depth or any(side is not None and side % 2**depth for side in shape[:2]):
        raise ValueError(
            f"`input_shape` must have sides divisible by {2 ** max(depth, 1)}, 2 to the number of halvings. "
            f"Expected: such as (128, 128, 3). Received: {shape}"
        )
    channels = shape[2] if output_channels is None else checks.integer("output_channels", output_channels)
    widths = [filters * min(2**number, _LARGEST) for number in range(depth)]
    inputs = hidden = keras.Input(shape, name="image")
    sizes = []  # the encoder's layers, before their activations
    for number, width in enumerate(widths):
        hidden = layers.Activation(leaky_relu)(hidden) if number else hidden
        plain = number in (0, depth - 1)
        hidden = layers.Conv2D(width, 4, **_options(plain))(hidden)
        hidden = hidden if plain else _NORMALIZATIONS[normalization]()(hidden)
        sizes.append(hidden)  # (batch, height >> number + 1, width >> number + 1, ...)
    for number in range(depth - 2, -1, -1):
        hidden = layers.Conv2DTranspose(widths[number], 4, **_options(False))(layers.ReLU()(hidden))
        hidden = _NORMALIZATIONS[normalization]()(hidden)
        if dropout and number >= depth - 1 - _DROPPED:
            hidden = layers.Dropout(dropout)(hidden)
        hidden = layers.Concatenate()([hidden, sizes[number]])  # (batch, height >> number + 1, ...)
    last = layers.Conv2DTranspose(channels, 4, activation=output_activation, **_options(True))
    return keras.Model(inputs, last(layers.ReLU()(hidden)), name=name)


def _options(use_bias):
    return {"strides": 2, "padding": "same", "use_bias": use_bias, "kernel_initializer": initial_weights()}


def _depth(sides):
    """The number of halvings of sides, `None` for a free one."""
    depth, sides = 0, [32 if side is None else side for side in sides]
    while depth < 8 and all(side % 2 ** (depth + 1) == 0 for side in sides):
        depth += 1
    return depth
