"""The generator and the discriminator of a progressively grown GAN, at any stage of their growth."""

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.activations import leaky_relu
from keras_gen.layers.equalized import EqualizedConv2D, EqualizedDense
from keras_gen.layers.progressive import FadeIn, MinibatchStandardDeviation, PixelNormalization
from keras_gen.networks.parts import image_shape, with_condition

_SMALLEST = 4  # side of the first stage, as published
_PUBLISHED = (512, 512, 512, 512, 256, 128, 64, 32, 16)  # channels at 4x4, 8x8, ..., 1024x1024


def progressive_shapes(shape):
    """The shapes of the images of each stage of growth, from the smallest to the data's own.

    Both sides are halved as long as they stay integers >= 4.

    Args:
        shape: The shape of the data's images, `(height, width, channels)`.

    Returns:
        List of tuples, one for each stage.

    Raises:
        ValueError: If a side is shorter than 4.

    Example:

    >>> progressive_shapes((32, 32, 3))
    [(4, 4, 3), (8, 8, 3), (16, 16, 3), (32, 32, 3)]
    """
    height, width, channels = image_shape("shape", shape)
    if min(height, width) < _SMALLEST:
        raise ValueError(
            f"`shape` is too small to be grown. Expected: sides of {_SMALLEST} or more. Received: shape={tuple(shape)}"
        )
    shapes = [(height, width, channels)]
    while all(side % 2 == 0 and side // 2 >= _SMALLEST for side in (height, width)):
        height, width = height // 2, width // 2
        shapes.insert(0, (height, width, channels))
    return shapes


def progressive_generator(
    latent_dim,
    output_shape,
    stage,
    filters=_PUBLISHED,
    output_activation="tanh",
    num_classes=None,
    condition_dim=None,
    name="generator",
):
    """A generator at one stage of its growth: from 4x4 at stage 0, each stage doubles the sides of its images.

    The latents are scaled to a mean square of 1 and become the first map; each stage enlarges the map by nearest
    neighbours and has two 3x3 convolutions, with leaky ReLU and `layers.PixelNormalization`, and a 1x1 convolution to
    the image. All weights have an equalised learning rate. From stage 1 on, `layers.FadeIn` joins the image of the
    stage before, enlarged by nearest neighbours, and the new one: at alpha = 0 the network computes the enlarged images
    of the stage before, at alpha = 1, at which it is built, the new ones. Layers have the same names at all stages,
    from which `models.grown` copies them.

    The published last activation is linear. Here it is tanh, so that samples keep to the range (-1, 1) of the data; it
    follows the fade.

    Args:
        latent_dim: Width of the latents, an integer >= 1; 512 is published.
        output_shape: Shape of the data's images `(height, width, channels)`, which the last stage generates.
        stage: Integer from 0 to the last stage, the index of its images' shape in `progressive_shapes(output_shape)`.
        filters: Channels of the maps of each stage, integers >= 1, at least as many as there are stages. Defaults to
            (512, 512, 512, 512, 256, 128, 64, 32, 16), as published.
        output_activation: Activation of the output. Defaults to `"tanh"`.
        num_classes, condition_dim: As in `mlp_encoder`. Default to `None`.
        name: The network's name. Defaults to `"generator"`.

    Returns:
        A functional model from `(batch, latent_dim)`, or a list of this and the conditions, to images of the stage.

    Raises:
        ValueError: If the stage would grow beyond the data's size, or an argument is out of range.

    Example:

    >>> [progressive_generator(64, (32, 32, 3), stage, (32, 32, 16, 8)).output_shape for stage in (0, 3)]
    [(None, 4, 4, 3), (None, 32, 32, 3)]

    Reference:
        Karras et al., 2018, arXiv:1710.10196, section 2 and table 2.
    """
    checks.integer("latent_dim", latent_dim)
    shapes, filters = _stages("output_shape", output_shape, stage, filters)
    (height, width, channels), z = shapes[0], keras.Input((latent_dim,), name="z")
    inputs, hidden = with_condition(
        z, PixelNormalization(name="latents")(z), num_classes, condition_dim, "generator_labels"
    )
    hidden = EqualizedDense(height * width * filters[0], name="stage_0_dense")(hidden)
    hidden = layers.Reshape((height, width, filters[0]), name="stage_0_map")(hidden)
    hidden = _normalized(hidden, "stage_0_dense")
    hidden = _normalized(_convolution(hidden, filters[0], "stage_0_conv"), "stage_0_conv")
    for number in range(1, stage + 1):
        before = hidden
        hidden = layers.UpSampling2D(2, name=f"stage_{number}_enlarged")(hidden)
        for conv in (f"stage_{number}_conv_1", f"stage_{number}_conv_2"):
            hidden = _normalized(_convolution(hidden, filters[number], conv), conv)  # (batch, *shapes[number][:2], ...)
    images = _to_image(hidden, channels, stage)
    if stage:
        old = layers.UpSampling2D(2, name=f"stage_{stage}_old")(_to_image(before, channels, stage - 1))
        images = FadeIn(name=f"stage_{stage}_fade")([old, images])
    outputs = layers.Activation(output_activation, name="images")(images)
    return keras.Model(inputs, outputs, name=name)


def progressive_discriminator(
    input_shape,
    stage,
    filters=_PUBLISHED,
    group_size=None,
    num_classes=None,
    condition_dim=None,
    name="discriminator",
):
    """A discriminator, or critic, at one stage of its growth: the mirror image of `progressive_generator`.

    Each stage has two 3x3 convolutions with leaky ReLU and halves the map by average pooling; before the last
    convolution, at 4x4, `layers.MinibatchStandardDeviation` adds a channel. From stage 1 on, `layers.FadeIn` joins what
    the stage before makes of the image at half of its sides, and what the new layers make of the whole: at alpha = 0
    the network computes what that of the stage before does for the averaged image.

    Its value of an example depends on the others of the batch, by that channel. `models.WGANGP` takes the gradient of
    the sum of all values, as published.

    Args:
        input_shape: Shape of the data's images `(height, width, channels)`, which the last stage takes.
        stage, filters: As in `progressive_generator`.
        group_size: As in `layers.MinibatchStandardDeviation`. Defaults to `None`: the whole batch.
        num_classes, condition_dim: As in `mlp_encoder`; the conditions join the flat map of the last convolution.
            Default to `None`.
        name: The network's name. Defaults to `"discriminator"`.

    Returns:
        A functional model from images of the stage, or a list of these and the conditions, to `(batch, 1)`.

    Raises:
        ValueError: As `progressive_generator`.

    Example:

    >>> critic = progressive_discriminator((32, 32, 3), 1, (32, 32, 16, 8), name="critic")
    >>> critic.input_shape, critic.output_shape
    ((None, 8, 8, 3), (None, 1))

    Reference:
        Karras et al., 2018, arXiv:1710.10196, sections 2 and 3, table 2.
    """
    shapes, filters = _stages("input_shape", input_shape, stage, filters)
    x = keras.Input(shapes[stage], name="x")
    hidden = _from_image(x, filters[stage], stage)
    for number in range(stage, 0, -1):
        first, second = f"stage_{number}_conv_1", f"stage_{number}_conv_2"
        hidden = _activated(_convolution(hidden, filters[number], first), first)
        hidden = _activated(_convolution(hidden, filters[number - 1], second), second)
        hidden = layers.AveragePooling2D(2, name=f"stage_{number}_halved")(hidden)
        if number == stage:
            small = layers.AveragePooling2D(2, name=f"stage_{stage}_old")(x)
            old = _from_image(small, filters[stage - 1], stage - 1)
            hidden = FadeIn(name=f"stage_{stage}_fade")([old, hidden])
    hidden = MinibatchStandardDeviation(group_size, name="stage_0_variation")(hidden)
    hidden = _activated(_convolution(hidden, filters[0], "stage_0_conv"), "stage_0_conv")
    hidden = layers.Flatten(name="stage_0_flat")(hidden)
    inputs, hidden = with_condition(x, hidden, num_classes, condition_dim, "discriminator_labels")
    hidden = _activated(EqualizedDense(filters[0], name="stage_0_dense")(hidden), "stage_0_dense")
    return keras.Model(inputs, EqualizedDense(1, gain=1, name="logit")(hidden), name=name)


def _stages(name, shape, stage, filters):
    """The shapes of all stages and the list of filters; a stage beyond the data's size is refused."""
    shapes, filters = progressive_shapes(image_shape(name, shape)), checks.widths("filters", filters)
    last = len(shapes) - 1
    if checks.integer("stage", stage, minimum=0) > last:
        sides = ", ".join(f"{height}x{width}" for height, width, _ in shapes)
        raise ValueError(
            f"`stage` must not grow the images beyond the data's size. Expected: 0 to {last} ({sides}). "
            f"Received: stage={stage}"
        )
    if len(filters) <= last:
        raise ValueError(
            f"`filters` must give the channels of every stage of {name}={tuple(shape)}. Expected: at least {last + 1} "
            f"integers. Received: {filters}"
        )
    return shapes, filters


def _convolution(hidden, filters, name):
    return EqualizedConv2D(filters, 3, padding="same", name=name)(hidden)


def _activated(hidden, name):
    return layers.Activation(leaky_relu, name=f"{name}_activation")(hidden)


def _normalized(hidden, name):
    return PixelNormalization(name=f"{name}_normalized")(_activated(hidden, name))


def _to_image(hidden, channels, stage):
    return EqualizedConv2D(channels, 1, gain=1, name=f"stage_{stage}_to_image")(hidden)


def _from_image(images, filters, stage):
    return _activated(EqualizedConv2D(filters, 1, name=f"stage_{stage}_from_image")(images), f"stage_{stage}_image")
