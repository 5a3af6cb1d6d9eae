"""The deep convolutional generator and the discriminator that mirrors it."""

import math

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.activations import leaky_relu
from keras_gen.networks.parts import image_shape, initial_weights, with_condition

_SMALLEST = 4  # side of the smallest map, as published


def dcgan_generator(
    latent_dim,
    output_shape,
    filters=64,
    normalization="batch",
    output_activation="tanh",
    num_classes=None,
    condition_dim=None,
    name="generator",
):
    """A dense layer to a small map, then transposed 5x5 convolutions of stride 2 up to the image, as published.

    The image's sides are halved d times, as long as they stay integers >= 4: to 4x4 from 32, 64 and 128, to 7x7 from
    28. That map has `filters` * 2^d channels, and each doubling halves them: for 64x64x3 1024, 512, 256, 128.

    Args:
        latent_dim: Width of the latents, an integer >= 1.
        output_shape: One image's shape `(height, width, channels)`, with both sides 2^d times a side of 4 to 7.
        filters: Half the channels of the last hidden layer, an integer >= 1; every other layer has twice the channels
            of the next. Defaults to 64.
        normalization: `"batch"`, `"layer"` or `None`, after every layer but the last. Defaults to `"batch"`.
        output_activation: Activation of the output. Defaults to `"tanh"`.
        num_classes, condition_dim: As in `mlp_encoder`. Default to `None`.
        name: The network's name. Defaults to `"generator"`.

    Returns:
        A functional model from `(batch, latent_dim)`, or a list of this and the conditions, to
        `(batch, height, width, channels)`.

    Example:

    >>> dcgan_generator(100, (64, 64, 3)).count_params()
    18858883

    Reference:
        Radford, Metz and Chintala, 2016, arXiv:1511.06434, figure 1 and section 4; labels: Mirza and Osindero, 2014,
        arXiv:1411.1784.
    """
    latent_dim, filters = checks.integer("latent_dim", latent_dim), checks.integer("filters", filters)
    options = _options(normalization)
    (height, width, channels), doublings = _halved("output_shape", output_shape)
    z = keras.Input((latent_dim,), name="z")
    inputs, hidden = with_condition(z, z, num_classes, condition_dim, "generator_labels")
    small = (height >> doublings, width >> doublings, filters << doublings)
    dense = layers.Dense(math.prod(small), use_bias=options["use_bias"], kernel_initializer=initial_weights())
    hidden = layers.Reshape(small)(dense(hidden))
    hidden = layers.ReLU()(_normalized(hidden, normalization))
    for number in range(doublings - 1, 0, -1):
        hidden = layers.Conv2DTranspose(filters << number, kernel_initializer=initial_weights(), **options)(hidden)
        hidden = layers.ReLU()(_normalized(hidden, normalization))  # (batch, height >> number, width >> number, ...)
    options = {**options, "use_bias": True, "activation": output_activation}
    outputs = layers.Conv2DTranspose(channels, kernel_initializer=initial_weights(), **options)(hidden)
    return keras.Model(inputs, outputs, name=name)


def dcgan_discriminator(
    input_shape,
    filters=64,
    normalization="batch",
    dropout=0.0,
    num_classes=None,
    condition_dim=None,
    name="discriminator",
):
    """The mirror image of `dcgan_generator`: 5x5 convolutions of stride 2 with leaky ReLU, then one logit.

    With `normalization=None` or `"layer"` it is a critic for `models.WGANGP`.

    Args:
        input_shape: One image's shape `(height, width, channels)`, as in `dcgan_generator`.
        filters: Channels for each doubling of the generator, an integer >= 1: the convolutions have 2, 4, ... times as
            many. Defaults to 64.
        name: As in `dcgan_generator`.
        normalization: `"batch"`, `"layer"` or `None`, after every convolution but the first. Defaults to `"batch"`.
        dropout: Share of the units that are set to 0 at random in training, after each convolution of the
            discriminator, a number in [0, 1). Defaults to 0.
        num_classes, condition_dim: As in `mlp_encoder`; labels and vectors each become one more channel of the image.
            Default to `None`.

    Returns:
        A functional model from `(batch, height, width, channels)`, or a list of this and the conditions, to
        `(batch, 1)`.

    Example:

    >>> dcgan_discriminator((28, 28, 1)).output_shape
    (None, 1)

    Reference:
        Radford, Metz and Chintala, 2016, arXiv:1511.06434, section 3; without normalisation: Gulrajani et al., 2017,
        arXiv:1704.00028, section 4.
    """
    filters, options = checks.integer("filters", filters), _options(normalization)
    dropout = checks.rate("dropout", dropout)
    shape, doublings = _halved("input_shape", input_shape)
    x = keras.Input(shape, name="x")
    inputs, hidden = with_condition(x, x, num_classes, condition_dim, "discriminator_labels")
    for number in range(1, doublings + 1):
        first = {"use_bias": True} if number == 1 else {}
        hidden = layers.Conv2D(filters << number, kernel_initializer=initial_weights(), **{**options, **first})(hidden)
        hidden = layers.Activation(leaky_relu)(hidden if first else _normalized(hidden, normalization))
        if dropout:
            hidden = layers.Dropout(dropout)(hidden)
    logit = layers.Dense(1, kernel_initializer=initial_weights(), name="logit")
    return keras.Model(inputs, logit(layers.Flatten()(hidden)), name=name)


def _options(normalization):
    checks.choice("normalization", normalization, ["batch", "layer"], optional=True)
    bias = normalization is None  # a normalisation has its own
    return {"kernel_size": 5, "strides": 2, "padding": "same", "use_bias": bias}


def _normalized(hidden, normalization):
    if normalization == "batch":
        return layers.BatchNormalization(momentum=0.9)(hidden)  # follows the statistics of a short training
    return layers.LayerNormalization()(hidden) if normalization == "layer" else hidden


def _halved(name, shape):
    """The validated shape, and how often both of its sides can be halved."""
    height, width, channels = image_shape(name, shape)
    doublings = 0
    while all(side % 2 ** (doublings + 1) == 0 and side >> (doublings + 1) >= _SMALLEST for side in (height, width)):
        doublings += 1
    if doublings == 0 or max(height, width) >> doublings >= 2 * _SMALLEST:
        nearest = (*_nearest(height, width), channels)
        raise ValueError(
            f"`{name}` must have sides of 4, 5, 6 or 7 times one power of two. Expected: {nearest}, the nearest; "
            f"`size` (--size) resizes the images of the data. Received: {name}={tuple(shape)}"
        )
    return (height, width, channels), doublings


def _nearest(*sides):
    """The nearest sides that a DCGAN can make; of two equally near, the larger."""
    found = [
        tuple(min(max(round(side / 2**doublings), _SMALLEST), 2 * _SMALLEST - 1) << doublings for side in sides)
        for doublings in range(1, max(sides).bit_length() + 1)
    ]
    distances = [(sum(abs(new - old) for new, old in zip(pair, sides, strict=True)), -sum(pair)) for pair in found]
    return found[distances.index(min(distances))]
