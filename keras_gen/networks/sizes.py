"""Validation of the sizes that the builders take. Each function returns the valid value, or raises a `ValueError`."""

import numpy as np

from keras_gen import checks


def example_shape(name, shape):
    """One example's shape as a tuple of integers; free axes (`None`) do not fit a dense layer.

    Example:

    >>> example_shape("input_shape", [28, 28, 1])
    (28, 28, 1)
    """
    if not np.iterable(shape) or isinstance(shape, str) or len(shape) == 0:
        raise ValueError(
            f"`{name}` must be one example's shape. Expected: such as (28, 28, 1). Received: {name}={shape!r}"
        )
    if None in shape:
        raise ValueError(
            f"`{name}` must be fixed, because a dense layer needs as many inputs of every example. "
            f"Expected: integers >= 1. Received: {name}={tuple(shape)}"
        )
    return tuple(checks.integer(name, side) for side in shape)


def image_shape(name, shape, free_sides=False):
    """The tuple (height, width, channels); `free_sides` allows `None` for height and width.

    Example:

    >>> image_shape("input_shape", (None, None, 3), free_sides=True)
    (None, None, 3)
    """
    if not np.iterable(shape) or len(shape) != 3:
        raise ValueError(f"`{name}` must be (height, width, channels). Received: {name}={shape}")
    if not free_sides:
        return example_shape(name, shape)
    sides = (None if side is None else checks.integer(name, side) for side in shape[:2])
    return (*sides, checks.integer(name, shape[2]))


def convolutions(filters):
    """The channels of at least one convolution, as a list.

    Example:

    >>> convolutions((32, 64))
    [32, 64]
    """
    filters = checks.widths("filters", filters)
    if not filters:
        raise ValueError("`filters` must name at least one convolution. Expected: such as (32, 64). Received: none")
    return filters


def head_activations(heads, activation):
    """Activations of a decoder's one or two outputs: the given one, and `None` for a log-variance.

    Example:

    >>> head_activations(2, "tanh")
    ('tanh', None)
    """
    if checks.integer("heads", heads) > 2:
        raise ValueError(f"`heads` must be 1 (mean or logits) or 2 (mean, log-variance). Received: heads={heads}")
    return (activation, None)[:heads]
