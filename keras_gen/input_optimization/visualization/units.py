"""The units that are looked at: layers, channels and places, and classes."""

import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.input_optimization.subjects import logits_in_batches, too_small
from keras_gen.networks.inner_layers import layer_outputs


def require_images(seen):
    """Raise a `ValueError` unless the subject's inputs are images."""
    if len(seen.shape) != 3:
        raise ValueError(
            "The model must be one of images. Expected: an input of shape (batch, height, width, channels). Received: "
            f"(batch, {', '.join(map(str, seen.shape))})"
        )


def image_shape(seen, shape):
    """One image's shape: the network's own, or `shape`, which networks of images of any size need."""
    if shape is None and None in seen.shape:
        raise ValueError(
            "`shape` must be given for a network of images of any size. Expected: such as "
            f"{tuple(64 if side is None else side for side in seen.shape)}. Received: shape=None"
        )
    shape = seen.shape if shape is None else tuple(shape)
    if not checks.shapes_agree(shape, seen.shape):
        raise ValueError(f"`shape` must fit the network. Expected: {seen.shape}. Received: shape={shape}")
    return shape


def output_shape(seen, layer, shape):
    """The shape of a layer's output for an image of a shape, both without the batch axis."""
    (found,) = output_shapes(seen, [layer], shape)
    return found


def output_shapes(seen, names, shape):
    """The shapes of the outputs of the named layers for an image of a shape, all without the batch axis.

    Raises:
        ValueError: If a layer does not exist, or if a network of images of any size needs larger ones.
    """
    function, image = layer_outputs(seen.network, names), seen.spec(shape)
    try:
        return [tuple(output.shape[1:]) for output in function(image)]
    except Exception as error:  # a layer may raise any error for a size; the message quotes it
        raise too_small(shape, f"up to the layers {list(names)}: {error}") from error


def numbers(name, value, count, of):
    """One or several integers in 0..count - 1, all of them for `None`: int32 array `(n,)`."""
    given = np.arange(count) if value is None else np.atleast_1d(np.asarray(value))
    if given.ndim != 1 or given.dtype.kind not in "iu" or given.size == 0:
        raise ValueError(f"`{name}` must be an integer or a sequence of integers. Received: {name}={value!r}")
    if given.min() < 0 or given.max() >= count:
        raise ValueError(f"`{name}` is not in {of}. Expected: 0 to {count - 1}. Received: {name}={value!r}")
    return given.astype("int32")


def unit_indices(layer, shape, channel, place):
    """The positions of units in the means over all places or, with a place, in the flattened output: int32 `(n,)`.

    Args:
        layer: Name of the layer, for messages.
        shape: Shape of its output.
        channel: An integer, several, or `None` for all.
        place: A tuple with an integer for each axis but the last, or `None` for the mean over all places.
    """
    channels = numbers("channel", channel, shape[-1], f"layer '{layer}'")
    if place is None:
        return channels
    sides = shape[:-1]
    fits = np.shape(place) == (len(sides),) and all(isinstance(one, (int, np.integer)) for one in place)
    if not sides or not fits or not all(0 <= one < side for one, side in zip(place, sides, strict=True)):
        expected = f"integers from {(0,) * len(sides)} to {tuple(side - 1 for side in sides)}" if sides else "None"
        raise ValueError(f"`place` is not in layer '{layer}'. Expected: {expected}. Received: place={place!r}")
    position = int(np.ravel_multi_index(tuple(place), sides))
    return (position * shape[-1] + channels).astype("int32")


def unit_values(output, indices, is_mean):
    """The units of outputs `(n, ...)` at those indices, with `is_mean` of the means over all places: `(n,)`."""
    output = ops.cast(output, "float32")
    if is_mean and len(output.shape) > 2:
        output = ops.mean(output, axis=tuple(range(1, len(output.shape) - 1)))
    flat = ops.reshape(output, (ops.shape(output)[0], -1))
    return ops.take_along_axis(flat, indices[:, None], axis=1)[:, 0]


def classes_of(seen, images, classes, batch_size):
    """Classes as int32 `(n,)`: those given, one for all or one for each image, or the most probable ones."""
    seen.require_size(images.shape[1:])
    if classes is None:
        size = min(batch_size, len(images))
        return logits_in_batches(seen, size, images).argmax(axis=1).astype("int32")
    given = numbers("classes", classes, seen.num_classes, "the model")
    if len(given) not in (1, len(images)):
        raise ValueError(
            f"`classes` must be one for each image, or one for all. Expected: {len(images)}. Received: {len(given)}"
        )
    return np.resize(given, len(images))
