"""Distances between images by what a network's inner layers see of them, and the smoothness of images."""

from keras import ops

from keras_gen import checks
from keras_gen.losses.tensors import sum_per_example


def total_variation(x, power=1):
    """Total variation: the lengths of the steps from each pixel to its neighbours below and to the right, summed.

    sum_ij ((x_{i+1,j} - x_ij)^2 + (x_{i,j+1} - x_ij)^2)^(power / 2)

    for each channel, with no step across the border. With `power=2` it is the sum of all squared differences.

    Args:
        x: Tensor `(batch, height, width, channels)`.
        power: Number > 0, the published beta. Defaults to 1, whose gradient is 0 where a pixel equals both neighbours.

    Returns:
        float32 tensor `(batch,)`, >= 0.

    Raises:
        ValueError: If `x` are no images, or `power` is not positive.

    Example:

    >>> edge = ops.reshape(ops.array([0.0, 0.0, 3.0, 0.0, 0.0, 3.0]), (1, 2, 3, 1))
    >>> [float(total_variation(edge, power)[0]) for power in (1, 2)]
    [6.0, 18.0]

    Reference:
        Mahendran and Vedaldi, 2015, arXiv:1412.0035, section 2; Rudin, Osher and Fatemi, 1992 (power 1).
    """
    power, x = checks.positive("power", power), ops.cast(x, "float32")
    if len(x.shape) != 4:
        raise ValueError(
            f"`x` must be images. Expected: shape (batch, height, width, channels). Received: shape {tuple(x.shape)}"
        )
    below = ops.pad(x[:, 1:] - x[:, :-1], ((0, 0), (0, 1), (0, 0), (0, 0)))
    right = ops.pad(x[:, :, 1:] - x[:, :, :-1], ((0, 0), (0, 0), (0, 1), (0, 0)))
    squares = ops.square(below) + ops.square(right)
    if power == 2:
        return sum_per_example(squares)
    steps = squares > 0  # the derivative of a root at 0 is infinite
    return sum_per_example(ops.where(steps, ops.power(ops.where(steps, squares, 1.0), power / 2), 0.0))
