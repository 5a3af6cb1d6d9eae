"""Arrays whose rows are asked for batch by batch: in memory, on disk, or sparse."""

import functools
import math

import numpy as np
import tensorflow as tf

from keras_gen import checks


class Source:
    """An array whose rows are read by their numbers.

    An array in memory becomes a tensor; a `numpy.memmap` stays on disk and a scipy sparse matrix stays sparse, and only
    the rows of a batch are read and made dense.

    Args:
        name: What the array is called in messages.
        array: Array or sparse matrix `(n, ...)` of numbers.
        dtype: Type of the rows. Defaults to `None`: the array's own, float32 for other floats.

    Raises:
        ValueError: If the array is empty or does not hold numbers.

    Example:

    >>> source = Source("x", np.array([[1.0], [3.0], [2.0]]))
    >>> source.rows([2, 0]).numpy().tolist(), source.extremes()
    ([[2.0], [1.0]], (1.0, 3.0))
    """

    def __init__(self, name, array, dtype=None):
        is_sparse, on_disk = is_sparse_matrix(array), isinstance(array, np.memmap)
        array = array.tocsr() if is_sparse else array if on_disk else np.asarray(array)
        checks.array_facts(name, array.dtype, array.shape)
        self.size, *shape = array.shape
        self.example_shape = tuple(shape)
        self.dtype = tf.as_dtype(dtype or ("float32" if array.dtype.kind == "f" else array.dtype))
        self.row_bytes = self.dtype.size * math.prod(shape)
        self._in_memory = not (is_sparse or on_disk)
        self._array = tf.convert_to_tensor(array.astype(self._numpy_type, copy=False)) if self._in_memory else array

    @property
    def _numpy_type(self):
        return self.dtype.as_numpy_dtype

    def extremes(self, ignore_nan=False):
        """The pair (lowest, highest) of all values, NaN if any is NaN; with `ignore_nan` of those that are not."""
        return self._least_and_most_but_nan if ignore_nan else self._least_and_most

    @functools.cached_property
    def _least_and_most(self):
        return extremes(self._array)

    @functools.cached_property
    def _least_and_most_but_nan(self):
        return extremes(self._array, ignore_nan=True)

    def rows(self, indices):
        """Rows by their numbers.

        Args:
            indices: int64 tensor `(batch,)`.

        Returns:
            Tensor `(batch, ...)`.
        """
        if self._in_memory:
            return tf.gather(self._array, indices)
        rows = tf.numpy_function(self._dense_rows, [indices], self.dtype)
        return tf.ensure_shape(rows, (None, *self.example_shape))

    def _dense_rows(self, indices):
        rows = self._array[indices]
        return np.asarray(rows.toarray() if is_sparse_matrix(rows) else rows, self._numpy_type)


def is_sparse_matrix(array):
    """Whether `array` is a scipy sparse matrix or array; scipy is not imported for it."""
    return hasattr(array, "tocsr")


def extremes(array, ignore_nan=False):
    """The pair (lowest, highest) of all values of an array or a sparse matrix, as floats.

    Args:
        array: Array `(n, ...)` or sparse matrix, not empty.
        ignore_nan: Whether NaN is left out; otherwise one NaN makes both NaN. Defaults to `False`.

    Returns:
        A pair of floats, NaN where there is no number.

    Example:

    >>> extremes(np.array([1.0, np.nan, 3.0]), ignore_nan=True)
    (1.0, 3.0)
    """
    if is_sparse_matrix(array):
        return float(array.min()), float(array.max())
    least, most = (np.fmin.reduce, np.fmax.reduce) if ignore_nan else (np.min, np.max)
    array = np.asarray(array)
    return float(least(array, axis=None)), float(most(array, axis=None))  # NaN and infinity show, without a copy
