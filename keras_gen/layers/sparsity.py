"""Sparse codes: a layer that limits the number of active units, and penalties on the code."""

import keras
from keras import ops

from keras_gen import checks
from keras_gen.losses.divergence import sparsity_kl


@keras.saving.register_keras_serializable(package="keras_gen")
class KSparse(keras.layers.Layer):
    """Keep the k largest activations of each example, and set the others and their gradients to zero.

    Of equal activations the first are kept, so there are never more than k; NaN stays NaN. Training may begin with
    more active units, `first_k`, which `callbacks.KSparseAnnealing` reduces to `k`; the current number is a saved
    variable.

    Args:
        k: Number of active units, an integer >= 1; like `first_k` at most the units of the layer.
        first_k: Number of active units before the annealing, an integer >= `k`; `None` for `k`. Defaults to `None`.
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> KSparse(2)(ops.array([[0.125, -3.0, 0.5, 0.25]])).numpy().tolist()
    [[0.0, 0.0, 0.5, 0.25]]

    Reference:
        Makhzani and Frey, 2014, k-sparse autoencoders, arXiv:1312.5663, section 2.
    """

    def __init__(self, k, first_k=None, **kwargs):
        super().__init__(**kwargs)
        self.k = checks.integer("k", k)
        self.first_k = first_k if first_k is None else checks.integer("first_k", first_k, minimum=self.k)

    def build(self, input_shape):
        name, most = ("first_k", self.first_k) if self.first_k else ("k", self.k)
        if most > input_shape[-1]:
            raise ValueError(
                f"`{name}` must not be larger than the layer. Expected: at most {input_shape[-1]}. Received: {most}"
            )
        self.current_k = self.add_weight(
            name="current_k", shape=(), dtype="int32", initializer=keras.initializers.Constant(most), trainable=False
        )

    def call(self, inputs):
        largest = ops.top_k(inputs, self.first_k or self.k)[0]  # (batch, first_k), in falling order
        threshold = ops.take(largest, self.current_k - 1, axis=-1)[..., None]  # (batch, 1)
        equal = ops.cast(inputs == threshold, "int32")
        left = self.current_k - ops.sum(ops.cast(inputs > threshold, "int32"), axis=-1, keepdims=True)  # (batch, 1)
        surplus = ops.logical_and(inputs == threshold, ops.cumsum(equal, axis=-1) > left)
        dropped = ops.logical_or(inputs < threshold, surplus)  # false for NaN
        return ops.where(dropped, ops.zeros_like(inputs), inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "k": self.k, "first_k": self.first_k}


@keras.saving.register_keras_serializable(package="keras_gen")
class L1Sparsity(keras.regularizers.Regularizer):
    """Penalty on the size of a code: weight * mean over the batch of sum_j |h_j|.

    Args:
        weight: A number >= 0.

    Example:

    >>> float(L1Sparsity(0.5)(ops.array([[1.0, -3.0]])))
    2.0
    """

    def __init__(self, weight):
        self.weight = checks.number("weight", weight)

    def __call__(self, code):
        code = ops.cast(code, "float32")
        return self.weight * ops.mean(ops.sum(ops.abs(code), axis=tuple(range(1, len(code.shape)))))

    def get_config(self):
        return {"weight": self.weight}


@keras.saving.register_keras_serializable(package="keras_gen")
class KLSparsity(keras.regularizers.Regularizer):
    """Penalty on the distance of each unit's mean activation from rho: weight * sum_j `losses.sparsity_kl`_j.

    Args:
        rho: The target mean activation, a number in (0, 1). Defaults to 0.05.
        weight: A number >= 0, on the scale of a reconstruction error summed over pixels. Defaults to 3.

    Example:

    >>> abs(float(KLSparsity(rho=0.5)(ops.array([[0.0], [1.0]])))) < 1e-5
    True
    """

    def __init__(self, rho=0.05, weight=3.0):
        self.rho, self.weight = checks.probability("rho", rho), checks.number("weight", weight)

    def __call__(self, code):
        return self.weight * ops.sum(sparsity_kl(self.rho, ops.mean(ops.cast(code, "float32"), axis=0)))

    def get_config(self):
        return {"rho": self.rho, "weight": self.weight}
