"""Normalisation by the statistics of each image."""

import keras
from keras import ops

from keras_gen import backend, checks

_FUSED = ("float32", "bfloat16", "float16")  # types of the fused kernel


@keras.saving.register_keras_serializable(package="keras_gen")
class InstanceNormalization(keras.layers.GroupNormalization):
    """Normalise each channel of each image to mean 0 and variance 1 over its pixels, then scale and shift it.

    y = gamma (x - m) / sqrt(v + epsilon) + beta,    m and v the mean and variance of one channel of one image

    It is `keras.layers.GroupNormalization(groups=-1)`, computed by the kernel of batch normalisation, which is faster,
    especially for one image and in half precision.

    Args:
        epsilon: Number added to the variance, > 0. Defaults to 1e-5.
        **kwargs: As in `keras.layers.GroupNormalization`, except `groups` and `axis`.

    Example:

    >>> image = ops.reshape(ops.arange(8.0), (1, 2, 2, 2))
    >>> [round(float(value), 2) for value in InstanceNormalization()(image)[0, :, :, 1].numpy().ravel()]
    [-1.34, -0.45, 0.45, 1.34]

    Reference:
        Ulyanov, Vedaldi and Lempitsky, 2016, arXiv:1607.08022, equation 4.
    """

    def __init__(self, epsilon=1e-5, **kwargs):
        super().__init__(groups=-1, axis=-1, epsilon=checks.positive("epsilon", epsilon), **kwargs)

    def call(self, inputs):
        fits_kernel = len(inputs.shape) == 4 and keras.backend.standardize_dtype(inputs.dtype) in _FUSED
        if not (fits_kernel and self.scale and self.center):
            return super().call(inputs)
        gamma, beta = (ops.cast(weight, "float32") for weight in (self.gamma, self.beta))
        return ops.cast(backend.instance_normalized(inputs, gamma, beta, self.epsilon), self.compute_dtype)

    def get_config(self):
        config = super().get_config()
        return {name: value for name, value in config.items() if name not in ("groups", "axis")}
