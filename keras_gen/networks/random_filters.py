"""A bank of random filters of several sizes, whose correlations describe textures without any training."""

import keras
import numpy as np
from keras import layers

from keras_gen import checks
from keras_gen.networks.parts import image_shape

BANK = "filters"  # the layer of all maps


def random_filter_bank(
    input_shape=(None, None, 3),
    filters=128,
    kernel_sizes=(3, 5, 7, 11, 15, 23, 37, 55),
    seed=0,
    name="random_filter_bank",
):
    """One layer of random filters of several sizes, with rectifiers: maps of the size of the images.

    The weights are drawn from Glorot's uniform distribution and are not trained. Images in [0, 1] are centred, x - 1/2,
    before they are filtered. The time of a call grows with the squares of the kernel sizes.

    Args:
        input_shape: One image's shape `(height, width, channels)`; `None` leaves a side free. Defaults to
            (None, None, 3).
        filters: Number of filters of each size, an integer >= 1. Defaults to 128.
        kernel_sizes: Sides of the filters, odd integers >= 1, each once. Defaults to those of the reference.
        seed: Integer of the weights. Defaults to 0.
        name: The network's name. Defaults to `"random_filter_bank"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to `(batch, height, width, maps)`, with
        maps = filters len(kernel_sizes). Its convolutions are `filters_3`, `filters_5`, ..., its last layer `filters`.

    Raises:
        ValueError: If an argument is not of this form.

    Example:

    >>> random_filter_bank(filters=4, kernel_sizes=(3, 5)).output_shape
    (None, None, None, 8)

    Reference:
        Ustyuzhaninov, Brendel, Gatys and Bethge, 2017, arXiv:1606.00021, the multi-scale model of a single layer.
    """
    shape = image_shape("input_shape", input_shape, free_sides=True)
    filters, sizes = checks.integer("filters", filters), checks.widths("kernel_sizes", kernel_sizes)
    if not sizes or len(set(sizes)) < len(sizes) or not all(size % 2 for size in sizes):
        raise ValueError(
            f"`kernel_sizes` must be odd integers, each once, such as (3, 5, 11). Received: kernel_sizes={kernel_sizes}"
        )
    inputs = keras.Input(shape, name="x")
    hidden = layers.Rescaling(1.0, -0.5, name="center")(inputs)
    seeds = np.random.default_rng(seed).integers(2**31, size=len(sizes)).tolist()
    maps = []
    for size, own in zip(sizes, seeds, strict=True):
        weights = keras.initializers.GlorotUniform(own)
        options = {"padding": "same", "activation": "relu", "use_bias": False, "kernel_initializer": weights}
        maps.append(layers.Conv2D(filters, size, trainable=False, name=f"{BANK}_{size}", **options)(hidden))
    joined = layers.Concatenate(name=BANK)(maps) if len(maps) > 1 else layers.Identity(name=BANK)(maps[0])
    return keras.Model(inputs, joined, name=name)
