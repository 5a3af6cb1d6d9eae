"""The residual generator of super-resolution."""

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.narrow import NarrowConv2D
from keras_gen.layers.resampling import SubPixelConv2D
from keras_gen.networks.parts import image_shape


def srresnet(
    input_shape,
    scale=4,
    filters=64,
    blocks=16,
    normalization="batch",
    output_activation="tanh",
    direct=False,
    skip=False,
    name="generator",
):
    """Residual blocks at the small size, then a sub-pixel convolution for each doubling of the sides.

    A 9x9 convolution, blocks of two 3x3 convolutions, a 3x3 one, whose output is added to that of the first; a 3x3
    sub-pixel convolution for each doubling; a 9x9 convolution. Activations are parametric ReLUs with one slope a
    channel. With `direct` nothing is computed at the large size.

    Args:
        input_shape: Shape of the small image `(height, width, channels)`; `None` for a side that varies.
        scale: Factor of the sides, 2, 4, 8, ... Defaults to 4.
        filters: Channels of the hidden layers, an integer >= 1. Defaults to 64.
        blocks: Number of residual blocks, an integer >= 0. Defaults to 16.
        normalization: `"batch"` after the convolutions of the blocks, as published, or `None`. Defaults to `"batch"`.
        output_activation: Activation of the output; `None` for unbounded values. Defaults to `"tanh"`.
        direct: Whether one 3x3 sub-pixel convolution makes the large image from the small maps, in place of those for
            each doubling and the last one. Defaults to `False`.
        skip: Whether the small image, enlarged by bilinear interpolation, is added before the last activation, and the
            last convolution begins at 0: the untrained network interpolates. `output_activation="hard_tanh"`, which
            only clips, or `None` leaves the sum as it is. Defaults to `False`.
        name: The network's name. Defaults to `"generator"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to
        `(batch, scale height, scale width, channels)`.

    Raises:
        ValueError: If `scale` is not a power of two, among others.

    Example:

    >>> srresnet((None, None, 3), filters=8, blocks=2).output_shape, srresnet((16, 24, 1), 2, 8, 2).output_shape
    ((None, None, None, 3), (None, 32, 48, 1))

    Reference:
        Ledig et al., 2017, arXiv:1609.04802, figure 4; sub-pixel convolutions, and one for the whole factor: Shi et
        al., 2016, arXiv:1609.05158, section 3; `skip`: Kim, Lee and Lee, 2016, arXiv:1511.04587, section 3.1.
    """
    filters, blocks = checks.integer("filters", filters), checks.integer("blocks", blocks, minimum=0)
    scale = checks.power_of_two("scale", scale)
    checks.choice("normalization", normalization, ["batch"], optional=True)
    shape = image_shape("input_shape", input_shape, free_sides=True)
    inputs = keras.Input(shape, name="image")
    first = hidden = _rectified(layers.Conv2D(filters, 9, padding="same")(inputs))  # (batch, height, width, filters)
    for _ in range(blocks):
        block = _rectified(_convolved(hidden, filters, normalization))
        hidden = layers.Add()([hidden, _convolved(block, filters, normalization)])
    hidden = layers.Add()([first, _convolved(hidden, filters, normalization)])
    begin = {"kernel_initializer": "zeros"} if skip else {}
    if direct:
        residual = SubPixelConv2D(shape[2], 3, scale, **begin)(hidden)
    else:
        for _ in range(scale.bit_length() - 1):
            hidden = _rectified(SubPixelConv2D(filters, 3)(hidden))
        residual = NarrowConv2D(shape[2], 9, padding="same", **begin)(hidden)
    if skip:
        residual = layers.Add()([residual, layers.UpSampling2D(scale, interpolation="bilinear")(inputs)])
    return keras.Model(inputs, layers.Activation(output_activation)(residual), name=name)


def _convolved(hidden, filters, normalization):
    hidden = layers.Conv2D(filters, 3, padding="same", use_bias=normalization is None)(hidden)
    return layers.BatchNormalization(momentum=0.9)(hidden) if normalization else hidden


def _rectified(hidden):
    return layers.PReLU(shared_axes=(1, 2))(hidden)
