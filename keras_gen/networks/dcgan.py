"""The deep convolutional generator and the discriminator that mirrors it."""

import math

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.activations import leaky_relu
from keras_gen.networks.parts import (
    UPSAMPLINGS,
    condition_vectors,
    doubled,
    image_shape,
    initial_weights,
    joined,
    with_condition,
)

_SMALLEST = 4  # side of the smallest map, as published


def dcgan_generator(
    latent_dim,
    output_shape,
    filters=64,
    normalization="batch",
    output_activation="tanh",
    upsampling="transposed",
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
        normalization: `"batch"`, `"layer"`, `"modulated"` or `None`, after every layer but the last. `"modulated"` is
            batch normalisation whose scales and offsets are linear in the condition (in z without one), so that every
            layer sees it. Defaults to `"batch"`.
        output_activation: Activation of the output. Defaults to `"tanh"`.
        upsampling: How the sides are doubled, as in `resnet_generator`: by transposed 5x5 convolutions, or by 3x3
            kernels of the other kinds, which make even areas even. Defaults to `"transposed"`, as published.
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
        arXiv:1411.1784; modulated: de Vries et al., 2017, arXiv:1707.00683 (conditional batch normalisation); by z:
        Chen et al., 2019, arXiv:1810.01365.
    """
    latent_dim, filters = checks.integer("latent_dim", latent_dim), checks.integer("filters", filters)
    checks.choice("normalization", normalization, ["batch", "layer", "modulated"], optional=True)
    kernel_size = 5 if checks.choice("upsampling", upsampling, UPSAMPLINGS) == "transposed" else 3
    use_bias = normalization is None  # a normalisation has its own
    (height, width, channels), doublings = _halved("output_shape", output_shape)
    z = keras.Input((latent_dim,), name="z")
    given, vectors = condition_vectors(num_classes, condition_dim, None, "generator_labels")
    inputs, hidden = joined(z, z, given, vectors)
    style = layers.Concatenate()(vectors) if len(vectors) > 1 else (vectors or [z])[0]
    small = (height >> doublings, width >> doublings, filters << doublings)
    dense = layers.Dense(math.prod(small), use_bias=use_bias, kernel_initializer=initial_weights())
    hidden = layers.Reshape(small)(dense(hidden))
    hidden = layers.ReLU()(_normalized(hidden, normalization, style))
    for number in range(doublings - 1, 0, -1):
        hidden = doubled(hidden, filters << number, kernel_size, upsampling, use_bias)
        hidden = _normalized(hidden, normalization, style)  # (batch, height >> number, width >> number, ...)
        hidden = layers.ReLU()(hidden)
    outputs = doubled(hidden, channels, kernel_size, upsampling, use_bias=True, activation=output_activation)
    return keras.Model(inputs, outputs, name=name)


def dcgan_discriminator(
    input_shape,
    filters=64,
    normalization="batch",
    dropout=0.0,
    projection=False,
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
        normalization: `"batch"` or `"layer"`, after every convolution but the first; `"spectral"`, which divides every
            kernel by its largest singular value; or `None`. Defaults to `"batch"`.
        dropout: Share of the units that are set to 0 at random in training, after each convolution of the
            discriminator, a number in [0, 1). Defaults to 0.
        projection: Whether the logit of a condition is its inner product with the last features, added to the logit of
            the image alone: the layers `projection_0`, for labels or vectors alone, and `projection_1`. Defaults to
            `False`: labels and vectors each become one more channel of the image.
        num_classes, condition_dim: As in `mlp_encoder`. Default to `None`.

    Returns:
        A functional model from `(batch, height, width, channels)`, or a list of this and the conditions, to
        `(batch, 1)`.

    Example:

    >>> dcgan_discriminator((28, 28, 1)).output_shape
    (None, 1)

    Reference:
        Radford, Metz and Chintala, 2016, arXiv:1511.06434, section 3; without normalisation: Gulrajani et al., 2017,
        arXiv:1704.00028, section 4; spectral: Miyato et al., 2018, arXiv:1802.05957, section 2.1; projection: Miyato
        and Koyama, 2018, arXiv:1802.05637, equation 3.
    """
    filters, dropout = checks.integer("filters", filters), checks.rate("dropout", dropout)
    checks.choice("normalization", normalization, ["batch", "layer", "spectral"], optional=True)
    shape, doublings = _halved("input_shape", input_shape)
    x = keras.Input(shape, name="x")
    inputs, hidden = x, x
    if not projection:
        inputs, hidden = with_condition(x, x, num_classes, condition_dim, "discriminator_labels")

    def weighted(layer):
        return layers.SpectralNormalization(layer) if normalization == "spectral" else layer

    for number in range(1, doublings + 1):
        use_bias = number == 1 or normalization in (None, "spectral")  # other normalisations have their own
        options = {"strides": 2, "padding": "same", "use_bias": use_bias, "kernel_initializer": initial_weights()}
        hidden = weighted(layers.Conv2D(filters << number, 5, **options))(hidden)
        hidden = layers.Activation(leaky_relu)(hidden if number == 1 else _normalized(hidden, normalization))
        if dropout:
            hidden = layers.Dropout(dropout)(hidden)
    features = layers.Flatten()(hidden)
    logit = weighted(layers.Dense(1, kernel_initializer=initial_weights(), name="logit"))(features)
    if projection:
        width, labels = features.shape[1], "discriminator_labels"
        given, vectors = condition_vectors(num_classes, condition_dim, width, labels, weighted)
        if not given:
            raise ValueError(
                "`projection` needs a condition. Expected: num_classes or condition_dim. Received: neither"
            )
        matches = [layers.Dot(1, name=f"projection_{number}")([features, one]) for number, one in enumerate(vectors)]
        inputs, logit = [x, *given], layers.Add()([logit, *matches])
    return keras.Model(inputs, logit, name=name)


def _normalized(hidden, normalization, style=None):
    """The maps after a normalisation; a modulated one has scales and offsets that are linear in the vectors `style`."""
    if normalization in ("batch", "modulated"):
        learned = normalization == "batch"
        # The momentum follows the statistics of a short training.
        hidden = layers.BatchNormalization(momentum=0.9, center=learned, scale=learned)(hidden)
    elif normalization == "layer":
        hidden = layers.LayerNormalization()(hidden)
    if normalization != "modulated":
        return hidden
    scales, offsets = (
        layers.Reshape((1, 1, -1))(
            layers.Dense(hidden.shape[-1], kernel_initializer=initial_weights(), bias_initializer=start)(style)
        )
        for start in ("ones", "zeros")
    )
    return layers.Add()([layers.Multiply()([hidden, scales]), offsets])


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
