"""Steepest descent: steps of a fixed length in a given norm."""

import keras
from keras import ops

from keras_gen import checks
from keras_gen.input_optimization.projections import norms

_TINY = 1e-12


@keras.saving.register_keras_serializable(package="keras_gen")
class SteepestDescent(keras.optimizers.Optimizer):
    """Steps of one length, whatever the gradient's, for a batch of examples.

    x <- x - learning_rate sign(g)       norm "linf"
    x <- x - learning_rate g / ||g||_2   norm "l2", for each example; no step where the gradient is 0

    Args:
        learning_rate: Length of a step in the norm. Defaults to 0.01.
        norm: `"linf"` or `"l2"`. Defaults to `"linf"`.
        **kwargs: As in `keras.optimizers.Optimizer`.

    Example:

    >>> x = keras.Variable([[1.0, 1.0]])
    >>> SteepestDescent(0.5).apply([ops.array([[0.2, -7.0]])], [x])
    >>> x.numpy().tolist()
    [[0.5, 1.5]]

    Reference:
        Boyd and Vandenberghe, 2004, Convex optimization, section 9.4; for images: Madry et al., 2018,
        arXiv:1706.06083, section 2.1.
    """

    def __init__(self, learning_rate=0.01, norm="linf", **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.norm = checks.choice("norm", norm, ["l2", "linf"])

    def update_step(self, gradient, variable, learning_rate):
        direction = ops.sign(gradient) if self.norm == "linf" else gradient / ops.maximum(norms(gradient), _TINY)
        self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * ops.cast(direction, variable.dtype))

    def get_config(self):
        return {**super().get_config(), "norm": self.norm}
