"""The deconvolution network: from an image to the class of each of its pixels."""

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.unpooling import MaxPoolWithSwitches2D, MaxUnpool2D
from keras_gen.networks.parts import convolutions, cropped, image_shape


def deconvnet(input_shape, num_classes, filters=(16, 32, 64), depth=2, switches=True, name="deconvnet"):
    """Convolutions and poolings as in VGG, and their mirror image back to logits for each pixel.

    Each entry of `filters` is a block of `depth` convolutions of 3x3, each with batch normalisation and a rectifier,
    and a pooling of 2x2. The mirror image unpools, then transposes the convolutions. A last convolution of 1x1 gives
    the logits. There are no dense layers, so the images may have any size.

    Args:
        input_shape: One image's shape `(height, width, channels)`; height and width may be `None`, with `switches`.
        num_classes: Number of classes of pixels, the background included, an integer >= 2.
        filters: Channels of the blocks. Defaults to (16, 32, 64).
        depth: Number of convolutions of a block, an integer >= 1. Defaults to 2.
        switches: Whether each unpooling puts values back at the places of the maxima, with zeros elsewhere. Without, it
            repeats each value four times. Defaults to `True`.
        name: The network's name. Defaults to `"deconvnet"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to logits `(batch, height, width, num_classes)`.

    Raises:
        ValueError: If the image's sides are unknown and there are no switches, which know them.

    Example:

    >>> deconvnet((30, 21, 3), num_classes=2).output_shape
    (None, 30, 21, 2)

    Reference:
        Noh, Hong and Han, 2015, arXiv:1505.04366, section 3; without its two dense layers.
    """
    shape, num_classes = image_shape("input_shape", input_shape, True), checks.integer("num_classes", num_classes, 2)
    filters, depth = convolutions(filters), checks.integer("depth", depth)
    if not switches and None in shape:
        raise ValueError(
            "Without switches, `input_shape` must be fixed: only they know the sides of odd images. "
            f"Expected: integers >= 1. Received: input_shape={shape}"
        )
    hidden, unpoolings = keras.Input(shape, name="x"), []
    inputs = hidden
    for channels in filters:
        for _ in range(depth):
            hidden = _rectified(layers.Conv2D(channels, 3, padding="same", use_bias=False)(hidden))
        hidden, unpool = _pooled(hidden, switches)
        unpoolings.append(unpool)
    for number in range(len(filters) - 1, -1, -1):
        hidden = unpoolings[number](hidden)
        for channels in (*[filters[number]] * (depth - 1), filters[max(number - 1, 0)]):
            hidden = _rectified(layers.Conv2DTranspose(channels, 3, padding="same", use_bias=False)(hidden))
    return keras.Model(inputs, layers.Conv2D(num_classes, 1, name="logits")(hidden), name=name)


def _rectified(hidden):
    return layers.ReLU()(layers.BatchNormalization()(hidden))


def _pooled(hidden, switches):
    """Pooled images, and the function that brings images of their size back to the size before."""
    if switches:
        pooled, places = MaxPoolWithSwitches2D(2, padding="same")(hidden)
        return pooled, lambda images: MaxUnpool2D(2)([images, places])
    height, width = hidden.shape[1:3]
    pooled = layers.MaxPooling2D(2, padding="same")(hidden)
    return pooled, lambda images: cropped(layers.UpSampling2D(2)(images), height, width)
