"""GoogLeNet, and the inception module that it repeats."""

import keras
from keras import layers

from keras_gen import checks
from keras_gen.networks.parts import image_shape, narrowed, normalized, rectified, stem_for

_SMALLEST = {"imagenet": 32, "small": 8}  # sides that leave the last module one pixel
_MODULES = {  # 1x1; 3x3 after its reduction; 5x5 after its reduction; 1x1 after the pooling
    "3a": (64, (96, 128), (16, 32), 32),
    "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64),
    "4b": (160, (112, 224), (24, 64), 64),
    "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64),
    "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128),
    "5b": (384, (192, 384), (48, 128), 128),
}
_POOLED_BEFORE = ("4a", "5a")
_AUXILIARY_AFTER = ("4a", "4d")
_AUXILIARY_SIDE = 5  # of the pooling in an auxiliary classifier


def googlenet(
    input_shape,
    num_classes,
    width=1.0,
    stem=None,
    normalization=None,
    dropout=0.4,
    auxiliary=False,
    name="googlenet",
):
    """GoogLeNet: three convolutions, nine inception modules, the mean over all pixels and one dense layer.

    Args:
        input_shape: One image's shape `(height, width, channels)`.
        num_classes: Number of classes, an integer >= 2.
        width: Factor of all hidden widths, a number > 0. Defaults to 1.
        stem: `"imagenet"`, a first convolution of 7x7 at every second pixel and a pooling, for sides of 32 or more, or
            `"small"`, a first convolution of 3x3 at every pixel and no pooling after it, for sides of 8 or more.
            Defaults to `None`: `"small"` below 64 pixels.
        normalization: `"batch"` for batch normalisation after every convolution, which is then without a bias, or
            `None`, as published. Defaults to `None`.
        dropout: Share of the features that are set to 0 at random in training, in [0, 1). Defaults to 0.4.
        auxiliary: Whether the model has two more outputs, of classifiers after the modules 4a and 4d, whose losses
            were added with a weight of 0.3. For plain Keras, as in `compile(loss=..., loss_weights=[1, 0.3, 0.3])`;
            `models.Classifier` takes one output. Defaults to `False`.
        name: The network's name. Defaults to `"googlenet"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to logits `(batch, num_classes)`, or to a list of
        three of these. Its layer `features` gives `(batch, 1024)`, or the narrowed width.

    Raises:
        ValueError: If the image is smaller than the stem or the auxiliary classifiers need, or an argument is out of
            range.

    Example:

    >>> network = googlenet((32, 32, 3), 10, width=0.1)
    >>> network.output_shape, network.get_layer("features").output.shape
    ((None, 10), (None, 102))

    Reference:
        Szegedy et al., 2015, arXiv:1409.4842, table 1; with batch normalisation: Ioffe and Szegedy, 2015,
        arXiv:1502.03167, section 4.2.
    """
    shape, num_classes = image_shape("input_shape", input_shape), checks.integer("num_classes", num_classes, minimum=2)
    dropout, large = checks.rate("dropout", dropout), stem_for(stem, shape, _SMALLEST) == "imagenet"
    hidden = inputs = keras.Input(shape, name="x")
    channels = [narrowed(number, width) for number in (64, 64, 192)]
    if large:
        hidden = _pooled(_convolution(hidden, channels[0], 7, normalization, strides=2))
    else:
        hidden = _convolution(hidden, channels[0], 3, normalization)
    hidden = _convolution(hidden, channels[1], 1, normalization)
    hidden = _pooled(_convolution(hidden, channels[2], 3, normalization))
    heads = []
    for module, sizes in _MODULES.items():
        hidden = _pooled(hidden) if module in _POOLED_BEFORE else hidden
        hidden = inception_module(hidden, *sizes, width=width, normalization=normalization, name=f"inception_{module}")
        if auxiliary and module in _AUXILIARY_AFTER:
            heads.append(_auxiliary(hidden, num_classes, width, normalization, f"auxiliary_{module}"))
    features = layers.GlobalAveragePooling2D(name="features")(hidden)
    hidden = layers.Dropout(dropout)(features) if dropout else features
    logits = layers.Dense(num_classes, name="logits")(hidden)
    return keras.Model(inputs, [logits, *heads] if auxiliary else logits, name=name)


