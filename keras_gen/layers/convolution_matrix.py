"""A convolution as a matrix: strided, padded, and transposed."""

import numpy as np

from keras_gen import checks


def convolution_matrix(kernel, input_shape, strides=1, padding="valid"):
    """The matrix of a strided cross-correlation of one channel, whose transpose is the transposed convolution.

    (A x)[o] = sum_k w[k] x[strides o + k - before]   on each axis, with zeros outside x

    `A @ x.ravel()` is what Keras's Conv1D and Conv2D compute. `A.T @ y.ravel()` is what Conv1DTranspose and
    Conv2DTranspose compute with the same kernel, strides and padding, where their output has the size of x.

    Keras's `"same"` puts an odd surplus of zeros at the end; textbooks may put it in front. The numbers of zeros state
    any convention. With `"same"`, the kernel [1, 2, 1] on four inputs with stride 2 has one zero at the end and the
    rows [1, 2, 1, 0] and [0, 0, 1, 2]. With (1, 0) it has one zero in front and the rows of the example below.

    Args:
        kernel: 1-D or 2-D array of finite numbers.
        input_shape: Size of the input of a 1-D kernel, or the shape of the input, a sequence of one integer >= 1 for
            each axis of the kernel.
        strides: Integer >= 1, or one for each axis. Defaults to 1.
        padding: `"valid"`, `"same"`, or numbers of zeros >= 0: a pair (before, after) for every axis, or one pair for
            each. Defaults to `"valid"`.

    Returns:
        Array `(outputs, inputs)` of float64, of both images in the order of `ravel`.

    Raises:
        ValueError: If an argument is not of this form, or if the kernel is larger than the padded input.

    Example:

    >>> convolution_matrix([1, 2, 1], 4, strides=2, padding=(1, 0)).tolist()
    [[2.0, 1.0, 0.0, 0.0], [0.0, 1.0, 2.0, 1.0]]

    Reference:
        Dumoulin and Visin, 2018, arXiv:1603.07285, section 4.1.
    """
    kernel = checks.kernel(kernel, dimensions=(1, 2))
    sizes = _per_axis("input_shape", input_shape, kernel.ndim)
    strides = _per_axis("strides", strides, kernel.ndim)
    pads = _zeros(padding, sizes, kernel.shape, strides)
    padded = tuple(size + sum(pair) for size, pair in zip(sizes, pads, strict=True))
    if any(size < taps for size, taps in zip(padded, kernel.shape, strict=True)):
        raise ValueError(
            "The kernel is larger than the input. Expected: at least its size, with the zeros of the padding. "
            f"Received: kernel of shape {kernel.shape}, padded input of shape {padded}"
        )
    matrix = kernel
    for size, taps, stride, (before, after) in zip(sizes, kernel.shape, strides, pads, strict=True):
        first = np.arange(-before, size + after - taps + 1, stride)  # where the kernel lies for each output
        seen = first[:, None] + np.arange(taps)  # (outputs, taps)
        chosen = seen[:, :, None] == np.arange(size)  # (outputs, taps, size); none at a zero of the padding
        matrix = np.tensordot(matrix, chosen, axes=(0, 1))  # the axis of taps becomes the last two: outputs, size
    outputs, inputs = range(0, matrix.ndim, 2), range(1, matrix.ndim, 2)
    return matrix.transpose(*outputs, *inputs).reshape(-1, np.prod(sizes))


def _per_axis(name, value, axes):
    """One integer >= 1 for each axis; one number alone is that of all axes for strides, and of one axis for a size."""
    values = list(value) if np.iterable(value) else [value] * (axes if name == "strides" else 1)
    if len(values) != axes:
        raise ValueError(
            f"`{name}` does not fit the kernel. Expected: one integer for each axis of the kernel, which has {axes}. "
            f"Received: {name}={value!r}"
        )
    return tuple(checks.integer(name, entry) for entry in values)


def _zeros(padding, sizes, taps, strides):
    """The pairs (before, after) of the numbers of zeros, one for each axis."""
    if isinstance(padding, str):
        if checks.choice("padding", padding, ["same", "valid"]) == "valid":
            return [(0, 0)] * len(sizes)
        surplus = [
            max(kernel - (size % stride or stride), 0)  # as many zeros as the last of ceil(size / stride) outputs needs
            for size, kernel, stride in zip(sizes, taps, strides, strict=True)
        ]
        return [(zeros // 2, zeros - zeros // 2) for zeros in surplus]
    axes, shape = len(sizes), np.array(padding, dtype=object).shape
    if shape not in ((2,), (axes, 2)):
        raise ValueError(
            f"`padding` must be 'same', 'valid', a pair (before, after) or one for each of {axes} axes. "
            f"Received: padding={padding!r}"
        )
    pairs = [padding] * axes if shape == (2,) else padding
    return [tuple(checks.integer("padding", zeros, minimum=0) for zeros in pair) for pair in pairs]
