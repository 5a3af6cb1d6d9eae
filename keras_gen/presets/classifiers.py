"""Presets of classifiers of images."""

from typing import Literal

import keras

from keras_gen import models, networks
from keras_gen.presets.registry import preset

_Stem = Literal["auto", "imagenet", "small"]


@preset("lenet5", networks.lenet5, model=models.Classifier)
def lenet5(example_shape, num_classes=10, filters=(6, 16), units=(120, 84), dropout=0.0, **options):
    """A classifier of images: LeNet-5 with rectifiers and maximum pooling.

    Args:
        units: Widths of the dense layers, at least one; the last is the width of the features.
    """
    return models.Classifier(networks.lenet5(example_shape, num_classes, filters, units, dropout), **options)


@preset(
    "alexnet",
    networks.alexnet,
    model=models.Classifier,
    optimizer=keras.optimizers.SGD,
    learning_rate=0.01,
    momentum=0.9,
)
def alexnet(
    example_shape, num_classes=10, width=1.0, stem: _Stem = "auto", dropout=0.5, response_normalization=False, **options
):
    """A classifier of images: AlexNet as a single stream, with SGD and momentum as published.

    Args:
        stem: The first convolution: `imagenet`, of 11x11 at every fourth pixel, for sides of 57 or more, or `small`, of
            5x5 at every pixel, for sides of 8 or more; `auto` is `small` below 64 pixels.
    """
    network = networks.alexnet(example_shape, num_classes, width, _given(stem), dropout, response_normalization)
    return models.Classifier(network, **options)


@preset("googlenet", networks.googlenet, model=models.Classifier)
def googlenet(
    example_shape,
    num_classes=10,
    width=1.0,
    stem: _Stem = "auto",
    normalization: Literal["batch", "none"] = "batch",
    dropout=0.4,
    **options,
):
    """A classifier of images: GoogLeNet, with batch normalisation and Adam.

    Args:
        stem: The first convolution: `imagenet`, of 7x7 at every second pixel, for sides of 32 or more, or `small`, of
            3x3 at every pixel, for sides of 8 or more; `auto` is `small` below 64 pixels.
        normalization: `batch`, after every convolution, or `none`, as published.
    """
    given = _given(stem), _given(normalization)
    return models.Classifier(networks.googlenet(example_shape, num_classes, width, *given, dropout), **options)


@preset("vgg16", networks.vgg16, model=models.Classifier, example_shape=(32, 32, 3), learning_rate=1e-4)
def vgg16(
    example_shape,
    num_classes=10,
    width=1.0,
    weights: Literal["none", "imagenet"] = "none",
    normalization: Literal["batch", "none"] = "none",
    dropout=0.0,
    **options,
):
    """A classifier of images of 32x32 or more: VGG-16 of keras.applications, with Adam.

    Args:
        weights: `none` for random ones, or `imagenet`, which downloads 58 MB, for colour images in [0, 1].
        normalization: `batch`, after every convolution, for random weights, or `none`, as published.
    """
    given = _given(weights), _given(normalization)
    return models.Classifier(networks.vgg16(example_shape, num_classes, width, *given, dropout), **options)


def _given(choice):
    return None if choice in ("auto", "none") else choice
