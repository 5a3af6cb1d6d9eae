"""Networks of optical flow from two stacked images."""

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.warp import Warp2D
from keras_gen.networks.parts import image_shape

_MULTIPLES = (1, 2, 4, 8, 8, 16)  # of the first layer's channels, after each halving
_KERNEL_SIZES = (7, 5, 5, 3, 3, 3)  # of the convolutions that halve
_FINEST = 2  # halvings at which the flow is predicted last
_SLOPE = 0.1  # of the leaky ReLU


def flownet_simple(input_shape, filters=64, downsamplings=6, stages=1, name="flownet"):
    """FlowNetSimple: a contracting and an expanding part from two stacked images to the flow between them.

    The contracting part halves the sides by convolutions of stride 2 with 7x7, 5x5, 5x5 and then 3x3 kernels; from the
    third halving on, each is followed by a 3x3 convolution of stride 1. The expanding part predicts a flow from the
    smallest features and refines it step by step: the features and the flow are doubled by transposed convolutions,
    concatenated with the contracting part's features of that size, and a finer flow is predicted from all three. The
    last prediction, at a quarter of the sides, is enlarged bilinearly, as published; here the network itself does
    this. Hidden layers have leaky ReLU of slope 0.1.

    Further `stages`, each with its own weights, correct the flow as in FlowNet 2.0: a stage sees the first image, the
    second one warped by the flow so far, their difference and that flow, and predicts what is added to it.

    The flow points from the first image to the second, first(p) = second(p + flow(p)), in pixels, as in
    `layers.Warp2D`. The weights do not depend on the sides: `set_weights` carries them to a network for larger images.

    Args:
        input_shape: Shape `(height, width, channels)` of one image; both sides divisible by 2^`downsamplings`.
        filters: Channels of the first layer, an integer >= 1; deeper layers have up to 16 times as many. Defaults to
            64, as published.
        downsamplings: Number of halvings, an integer from 3 to 6. Defaults to 6, as published; fewer are for small
            images.
        stages: Number of networks, one after the other, an integer >= 1. Defaults to 1, FlowNetSimple itself.
        name: The network's name. Defaults to `"flownet"`.

    Returns:
        A functional model from the list of `first` and `second`, each `(batch, height, width, channels)`, to the flow,
        float32 `(batch, height, width, 2)`.

    Raises:
        ValueError: If the sides are not divisible, or another argument is not of this form.

    Example:

    >>> network = flownet_simple((64, 64, 3), filters=4, downsamplings=4)
    >>> [tuple(image.shape) for image in network.inputs], network.output_shape
    ([(None, 64, 64, 3), (None, 64, 64, 3)], (None, 64, 64, 2))

    Reference:
        Dosovitskiy et al., 2015, arXiv:1504.06852, section 3 and figures 2 and 3; for `stages`: Ilg et al., 2017,
        arXiv:1612.01925, section 4.
    """
    filters, stages = checks.integer("filters", filters), checks.integer("stages", stages)
    least, most = _FINEST + 1, len(_MULTIPLES)
    if not least <= checks.integer("downsamplings", downsamplings) <= most:
        raise ValueError(
            f"`downsamplings` must be an integer from {least} to {most}. Received: downsamplings={downsamplings}"
        )
    shape, factor = image_shape("input_shape", input_shape), 1 << downsamplings
    if any(side % factor for side in shape[:2]):
        raise ValueError(
            f"`input_shape` must have sides divisible by {factor}, with downsamplings={downsamplings}. Expected: such "
            f"as {tuple(-(-side // factor) * factor for side in shape[:2])}. Received: {shape[:2]}"
        )
    first, second = (keras.Input(shape, name=image) for image in ("first", "second"))
    flow = _predicted(layers.Concatenate()([first, second]), filters, downsamplings)
    for _ in range(stages - 1):
        warped = Warp2D()([second, flow])
        seen = layers.Concatenate()([first, warped, layers.Subtract()([first, warped]), flow])
        flow = layers.Add(dtype="float32")([flow, _predicted(seen, filters, downsamplings)])
    return keras.Model([first, second], flow, name=name)


def _predicted(hidden, filters, downsamplings):
    """The flow that the contracting and the expanding part predict from what a stage sees."""
    levels = []
    for number in range(downsamplings):
        width = filters * _MULTIPLES[number]
        hidden = _activated(layers.Conv2D, width, _KERNEL_SIZES[number], 2)(hidden)
        if number >= _FINEST:
            hidden = _activated(layers.Conv2D, width, 3, 1)(hidden)
        levels.append(hidden)  # (batch, height >> number + 1, width >> number + 1, width)
    flow = _flow()(hidden)
    for number in range(downsamplings - 1, _FINEST - 1, -1):
        larger = layers.Conv2DTranspose(2, 4, 2, "same", use_bias=False, dtype="float32")(flow)
        hidden = _activated(layers.Conv2DTranspose, filters * _MULTIPLES[number - _FINEST], 4, 2)(hidden)
        hidden = layers.Concatenate()([levels[number - 1], hidden, larger])
        flow = _flow()(hidden)  # (batch, height >> number, width >> number, 2)
    return layers.UpSampling2D(1 << _FINEST, interpolation="bilinear", dtype="float32")(flow)


def _activated(kind, filters, kernel_size, strides):
    """A convolution or transposed convolution and its activation, as one function of a tensor."""
    convolution = kind(filters, kernel_size, strides, padding="same", kernel_initializer="he_normal")
    activation = layers.LeakyReLU(negative_slope=_SLOPE)
    return lambda hidden: activation(convolution(hidden))


def _flow():
    """A convolution that predicts a flow."""
    return layers.Conv2D(2, 3, padding="same", dtype="float32")
