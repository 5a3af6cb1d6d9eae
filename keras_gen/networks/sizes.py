"""Validation of the sizes that the builders take."""

import numpy as np

from keras_gen import checks


def example_shape(name, shape):
    """One example's shape as a tuple of integers, for a network with a dense layer.

    Args:
        name: The argument's name, for the message.
        shape: What was received.

    Returns:
        Tuple of integers >= 1.

    Raises:
        ValueError: If `shape` is something else; free axes (`None`) do not fit a dense layer.

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
    """One image's shape as a tuple of three integers, with `None` for a free height or width where they are allowed.

    Args:
        name: The argument's name, for the message.
        shape: What was received.
        free_sides: Whether height and width may be `None`, as in a fully convolutional network. Defaults to `False`.

    Returns:
        The tuple (height, width, channels).

    Raises:
        ValueError: If `shape` is something else.

    Example:

    >>> image_shape("input_shape", (None, None, 3), free_sides=True)
    (None, None, 3)
    """
    if not np.iterable(shape) or len(shape) != 3:
        received = tuple(shape) if np.iterable(shape) else shape
        raise ValueError(f"`{name}` must be (height, width, channels). Received: {name}={received}")
    if not free_sides:
        return example_shape(name, shape)
    sides = (None if side is None else checks.integer(name, side) for side in shape[:2])
    return (*sides, checks.integer(name, shape[2]))


def convolutions(filters):
    """The channels of at least one convolution, as a list of integers >= 1.

    Args:
        filters: What was received.

    Raises:
        ValueError: If `filters` is something else.

    Example:

    >>> convolutions((32, 64))
    [32, 64]
    """
    filters = checks.widths("filters", filters)
    if not filters:
        raise ValueError("`filters` must name at least one convolution. Expected: such as (32, 64). Received: none")
    return filters


def head_activations(heads, activation):
    """The activations of a decoder's outputs: the given one, and `None` for the log-variance of a second output.

    Args:
        heads: What was received for the number of outputs.
        activation: Activation of the first output.

    Raises:
        ValueError: If `heads` is neither 1 nor 2.

    Example:

    >>> head_activations(2, "tanh")
    ('tanh', None)
    """
    if checks.integer("heads", heads) > 2:
        raise ValueError(f"`heads` must be 1 (mean or logits) or 2 (mean, log-variance). Received: heads={heads}")
    return (activation, None)[:heads]
