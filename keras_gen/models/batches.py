"""Arrays batch by batch, and the mean over a batch."""

import keras
import numpy as np
from keras import ops

from keras_gen.checks import is_sparse_matrix
from keras_gen.lazy_arrays import LazyArray


def by_batch(function, size, *arrays):
    """The float32 outputs of `function` for arrays `(n, ...)` of any kind, `size` rows at a time, in a list.

    It is called eagerly: for a few large batches, tracing a graph costs more than it saves.
    """
    parts, arrays = [], [_rowwise(one) for one in arrays]
    for start in range(0, arrays[0].shape[0], size):
        rows = (one[start : start + size] for one in arrays)
        outputs = function(*(one.toarray() if is_sparse_matrix(one) else one for one in rows))
        parts.append([ops.convert_to_numpy(output) for output in keras.tree.flatten(outputs)])
    return [np.concatenate(outputs).astype("float32") for outputs in zip(*parts, strict=True)]


def _rowwise(array):
    """An array, sparse matrix or `LazyArray` whose rows can be sliced."""
    if isinstance(array, LazyArray):
        return array
    return array.tocsr() if is_sparse_matrix(array) else np.asarray(array)


def weighted_mean(values, batch):
    """Mean over the batch of each example's loss `(batch,)` times its weight, if there are weights."""
    if "sample_weight" in batch:
        values = values * ops.cast(batch["sample_weight"], values.dtype)
    return ops.mean(values)
