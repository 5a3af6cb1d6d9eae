"""The equalised learning rate: layers whose weights are scaled when they are used, not when they are drawn."""

import math

import keras

from keras_gen import checks

_OF_RECTIFIERS = math.sqrt(2)  # He's gain


class _Equalized:
    """Weights drawn from N(0, 1), which the layer multiplies by He's constant whenever it uses them."""

    def __init__(self, *args, gain=_OF_RECTIFIERS, kernel_initializer=None, **kwargs):
        # A new object for each layer: one would draw the same numbers for all
        initializer = keras.initializers.RandomNormal(stddev=1.0) if kernel_initializer is None else kernel_initializer
        super().__init__(*args, kernel_initializer=initializer, **kwargs)
        self.gain = checks.positive("gain", gain)

    @property
    def scale(self):
        """The constant that multiplies the weights, gain / sqrt(inputs of one unit); the layer must be built."""
        return self.gain / math.sqrt(math.prod(self.kernel.shape[:-1]))

    def quantize(self, *args, **kwargs):
        """Not supported, because Keras would use the weights without their constant."""
        raise NotImplementedError(f"{type(self).__name__} cannot be quantized: its weights are scaled when used")

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


@keras.saving.register_keras_serializable(package="keras_gen")
class EqualizedDense(_Equalized, keras.layers.Dense):
    """A dense layer with an equalised learning rate.

    y = f(x (c W) + b),    W from N(0, 1),    c = gain / sqrt(number of inputs)

    The outputs have the variance of a layer with He's initial weights. But Adam, whose steps do not depend on the scale
    of the gradient, changes c W by the learning rate times c: all layers learn at the same relative speed.

    Args:
        units: Number of outputs, an integer >= 1.
        gain: Number > 0 by which the activation requires the outputs to be scaled: sqrt(2) for rectifiers, 1 for none.
            Defaults to sqrt(2).
        kernel_initializer: Initializer of W. Defaults to `None`: N(0, 1).
        **kwargs: As in `keras.layers.Dense`.

    Returns:
        Tensor `(batch, ..., units)`.

    Example:

    >>> layer = EqualizedDense(1, gain=1, kernel_initializer="ones")
    >>> layer(keras.ops.ones((1, 16))).numpy().tolist()
    [[4.0]]

    Reference:
        Karras et al., 2018, arXiv:1710.10196, section 4.1; the constant: He et al., 2015, arXiv:1502.01852,
        equation 10.
    """

    def __init__(self, units, gain=_OF_RECTIFIERS, kernel_initializer=None, **kwargs):
        super().__init__(units, gain=gain, kernel_initializer=kernel_initializer, **kwargs)

    def call(self, inputs):
        outputs = keras.ops.matmul(inputs, self.kernel * self.scale)
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)


@keras.saving.register_keras_serializable(package="keras_gen")
class EqualizedConv2D(_Equalized, keras.layers.Conv2D):
    """A convolution with an equalised learning rate, as `EqualizedDense`.

    y = f(x * (c W) + b),    W from N(0, 1),    c = gain / sqrt(kernel height x kernel width x input channels)

    Args:
        filters: Number of output channels, an integer >= 1.
        kernel_size: Sides of the kernel, an integer >= 1 or a pair.
        gain, kernel_initializer: As in `EqualizedDense`.
        **kwargs: As in `keras.layers.Conv2D`.

    Returns:
        Images `(batch, new_height, new_width, filters)`.

    Example:

    >>> layer = EqualizedConv2D(1, 2, gain=1, kernel_initializer="ones")
    >>> layer(keras.ops.ones((1, 2, 2, 4))).numpy().ravel().tolist()
    [4.0]

    Reference:
        Karras et al., 2018, arXiv:1710.10196, section 4.1.
    """

    def __init__(self, filters, kernel_size, gain=_OF_RECTIFIERS, kernel_initializer=None, **kwargs):
        super().__init__(filters, kernel_size, gain=gain, kernel_initializer=kernel_initializer, **kwargs)

    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, kernel * self.scale)
