"""Preparation that the losses share: float32 tensors of one shape, masks, and sums over an example."""

import math

from keras import ops

from keras_gen import backend, checks


def require_one_shape(**tensors):
    """Raise a `ValueError` unless all tensors, by name, have the shape of the first; unknown sizes (`None`) fit any."""
    first, *others = tensors
    expected = tuple(tensors[first].shape)
    for name in others:
        shape = tuple(tensors[name].shape)
        if not checks.shapes_agree(shape, expected):
            raise ValueError(
                f"`{name}` must have the shape of `{first}`. Expected: shape {expected}. "
                f"Received: {name} of shape {shape}"
            )


def as_float32(**tensors):
    """Tensors of one shape, by name, cast to float32: a list."""
    tensors = {name: ops.cast(tensor, "float32") for name, tensor in tensors.items()}
    require_one_shape(**tensors)
    return list(tensors.values())


def mask_over(x, mask):
    """A mask of the leading axes of `x`, or of size 1 there, as booleans with as many axes as `x`."""
    mask = ops.cast(mask, "bool")
    shape, leading = tuple(mask.shape), tuple(x.shape)[: len(mask.shape)]
    if not broadcasts(shape, leading):
        raise ValueError(
            "`mask` must have the leading axes of `x`, or broadcast to them. "
            f"Expected: shape {leading}. Received: mask of shape {shape}"
        )
    return ops.reshape(mask, (*ops.shape(mask), *[1] * (len(x.shape) - len(shape))))


def broadcasts(shape, to):
    """Whether a tensor of one shape broadcasts to another; axes of unknown size (`None`) fit any."""
    if len(shape) > len(to):
        return False
    pairs = zip(shape, to[len(to) - len(shape) :], strict=True)
    return all(side == 1 or side == other or None in (side, other) for side, other in pairs)


def sum_per_example(values):
    """Sum over all axes but the first: float32 tensor `(batch, ...)` -> `(batch,)`."""
    return backend.sum_rows(ops.reshape(values, (-1, math.prod(ops.shape(values)[1:]))))
