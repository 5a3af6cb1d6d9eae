"""A convolution of stride 1 to few channels, such as the last of an image generator."""

import keras

from keras_gen import backend


@keras.saving.register_keras_serializable(package="keras_gen")
class NarrowConv2D(keras.layers.Conv2D):
    """A convolution for few output channels, such as the last of an image generator.

    It has the arguments, the weights and, up to rounding, the values and gradients of `keras.layers.Conv2D`. With a
    stride of 1 and up to 4 filters it is, on a CPU in float32, one matrix product and sums of shifted maps, faster than
    TensorFlow's kernels there, most of all for large kernels; otherwise it is computed as Keras computes it.

    Args:
        *args, **kwargs: As in `keras.layers.Conv2D`.

    Returns:
        Images `(batch, new_height, new_width, filters)`.

    Example:

    >>> layer = NarrowConv2D(1, 3, padding="same", kernel_initializer="ones")
    >>> layer(keras.ops.ones((1, 2, 3, 1)))[0, :, :, 0].numpy().tolist()
    [[4.0, 6.0, 4.0], [4.0, 6.0, 4.0]]
    """

    def convolution_op(self, inputs, kernel):
        plain = (1, 1), (1, 1), 1, "channels_last"
        if (self.strides, self.dilation_rate, self.groups, self.data_format) != plain:
            return super().convolution_op(inputs, kernel)
        margins = [(0, 0), (0, 0)]
        if self.padding == "same":
            margins = [((size - 1) // 2, size // 2) for size in self.kernel_size]
        return backend.narrow_convolution(inputs, kernel, margins)
