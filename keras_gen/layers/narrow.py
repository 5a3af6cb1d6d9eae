"""Convolutions of stride 1 to few channels, such as the last ones of image generators and decoders."""

import keras
from keras import ops

from keras_gen import backend


@keras.saving.register_keras_serializable(package="keras_gen")
class NarrowConv2D(keras.layers.Conv2D):
    """A convolution for few output channels, such as the last of an image generator.

    It has the arguments, the weights and, up to rounding, the values and gradients of `keras.layers.Conv2D`. With a
    stride of 1 and up to 4 filters it is, on a CPU in float32, one matrix product and sums of shifted maps, which are
    several times as fast there as TensorFlow's kernels; otherwise it is computed as Keras computes it.

    Args:
        *args, **kwargs: As in `keras.layers.Conv2D`.

    Returns:
        Images `(batch, new_height, new_width, filters)`.

    Example:

    >>> layer = NarrowConv2D(1, 3, padding="same", kernel_initializer="ones")
    >>> layer(ops.ones((1, 2, 3, 1)))[0, :, :, 0].numpy().tolist()
    [[4.0, 6.0, 4.0], [4.0, 6.0, 4.0]]
    """

    def convolution_op(self, inputs, kernel):
        if not _plain(self) or self.groups != 1:
            return super().convolution_op(inputs, kernel)
        fronts = [(size - 1) // 2 for size in self.kernel_size]
        return backend.narrow_convolution(inputs, kernel, _margins(self, fronts))


@keras.saving.register_keras_serializable(package="keras_gen")
class NarrowConv2DTranspose(keras.layers.Conv2DTranspose):
    """A transposed convolution of padding "same" for few output channels, as `NarrowConv2D`.

    With a stride of 1 it is a convolution with the kernel turned by 180 degrees.

    Args:
        *args, **kwargs: As in `keras.layers.Conv2DTranspose`.

    Returns:
        Images `(batch, new_height, new_width, filters)`.

    Example:

    >>> layer = NarrowConv2DTranspose(1, (1, 3), padding="same", kernel_initializer="ones")
    >>> layer(ops.ones((1, 1, 3, 1))).numpy().ravel().tolist()
    [2.0, 3.0, 2.0]
    """

    def call(self, inputs):
        if not _plain(self) or self.padding != "same":
            return super().call(inputs)
        kernel = ops.transpose(ops.flip(self.kernel, axis=(0, 1)), (0, 1, 3, 2))
        outputs = backend.narrow_convolution(inputs, kernel, _margins(self, [size // 2 for size in self.kernel_size]))
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)


def _plain(layer):
    return (layer.strides, layer.dilation_rate, layer.data_format) == ((1, 1), (1, 1), "channels_last")


def _margins(layer, fronts):
    """Zeros around the images along each axis, of which `fronts` are those in front with the padding "same"."""
    if layer.padding == "valid":
        return [(0, 0), (0, 0)]
    return [(front, size - 1 - front) for front, size in zip(fronts, layer.kernel_size, strict=True)]
