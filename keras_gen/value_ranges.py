"""Scaling pixels from one range of values to another."""

import numpy as np

from keras_gen.lazy_arrays import LazyArray


def rescaled(x, source, target=(0, 1), overwrite=False):
    """Values of the range `source` scaled linearly to the range `target`, as float32.

    Args:
        x: Array of any shape, or a `LazyArray`.
        source: The pair (lowest, highest) that is mapped to that of `target`; values outside of it stay outside.
        target: The pair (lowest, highest). Defaults to (0, 1).
        overwrite: Whether a float32 array is changed in place, to save memory. Defaults to `False`.

    Returns:
        float32 array of the same shape: `x` itself if it is one and the ranges are equal. A `LazyArray` stays one.

    Example:

    >>> rescaled(np.array([0, 255], "uint8"), (0, 255), (-1, 1)).tolist()
    [-1.0, 1.0]
    """
    (low, high), (least, most) = source, target
    is_changed = (low, high) != (least, most)
    if isinstance(x, LazyArray):
        ends = tuple(rescaled(np.array(x.value_range), source, target).tolist())
        return x.mapped(lambda rows: rescaled(rows, source, target), ends) if is_changed else x
    x = np.asarray(x).astype("float32", copy=is_changed and not overwrite)
    if is_changed:
        x -= np.float32(low)
        x /= np.float32(high - low)
        x *= np.float32(most - least)
        x += np.float32(least)
    return x