def inception_module(inputs, ones, threes, fives, pooled, width=1.0, normalization=None, name="inception"):
    """Convolutions of 1x1, 3x3 and 5x5 and a pooling of the same maps, side by side, their channels joined.

    Convolutions of 1x1 reduce the channels in front of the larger ones, and after the pooling.

    Args:
        inputs: Tensor `(batch, height, width, channels)`, which may be symbolic.
        ones: Channels of the 1x1 convolution, an integer >= 1.
        threes: The pair of channels of the reduction and of the 3x3 convolution.
        fives: The pair of channels of the reduction and of the 5x5 convolution.
        pooled: Channels of the 1x1 convolution after the pooling of 3x3.
        width: Factor of all channels, a number > 0. Defaults to 1.
        normalization: `"batch"` or `None`, as in `googlenet`. Defaults to `None`.
        name: Name of the layer that joins the channels. Defaults to `"inception"`.

    Returns:
        Tensor `(batch, height, width, ones + threes[1] + fives[1] + pooled)`.

    Raises:
        ValueError: If a number of channels is not an integer >= 1, `threes` or `fives` is not a pair, or the
            normalisation is unknown.

    Example:

    >>> maps = keras.Input((28, 28, 192))
    >>> inception_module(maps, 64, (96, 128), (16, 32), 32).shape
    (None, 28, 28, 256)

    Reference:
        Szegedy et al., 2015, arXiv:1409.4842, figure 2b.
    """
    sizes = {"ones": [ones], "threes": threes, "fives": fives, "pooled": [pooled]}
    ones, threes, fives, pooled = (
        [narrowed(channels, width) for channels in checks.widths(argument, given)] for argument, given in sizes.items()
    )
    if len(threes) != 2 or len(fives) != 2:
        raise ValueError(
            "`threes` and `fives` must be pairs: channels of the reduction and of the convolution. Expected: such as "
            f"(96, 128) and (16, 32). Received: threes={sizes['threes']}, fives={sizes['fives']}"
        )
    branches = [_convolution(inputs, ones[0], 1, normalization)]
    for size, (reduced, channels) in ((3, threes), (5, fives)):
        hidden = _convolution(inputs, reduced, 1, normalization)
        branches.append(_convolution(hidden, channels, size, normalization))
    hidden = layers.MaxPooling2D(3, 1, padding="same")(inputs)
    branches.append(_convolution(hidden, pooled[0], 1, normalization))
    return layers.Concatenate(name=name)(branches)


def _convolution(hidden, channels, size, normalization, strides=1):
    checks.choice("normalization", normalization, ["batch"], optional=True)
    if normalization is None:
        return layers.Conv2D(channels, size, strides, "same", **rectified())(hidden)
    hidden = layers.Conv2D(channels, size, strides, "same", **rectified(activation=None), use_bias=False)(hidden)
    return normalized(hidden)


def _pooled(hidden):
    return layers.MaxPooling2D(3, 2, padding="same")(hidden)


def _auxiliary(hidden, num_classes, width, normalization, name):
    """The logits of a classifier of the maps in the middle of the network."""
    if min(hidden.shape[1:3]) < _AUXILIARY_SIDE:
        raise ValueError(
            "`input_shape` is too small for auxiliary classifiers. Expected: maps of 5x5 or more in the middle of the "
            "network, from images of 65x65 (stem 'imagenet') or 17x17 (stem 'small'); or auxiliary=False. "
            f"Received: maps of {hidden.shape[1]}x{hidden.shape[2]}"
        )
    hidden = layers.AveragePooling2D(_AUXILIARY_SIDE, 3)(hidden)
    hidden = layers.Flatten()(_convolution(hidden, narrowed(128, width), 1, normalization))
    hidden = layers.Dense(narrowed(1024, width), **rectified())(hidden)
    return layers.Dense(num_classes, name=name)(layers.Dropout(0.7)(hidden))
