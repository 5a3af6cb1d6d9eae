"""Arrays that are too large for memory: their rows are read when they are asked for."""

import hashlib
import math

import numpy as np


class LazyArray:
    """A read-only float32 array `(n, ...)` whose rows are read from files when it is indexed.

    `array[rows]` reads these rows and gives a numpy array; a shape, a length and `numpy.asarray`, which reads all, are
    as in numpy. `fit`, `evaluate`, `encode` and the other methods of models read a batch at a time.

    Args:
        read: Function from row numbers, int64 `(k,)`, to an array `(k, ...)`; several threads may call it.
        shape: The shape, with the number n of rows first.
        value_range: The pair (lowest, highest) of the values.
        identity: Text that is equal for equal content.

    Example:

    >>> squares = LazyArray(lambda rows: rows[:, None] ** 2, (1000, 1), (0, 998001), "squares")
    >>> squares[:3].ravel().tolist(), squares[-1].tolist(), len(squares)
    ([0.0, 1.0, 4.0], [998001.0], 1000)
    """

    dtype = np.dtype("float32")

    def __init__(self, read, shape, value_range, identity):
        self.shape, self.value_range, self._identity = tuple(shape), tuple(value_range), identity
        self._read, self._rows = read, None  # `None`: all, in their order

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: math.prod(self.shape))

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, rows):
        is_numbers = isinstance(rows, np.ndarray) and rows.dtype.kind in "iu"
        numbers = rows if is_numbers else np.arange(len(self))[rows]
        read = np.asarray(self._read(self._numbers(np.atleast_1d(numbers))), "float32")
        return read[0] if numbers.ndim == 0 else read

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("An array that is read from files is always a copy. Received: copy=False")
        return self[:].astype(dtype or self.dtype, copy=False)

    def __repr__(self):
        return f"LazyArray{self.shape} in {self.value_range} of {self._identity}"

    def taken(self, rows):
        """The rows that an index of numpy selects (numbers, a slice, a mask), as another `LazyArray`."""
        rows = np.arange(len(self))[rows]
        identity = hashlib.sha256(self._identity.encode() + rows.tobytes()).hexdigest()[:16]
        other = LazyArray(self._read, (len(rows), *self.shape[1:]), self.value_range, identity)
        other._rows = self._numbers(rows)
        return other

    def mapped(self, function, value_range):
        """A `LazyArray` of an elementwise function, called for the rows that are read; `value_range` is its own."""
        other = LazyArray(lambda rows: function(self._read(rows)), self.shape, value_range, self._identity)
        other._rows = self._rows
        return other

    def _numbers(self, rows):
        return rows if self._rows is None else self._rows[rows]


def taken(array, rows):
    """The rows that an index of numpy selects of an array of either kind, as an array of that kind."""
    return array.taken(rows) if isinstance(array, LazyArray) else array[rows]
