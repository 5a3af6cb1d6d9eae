"""Arrays whose rows are read batch by batch: in memory, on disk, in files, or sparse."""

import math

import numpy as np
import tensorflow as tf

from keras_gen import checks
from keras_gen.lazy_arrays import LazyArray


class Source:
    """An array `(n, ...)` of numbers whose rows are read by their numbers; messages call it `name`.

    An array in memory becomes a tensor; a `numpy.memmap` or `LazyArray` stays on disk and a scipy sparse matrix stays
    sparse, and a Python function reads only the rows of a batch and makes them dense. Rows have the type `dtype`; if
    `None`, the array's own, with float32 for all floats. `value_range` is the known pair (lowest, highest) of the
    values; if `None`, it is computed, or the `LazyArray`'s own.
    """

    def __init__(self, name, array, dtype=None, value_range=None):
        is_sparse, on_disk = checks.is_sparse_matrix(array), isinstance(array, (np.memmap, LazyArray))
        array = array.tocsr() if is_sparse else array if on_disk else np.asarray(array)
        checks.array_spec(name, array.dtype, array.shape)
        self.size, *shape = array.shape
        self.example_shape = tuple(shape)
        self.dtype = tf.as_dtype(dtype or ("float32" if array.dtype.kind == "f" else array.dtype))
        self.row_bytes = self.dtype.size * math.prod(shape)
        self._array, self.in_memory, self._extremes = array, not (is_sparse or on_disk), {}
        if isinstance(array, LazyArray):
            self._extremes = dict.fromkeys((True, False), array.value_range)
        elif value_range is not None:
            checks.array_extremes(name, *checks.extremes(array), checks.interval("value_range", value_range))
            self._extremes = dict.fromkeys((True, False), tuple(map(float, value_range)))
        if self.in_memory:
            self._array = tf.convert_to_tensor(array.astype(self.dtype.as_numpy_dtype, copy=False))

    def extremes(self, ignore_nan=False):
        """The known range of the values, or else `checks.extremes` of the array, computed once."""
        if ignore_nan not in self._extremes:
            self._extremes[ignore_nan] = checks.extremes(self._array, ignore_nan)
        return self._extremes[ignore_nan]

    def rows(self, indices):
        """Rows by their numbers, an int64 tensor `(batch,)`: tensor `(batch, ...)`."""
        if self.in_memory:
            return tf.gather(self._array, indices)
        rows = tf.numpy_function(self._dense_rows, [indices], self.dtype)
        return tf.ensure_shape(rows, (None, *self.example_shape))

    def _dense_rows(self, indices):
        rows = self._array[indices]
        return np.asarray(rows.toarray() if checks.is_sparse_matrix(rows) else rows, self.dtype.as_numpy_dtype)
