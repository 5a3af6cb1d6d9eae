"""The sizes of the outputs of convolutions, poolings and transposed convolutions."""

from keras_gen import checks


def output_size(size, kernel_size, strides=1, padding="valid", transposed=False):
    """The side of the output of a convolution, a pooling or a transposed convolution, as Keras computes it.

    With size n, kernel size k and strides s:

    floor((n - k) / s) + 1    "valid"
    ceil(n / s)               "same"
    (n - 1) s + max(k, s)     "valid", transposed
    n s                       "same", transposed

    Where k >= s, the transposed size of n is the smallest input for which a "valid" convolution gives n outputs.

    Args:
        size: Side of the input, an integer >= 1.
        kernel_size: Side of the kernel or of the pooled windows, an integer >= 1.
        strides: Step between outputs, or between inputs when transposed, an integer >= 1. Defaults to 1.
        padding: `"valid"` or `"same"`. Defaults to `"valid"`.
        transposed: Whether the layer is a transposed convolution. Defaults to `False`.

    Returns:
        The side of the output, an integer >= 1.

    Raises:
        ValueError: If an argument is not of this form, or if the kernel does not fit into the input.

    Example:

    >>> output_size(28, 5), output_size(28, 5, strides=2, padding="same")
    (24, 14)
    >>> output_size(14, 5, strides=2, padding="same", transposed=True)
    28

    Reference:
        Dumoulin and Visin, 2018, arXiv:1603.07285, sections 2 to 4.
    """
    size, kernel_size = checks.integer("size", size), checks.integer("kernel_size", kernel_size)
    strides = checks.integer("strides", strides)
    same = checks.choice("padding", padding, ["same", "valid"]) == "same"
    if transposed:
        return size * strides if same else (size - 1) * strides + max(kernel_size, strides)
    if same:
        return -(-size // strides)
    if size < kernel_size:
        raise ValueError(
            f"`size` must not be smaller than the kernel, with padding 'valid'. Expected: size >= {kernel_size}. "
            f"Received: size={size}"
        )
    return (size - kernel_size) // strides + 1
