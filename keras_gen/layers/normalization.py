"""Normalisation by the statistics of each image, or of neighbouring channels."""

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


@keras.saving.register_keras_serializable(package="keras_gen")
class LocalResponseNormalization(keras.layers.Layer):
    """Divide each activation by a power of the sum of squares of its channel and the neighbouring ones.

    b_i = a_i / (k + alpha sum_j a_j^2)^beta,    j from i - n // 2 to i + n // 2, as far as there are channels

    It is computed in float32.

    Args:
        n: Number of channels in the sum, an odd integer >= 1. Defaults to 5, as published.
        k: Number > 0. Defaults to 2, as published.
        alpha: Number >= 0. Defaults to 1e-4, as published.
        beta: Number >= 0. Defaults to 0.75, as published.
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> (1 / LocalResponseNormalization(n=3, k=1, alpha=1, beta=1)(ops.ones((1, 4)))).numpy().tolist()
    [[3.0, 4.0, 4.0, 3.0]]

    Reference:
        Krizhevsky, Sutskever and Hinton, 2012, ImageNet classification with deep convolutional neural networks,
        section 3.3.
    """

    def __init__(self, n=5, k=2.0, alpha=1e-4, beta=0.75, **kwargs):
        super().__init__(**kwargs)
        self.n, self.k = checks.integer("n", n), checks.positive("k", k)
        self.alpha, self.beta = checks.number("alpha", alpha), checks.number("beta", beta)
        if self.n % 2 == 0:
            raise ValueError(f"`n` must be odd, for as many channels on both sides. Received: n={n}")

    def call(self, inputs):
        values, channels, side = ops.cast(inputs, "float32"), inputs.shape[-1], self.n // 2
        squares = ops.pad(ops.square(values), [[0, 0]] * (len(inputs.shape) - 1) + [[side, side]])
        total = sum(squares[..., start : start + channels] for start in range(self.n))  # (batch, ..., channels)
        return ops.cast(values * ops.power(self.k + self.alpha * total, -self.beta), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "n": self.n, "k": self.k, "alpha": self.alpha, "beta": self.beta}
