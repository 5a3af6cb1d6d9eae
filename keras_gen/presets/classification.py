"""Presets of classifiers."""

import keras

from keras_gen import models, networks
from keras_gen.presets.registry import compiled, preset, scaled


@preset("lenet5", model=models.Classifier)
def lenet5(example_shape, num_classes=10, width=1.0, dropout=0.0, learning_rate=1e-3, **options):
    """A classifier of images: LeNet-5 with rectifiers and maximum pooling.

    Args:
        example_shape: One image's shape `(height, width, channels)`.
        num_classes: Number of classes, an integer >= 2; labels are integers in 0..num_classes - 1.
        dropout: Rate of the dropout in front of each dense layer, in [0, 1).

    Example:

    >>> lenet5((8, 8, 1), num_classes=3, width=0.5).num_classes
    3

    Reference:
        LeCun, Bottou, Bengio and Haffner, 1998, Gradient-based learning applied to document recognition, section II.B.
    """
    filters, units = scaled("filters", (6, 16), width), scaled("units", (120, 84), width)
    network = networks.lenet5(example_shape, num_classes, filters, units, dropout)
    return compiled(models.Classifier(network, **options), keras.optimizers.Adam, learning_rate)
