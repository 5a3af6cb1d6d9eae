"""AlexNet, as a single stream with grouped convolutions."""

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.normalization import LocalResponseNormalization
from keras_gen.networks.parts import image_shape, narrowed, rectified, stem_for

_SMALLEST = {"imagenet": 57, "small": 8}  # sides that leave the last pooling one pixel


def alexnet(input_shape, num_classes, width=1.0, stem=None, dropout=0.5, response_normalization=False, name="alexnet"):
    """AlexNet: five convolutions, three poolings of 3x3 at every second pixel, which overlap, and three dense layers.

    The two halves that were trained on two devices are two groups of channels: convolutions 2, 4 and 5 have
    `groups=2`. An image of 224x224 or 227x227 gives maps of 6x6 in front of the dense layers, as published.

    Args:
        input_shape: One image's shape `(height, width, channels)`.
        num_classes: Number of classes, an integer >= 2.
        width: Factor of all hidden widths, a number > 0; channels stay even. Defaults to 1.
        stem: `"imagenet"`, a first convolution of 11x11 at every fourth pixel, for sides of 57 or more, or `"small"`,
            one of 5x5 at every pixel and padded poolings, for sides of 8 or more. Defaults to `None`: `"small"` below
            64 pixels.
        dropout: Share of the units that are set to 0 at random in training, in front of the two hidden dense layers,
            in [0, 1). Defaults to 0.5.
        response_normalization: Whether a `layers.LocalResponseNormalization` follows the first two convolutions, as
            published. Defaults to `False`: it costs time, and later networks do without.
        name: The network's name. Defaults to `"alexnet"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to logits `(batch, num_classes)`, whose layer
        `features` gives `(batch, 4096)`, or the narrowed width.

    Raises:
        ValueError: If the image is smaller than the stem needs, or an argument is out of range.

    Example:

    >>> network = alexnet((32, 32, 3), 10, width=0.1)
    >>> network.output_shape, network.get_layer("features").output.shape
    ((None, 10), (None, 410))

    Reference:
        Krizhevsky, Sutskever and Hinton, 2012, ImageNet classification with deep convolutional neural networks,
        section 3.
    """
    shape, num_classes = image_shape("input_shape", input_shape), checks.integer("num_classes", num_classes, minimum=2)
    dropout, large = checks.rate("dropout", dropout), stem_for(stem, shape, _SMALLEST) == "imagenet"

    def convolution(hidden, channels, size, groups=1, strides=1):
        layer = layers.Conv2D(narrowed(channels, width, 2), size, strides, "same", groups=groups, **rectified())
        return layer(hidden)

    def pooling(hidden):
        return layers.MaxPooling2D(3, 2, padding="valid" if large else "same")(hidden)

    def normalized(hidden):
        return LocalResponseNormalization()(hidden) if response_normalization else hidden

    hidden = inputs = keras.Input(shape, name="x")
    hidden = convolution(hidden, 96, 11, strides=4) if large else convolution(hidden, 96, 5)
    hidden = pooling(normalized(hidden))
    hidden = pooling(normalized(convolution(hidden, 256, 5, groups=2)))
    hidden = convolution(hidden, 384, 3)
    hidden = convolution(hidden, 384, 3, groups=2)
    hidden = layers.Flatten()(pooling(convolution(hidden, 256, 3, groups=2)))
    for layer_name in ("hidden", "features"):
        hidden = layers.Dropout(dropout)(hidden) if dropout else hidden
        hidden = layers.Dense(narrowed(4096, width), name=layer_name, **rectified())(hidden)
    return keras.Model(inputs, layers.Dense(num_classes, name="logits")(hidden), name=name)
