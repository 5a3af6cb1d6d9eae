"""Arrays in batches of one size, for compiled functions."""

import keras
import numpy as np
from keras import ops


def in_batches(function, size, *arrays):
    """The output of `function`, or the list of its outputs, for arrays `(n, ...)`, `size` rows at a time.

    The last batch is filled up.
    """
    outputs = []
    for start in range(0, len(arrays[0]), size):
        rows = [array[start : start + size] for array in arrays]
        filled = [ops.convert_to_tensor(np.resize(one, (size, *one.shape[1:]))) for one in rows]
        n = len(rows[0])
        outputs.append(keras.tree.map_structure(lambda one, n=n: ops.convert_to_numpy(one)[:n], function(*filled)))
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *outputs)
