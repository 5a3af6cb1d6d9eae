"""Convolutions that enlarge images by convolving at the small size and interleaving the phases of the result.

The phases of an image with respect to a period s are its s x s sub-images of every s-th row and column.
"""

import keras
from keras import ops

from keras_gen import checks


def interleaved(phases, periods):
    """Images from their phases: `(batch, height, width, rows columns channels)` -> `(batch, height rows, ...)`.

    The phases are ordered by rows, then by columns; `periods` is (rows, columns).
    """
    rows, columns = periods
    batch, height, width, depth = ops.shape(phases)
    phases = ops.reshape(phases, (batch, height, width, rows, columns, depth // (rows * columns)))
    phases = ops.transpose(phases, (0, 1, 3, 2, 4, 5))
    return ops.reshape(phases, (batch, height * rows, width * columns, depth // (rows * columns)))


def _refuse_channels_first(layer):
    if layer.data_format != "channels_last":
        raise ValueError(f"`data_format` must be 'channels_last'. Received: data_format={layer.data_format!r}")


@keras.saving.register_keras_serializable(package="keras_gen")
class PolyphaseConv2DTranspose(keras.layers.Conv2DTranspose):
    """A transposed convolution, computed as a convolution of small images whose output channels are interleaved.

    y[q s + r - p] = sum over m of K[r + m s] x[q - m],    r = 0, ..., s - 1,    along each axis

    The stride s divides the output into s phases r, each a convolution of x with every s-th row of the kernel K; p is
    the number of rows that the padding cuts in front. All phases are computed by one convolution, for which the kernel
    is filled with zeros to a multiple of the stride. The layer has the arguments, the weights and, up to rounding, the
    values and gradients of `keras.layers.Conv2DTranspose`. It is for devices whose transposed convolutions are slow; on
    a CPU, TensorFlow's are faster (`benchmarks/polyphase.py`).

    Args:
        filters, kernel_size, strides, padding: As in `keras.layers.Conv2DTranspose`.
        **kwargs: As there; the channels are the last axis, and there is no dilation.

    Raises:
        ValueError: If `dilation_rate` is not 1 or `data_format` is `"channels_first"`.

    Example:

    >>> layer = PolyphaseConv2DTranspose(1, 2, strides=2, kernel_initializer="ones")
    >>> layer(ops.reshape([1.0, 2.0], (1, 1, 2, 1)))[0, :, :, 0].numpy().tolist()
    [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]

    Reference:
        Shi et al., 2016, arXiv:1609.07009 (a transposed convolution as a convolution of small images).
    """

    def __init__(self, filters, kernel_size, strides=1, padding="valid", **kwargs):
        super().__init__(filters, kernel_size, strides, padding, **kwargs)
        _refuse_channels_first(self)
        if self.dilation_rate != (1, 1):
            raise ValueError(f"`dilation_rate` must be 1. Received: dilation_rate={self.dilation_rate}")

    def call(self, inputs):
        sides, output_sides = (
            shape[1:3] for shape in (ops.shape(inputs), self.compute_output_shape(ops.shape(inputs)))
        )
        axes = [_Axis(*sizes) for sizes in zip(self.kernel_size, self.strides, self._cut_in_front(), strict=True)]

        *_, filters, channels = self.kernel.shape
        kernel = ops.pad(self.kernel, (*(axis.zeros for axis in axes), (0, 0), (0, 0)))
        (rows, columns), (height, width) = self.strides, (axis.taps for axis in axes)
        kernel = ops.flip(ops.reshape(kernel, (height, rows, width, columns, filters, channels)), axis=(0, 2))
        kernel = ops.transpose(kernel, (0, 2, 5, 1, 3, 4))
        kernel = ops.reshape(kernel, (height, width, channels, rows * columns * filters))

        margins = [axis.margins(*both) for axis, both in zip(axes, zip(sides, output_sides, strict=True), strict=True)]
        phases = ops.conv(
            ops.pad(inputs, ((0, 0), *margins, (0, 0))), kernel, padding="valid", data_format="channels_last"
        )
        (top, left), (height, width) = (axis.first % axis.stride for axis in axes), output_sides
        outputs = interleaved(phases, self.strides)[:, top : top + height, left : left + width]
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)  # (batch, *output_sides, filters)

    def _cut_in_front(self):
        """Rows and columns that padding "same" cuts in front of the full output of the transposed convolution."""
        if self.padding == "valid":
            return 0, 0
        sides = self.compute_output_shape((1, 1, 1, 1))[1:3]  # of one pixel, whose full output is the kernel's size
        return tuple(max(size - side, 0) // 2 for size, side in zip(self.kernel_size, sides, strict=True))


class _Axis:
    """How a kernel is divided along one axis.

    The zeros that fill the kernel come in front of it as far as they align the first phase with the first row of the
    output: one row of phases fewer is then computed.
    """

    def __init__(self, kernel_size, stride, cut):
        self.stride, self.taps = stride, -(-kernel_size // stride)  # taps: rows of the kernel in each phase
        missing, aligning = self.taps * stride - kernel_size, -cut % stride
        front = aligning if aligning <= missing else 0
        self.zeros = front, missing - front
        self.first = cut + front  # row of the full output, with the zeros' rows, that is the first row of the output

    def margins(self, side, output_side):
        """Rows of zeros around an input of `side` rows, such that the phases cover all rows of the output."""
        last = (self.first + output_side - 1) // self.stride
        return self.taps - 1 - self.first // self.stride, last - (side - 1)


@keras.saving.register_keras_serializable(package="keras_gen")
class ICNR(keras.initializers.Initializer):
    """Initial kernels of a sub-pixel convolution that are the same for all phases of an output channel.

    The enlarged images are then, at the start of training, those of a convolution enlarged by nearest neighbours, which
    have no checkerboard; independent phases have one.

    Args:
        scale: Factor of the image's sides, an integer >= 1.
        initializer: Name or Keras initializer of the kernel of one phase. Defaults to `"glorot_uniform"`.

    Example:

    >>> kernel = ICNR(2)((3, 3, 1, 8))  # of two output channels
    >>> bool(ops.all(kernel[..., :2] == kernel[..., 6:]))
    True

    Reference:
        Aitken et al., 2017, arXiv:1707.02937.
    """

    def __init__(self, scale, initializer="glorot_uniform"):
        self.scale = checks.integer("scale", scale)
        self.initializer = keras.initializers.get(initializer)

    def __call__(self, shape, dtype=None):
        *others, channels = shape
        filters, rest = divmod(channels, self.scale**2)
        if rest:
            raise ValueError(
                f"The output channels of the convolution must be a multiple of {self.scale**2}, the phases of scale "
                f"{self.scale}. Received: {channels}"
            )
        phase = self.initializer((*others, filters), dtype=dtype)
        return ops.tile(phase, (*(1 for _ in others), self.scale**2))

    def get_config(self):
        return {"scale": self.scale, "initializer": keras.initializers.serialize(self.initializer)}


@keras.saving.register_keras_serializable(package="keras_gen")
class SubPixelConv2D(keras.layers.Conv2D):
    """Enlarge images: a convolution to scale^2 channels per filter, which become the pixels of larger images.

    y[i s + a, j s + b, c] = f(conv(x)[i, j, (a s + b) filters + c]),    a, b = 0, ..., s - 1,    s = scale

    Args:
        filters: Channels of the output, an integer >= 1.
        kernel_size: Sides of the kernel, which sees the small image: an integer >= 1 or a pair.
        scale: Factor of the image's sides, an integer >= 1. Defaults to 2.
        padding: As in `keras.layers.Conv2D`. Defaults to `"same"`.
        kernel_initializer: Initializer of the convolution's kernel. Defaults to `None`: `ICNR(scale)`.
        **kwargs: As in `keras.layers.Conv2D`, with the channels as the last axis. The bias has one entry for each of
            the convolution's channels.

    Returns:
        With padding `"same"`, images `(batch, scale height, scale width, filters)`.

    Raises:
        ValueError: If `data_format` is `"channels_first"`.

    Example:

    >>> SubPixelConv2D(3, 5, scale=2)(ops.ones((1, 4, 6, 8))).shape
    TensorShape([1, 8, 12, 3])

    Reference:
        Shi et al., 2016, arXiv:1609.05158, section 3.2, equations 3 and 4.
    """

    def __init__(self, filters, kernel_size, scale=2, padding="same", kernel_initializer=None, **kwargs):
        self.scale = checks.integer("scale", scale)
        super().__init__(
            checks.integer("filters", filters) * self.scale**2,
            kernel_size,
            padding=padding,
            kernel_initializer=ICNR(self.scale) if kernel_initializer is None else kernel_initializer,
            **kwargs,
        )
        _refuse_channels_first(self)

    def call(self, inputs):
        outputs = self.convolution_op(inputs, self.kernel)
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(interleaved(outputs, (self.scale, self.scale)))  # (batch, *sides, filters)

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = super().compute_output_shape(input_shape)
        enlarged = (None if side is None else self.scale * side for side in sides)
        return (batch, *enlarged, channels // self.scale**2)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters // self.scale**2, "scale": self.scale}
