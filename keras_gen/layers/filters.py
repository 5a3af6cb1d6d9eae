"""Fixed filters: every channel of an image with one kernel that is not trained."""

import keras
import numpy as np
from keras import ops

from keras_gen import checks

KERNELS = {  # as cross-correlations
    "box": ((1 / 9,) * 3,) * 3,
    "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
    "laplacian": ((0, -1, 0), (-1, 4, -1), (0, -1, 0)),
    "outline": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "sobel_left": ((1, 0, -1), (2, 0, -2), (1, 0, -1)),
    "sobel_top": ((1, 2, 1), (0, 0, 0), (-1, -2, -1)),
}


@keras.saving.register_keras_serializable(package="keras_gen")
class FixedFilter2D(keras.layers.Layer):
    """Filter every channel of images by itself, with a given kernel that is not trained.

    y[i, j] = sum_mn k[m, n] x[i + m, j + n]                  cross-correlation
    y[i, j] = sum_mn k[m, n] x[i + M - 1 - m, j + N - 1 - n]  convolution: the M x N kernel is flipped on both axes

    Keras's "convolutions" are cross-correlations. The kernel is a constant of the configuration; the layer has no
    weights. The entries of `box`, `emboss` and `sharpen` sum to 1, those of the others to 0: flat areas keep their
    value or become 0. `laplacian` has a positive centre, 4, so `sharpen` is the image plus its `laplacian`. `sobel_top`
    is positive where the image is brighter above than below, `sobel_left` where it is brighter on the left.

    Args:
        kernel: 2-D array of finite numbers, or a name: `"box"`, `"emboss"`, `"laplacian"`, `"outline"`, `"sharpen"`,
            `"sobel_left"` or `"sobel_top"`.
        padding: `"valid"`, or `"same"`: zeros around the image, so that the output has the image's size. An odd surplus
            of zeros is at the end, as in Keras. Defaults to `"valid"`.
        mode: `"cross_correlation"` or `"convolution"`. Defaults to `"cross_correlation"`.
        **kwargs: As in `keras.layers.Layer`.

    Raises:
        ValueError: If the kernel is not such an array or name, if `padding` or `mode` is unknown, or, when the layer is
            called, if the images are smaller than the kernel and `padding` is `"valid"`.

    Example:

    >>> image = ops.reshape(ops.arange(1.0, 17.0), (1, 4, 4, 1))
    >>> FixedFilter2D([[-1, 1], [0, 1]])(image)[0, :, :, 0].numpy().tolist()
    [[7.0, 8.0, 9.0], [11.0, 12.0, 13.0], [15.0, 16.0, 17.0]]

    Reference:
        Goodfellow, Bengio and Courville, 2016, Deep Learning, section 9.1, equations 9.4 to 9.6.
    """

    def __init__(self, kernel, padding="valid", mode="cross_correlation", **kwargs):
        super().__init__(**kwargs)
        if isinstance(kernel, str):
            kernel = checks.choice("filter", kernel, KERNELS)
            values = np.array(KERNELS[kernel])
        else:
            values = checks.kernel(kernel, dimensions=(2,))
            kernel = values.tolist()
        self.kernel = kernel
        self.padding = checks.choice("padding", padding, ["same", "valid"])
        self.mode = checks.choice("mode", mode, ["convolution", "cross_correlation"])
        self._taps = values[::-1, ::-1] if mode == "convolution" else values

    @property
    def kernel_size(self):
        """The pair (rows, columns) of the kernel."""
        return self._taps.shape

    def build(self, input_shape):
        if len(input_shape) != 4 or input_shape[-1] is None:
            raise ValueError(
                "A fixed filter takes images with a known number of channels. Expected: shape (batch, height, width, "
                f"channels). Received: shape {tuple(input_shape)}"
            )
        self.compute_output_shape(input_shape)  # refuses images that are too small

    def call(self, images):
        self.compute_output_shape(images.shape)  # later images may be smaller than those it was built for
        images = ops.cast(images, self.compute_dtype)  # Keras does not cast integers
        taps = np.repeat(self._taps[:, :, None, None], images.shape[-1], axis=2)  # (rows, columns, channels, 1)
        taps = ops.convert_to_tensor(taps, self.compute_dtype)
        return ops.depthwise_conv(images, taps, padding=self.padding, data_format="channels_last")

    def compute_output_shape(self, input_shape):
        if self.padding == "same":
            return tuple(input_shape)
        batch, *sides, channels = input_shape
        pairs = list(zip(sides, self._taps.shape, strict=True))
        if any(side is not None and side < taps for side, taps in pairs):
            rows, columns = self._taps.shape
            raise ValueError(
                f"The images are smaller than the kernel, with padding 'valid'. Expected: height >= {rows} and "
                f"width >= {columns}. Received: {tuple(sides)}"
            )
        return (batch, *(None if side is None else side - taps + 1 for side, taps in pairs), channels)

    def get_config(self):
        return {**super().get_config(), "kernel": self.kernel, "padding": self.padding, "mode": self.mode}
