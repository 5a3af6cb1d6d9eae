"""Shared parts of the builders: validation of sizes, labels as an input, the published initial weights."""

import math

import keras
import numpy as np
from keras import layers

from keras_gen import checks
from keras_gen.layers.centering import AddMean, SubtractMean
from keras_gen.layers.narrow import NarrowConv2D
from keras_gen.layers.resampling import ICNR, SubPixelConv2D

UPSAMPLINGS = ("transposed", "subpixel", "interpolation")  # of `doubled`
_IMAGENET_FROM = 64  # pixels of the smaller side from which a stem is that for ImageNet
_LABEL_WIDTH = 50  # of the class vector that is concatenated with latents or flat examples


def example_shape(name, shape):
    """One example's shape as a tuple of integers; free axes (`None`) do not fit a dense layer."""
    if not np.iterable(shape) or isinstance(shape, str) or len(shape) == 0:
        raise ValueError(
            f"`{name}` must be one example's shape. Expected: such as (28, 28, 1). Received: {name}={shape!r}"
        )
    if None in shape:
        raise ValueError(
            f"`{name}` must be fixed, because a dense layer needs as many inputs for every example. "
            f"Expected: integers >= 1. Received: {name}={tuple(shape)}"
        )
    return tuple(checks.integer(name, side) for side in shape)


def image_shape(name, shape, free_sides=False):
    """The tuple (height, width, channels); `free_sides` allows `None` for height and width."""
    if not np.iterable(shape) or len(shape) != 3:
        raise ValueError(f"`{name}` must be (height, width, channels). Received: {name}={shape}")
    if not free_sides:
        return example_shape(name, shape)
    sides = (None if side is None else checks.integer(name, side) for side in shape[:2])
    return (*sides, checks.integer(name, shape[2]))


def require_sides(shape, smallest, network):
    """Raise unless both sides of an image's shape reach the smallest that a network takes."""
    if min(shape[:2]) < smallest:
        raise ValueError(
            f"`input_shape` is too small for {network}. Expected: sides of {smallest} or more; `size` (--size) resizes "
            f"the images of the data. Received: input_shape={tuple(shape)}"
        )


def stem_for(stem, shape, smallest):
    """The given stem, or the one that suits the image's shape; `smallest` is a dict from a stem to its smallest side.

    An image too small for it is refused.
    """
    if stem is None:
        stem = "imagenet" if min(shape[:2]) >= _IMAGENET_FROM else "small"
    require_sides(shape, smallest[checks.choice("stem", stem, smallest)], f"the stem {stem!r}")
    return stem


def narrowed(channels, width, multiple=1):
    """A number of channels times a factor, rounded to a multiple, at least one of it."""
    return max(round(channels * checks.positive("width", width) / multiple), 1) * multiple


def rectified(activation="relu"):
    """Options of a layer of rectifiers: the activation, and initial weights under which deep ones keep their scale."""
    return {"activation": activation, "kernel_initializer": "he_normal"}


def normalized(hidden):
    """Batch normalisation and the rectifier that follows it, with statistics that follow a short training."""
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(hidden))


def convolutions(filters):
    """The channels of at least one convolution, as a list."""
    filters = checks.widths("filters", filters)
    if not filters:
        raise ValueError("`filters` must name at least one convolution. Expected: such as (32, 64). Received: none")
    return filters


def head_activations(heads, activation):
    """Activations of a decoder's one or two outputs: the given one, and `None` for a log-variance."""
    if checks.integer("heads", heads) > 2:
        raise ValueError(f"`heads` must be 1 (mean or logits) or 2 (mean, log-variance). Received: heads={heads}")
    return (activation, None)[:heads]


def centered(inputs, center, output_activation):
    """The inputs without their mean, and the function that adds it to outputs; both unchanged without `center`."""
    if not center:
        return inputs, lambda outputs: outputs
    if output_activation not in (None, "linear"):
        raise ValueError(
            "`center` adds the mean to the outputs, which must be unbounded. Expected: output_activation=None. "
            f"Received: output_activation={output_activation!r}"
        )
    subtract = SubtractMean(name="encoder_center")
    return subtract(inputs), lambda outputs: AddMean(subtract, name="decoder_center")(outputs)


def cropped(images, height, width, in_front=False):
    """Images cropped to `height` x `width`; an odd surplus is cut at the end, or `in_front`."""
    extra = (images.shape[1] - height, images.shape[2] - width)
    if not any(extra):
        return images
    cuts = [(side // 2, side - side // 2) for side in extra]
    return layers.Cropping2D([cut[::-1] if in_front else cut for cut in cuts])(images)


def with_condition(inputs, hidden, num_classes, condition_dim, name):
    """The inputs and `hidden`, with those of a condition: its vector is concatenated, to images as one channel.

    The arguments are those of `condition_vectors`.
    """
    sides = hidden.shape[1:-1]
    width = math.prod(sides) if sides else None
    return joined(inputs, hidden, *condition_vectors(num_classes, condition_dim, width, name))


def joined(inputs, hidden, given, vectors):
    """As `with_condition`, with what `condition_vectors` gives."""
    if not given:
        return inputs, hidden
    sides = hidden.shape[1:-1]
    parts = [layers.Reshape((*sides, 1))(vector) for vector in vectors] if sides else vectors
    return [inputs, *given], layers.Concatenate()([hidden, *parts])


def condition_vectors(num_classes, condition_dim, width, name, wrapped=lambda layer: layer):
    """The inputs of a condition, and a vector of each: the pair of lists, empty without a condition.

    `num_classes` adds labels, each with a learned vector, and `condition_dim` vectors of that width; `None` for none.
    Layers map all of them to vectors of the given width; without one, given vectors stay as they are. The layer of the
    labels has the given name, and `_vectors` after it for vectors; `wrapped` may wrap the layers.
    """
    inputs, vectors = [], []
    if num_classes is not None:
        inputs.append(keras.Input((), dtype="int32", name="labels"))
        classes = checks.integer("num_classes", num_classes, minimum=2)
        vectors.append(wrapped(layers.Embedding(classes, width or _LABEL_WIDTH, name=name))(inputs[-1]))
    if condition_dim is not None:
        inputs.append(given := keras.Input((checks.integer("condition_dim", condition_dim),), name="condition"))
        vectors.append(wrapped(layers.Dense(width, name=f"{name}_vectors"))(given) if width else given)
    return inputs, vectors


def doubled(hidden, filters, kernel_size, upsampling, use_bias=False, activation=None):
    """Images of twice the height and width, by one of `UPSAMPLINGS`, which `resnet_generator` describes."""
    options = {"padding": "same", "use_bias": use_bias, "activation": activation}
    if upsampling == "subpixel":
        return SubPixelConv2D(filters, kernel_size, kernel_initializer=ICNR(2, initial_weights()), **options)(hidden)
    options["kernel_initializer"] = initial_weights()
    if upsampling == "transposed":
        return layers.Conv2DTranspose(filters, kernel_size, strides=2, **options)(hidden)
    convolution = NarrowConv2D if activation else layers.Conv2D  # to the channels of an image, or to hidden ones
    return convolution(filters, kernel_size, **options)(layers.UpSampling2D()(hidden))


def initial_weights():
    """The published N(0, 0.02^2), a new object for each layer: one object would draw the same numbers for all."""
    return keras.initializers.RandomNormal(stddev=0.02)
