"""Gradients against finite differences, for every layer and penalty."""

import numpy as np
from keras import ops

from keras_gen import backend


def assert_gradient(function, x, step=1e-2, seed=0):
    """Check the gradient of a weighted sum of `function(x)` along a random direction, by the central difference.

    Args:
        function: Callable of one tensor, smooth within `step` of `x`, that draws nothing new when it is called again.
        x: Array.
        step: Half the distance of the two points. Defaults to 1e-2.
        seed: Integer of the direction and the weights. Defaults to 0.
    """
    rng, x = np.random.default_rng(seed), np.asarray(x, "float32")
    weights = rng.standard_normal(np.shape(function(ops.convert_to_tensor(x)))).astype("float32")
    direction = rng.standard_normal(x.shape).astype("float32")

    def weighted(x):
        return ops.sum(weights * function(x))

    gradient = np.asarray(backend.input_gradient(weighted, ops.convert_to_tensor(x)), "float64")
    ends = [float(weighted(ops.convert_to_tensor(x + sign * step * direction))) for sign in (1, -1)]
    np.testing.assert_allclose((gradient * direction).sum(), (ends[0] - ends[1]) / (2 * step), rtol=2e-2, atol=1e-3)
