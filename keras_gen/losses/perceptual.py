"""Distances between images by what a network's inner layers see of them, and the smoothness of images."""

import math

from keras import ops

from keras_gen import checks
from keras_gen.losses.tensors import as_float32, sum_per_example


def gram_matrix(features):
    """Gram matrix of a layer's maps: the inner products of the channels, summed over the positions.

    G_ij = sum_k F_ki F_kj

    with k the positions of the maps. It is symmetric and positive semi-definite, it does not change when positions
    change places, and that of a picture is the sum of those of its parts. It is not normalised.

    Args:
        features: Tensor `(batch, height, width, channels)`.

    Returns:
        float32 tensor `(batch, channels, channels)`.

    Raises:
        ValueError: If `features` are not maps.

    Example:

    >>> gram_matrix(ops.array([[[[1.0, 2.0], [3.0, 0.0]]]]))[0].numpy().tolist()
    [[10.0, 2.0], [2.0, 4.0]]

    Reference:
        Gatys, Ecker and Bethge, 2015, arXiv:1505.07376, equation 1.
    """
    features = ops.cast(features, "float32")
    if len(features.shape) != 4:
        raise ValueError(
            "`features` must be maps. Expected: shape (batch, height, width, channels). "
            f"Received: shape {tuple(features.shape)}"
        )
    batch, height, width, channels = ops.shape(features)
    rows = ops.reshape(features, (batch, height * width, channels))
    return ops.matmul(ops.transpose(rows, (0, 2, 1)), rows)  # (batch, channels, channels)


def content_loss(features, target):
    """Half the squared distance between the outputs of a layer for two images.

    1/2 sum_ki (F_ki - P_ki)^2

    Args:
        features: Tensor `(batch, ...)`.
        target: Tensor of the same shape.

    Returns:
        float32 tensor `(batch,)`, >= 0: sums over positions and channels.

    Raises:
        ValueError: If the shapes differ.

    Example:

    >>> content_loss(ops.array([[3.0, 1.0]]), ops.array([[1.0, 1.0]])).numpy().tolist()
    [2.0]

    Reference:
        Gatys, Ecker and Bethge, 2015, arXiv:1508.06576, equation 1.
    """
    features, target = as_float32(features=features, target=target)
    return sum_per_example(ops.square(features - target)) / 2


def style_loss(gram, target, positions):
    """Squared distance between the Gram matrices of two images, for one layer of N channels and M positions.

    sum_ij ((G_ij - A_ij) / (2 N M))^2 = 1 / (4 N^2 M^2) sum_ij (G_ij - A_ij)^2

    Args:
        gram: Tensor `(batch, channels, channels)`, as from `gram_matrix`.
        target: Tensor of the same shape. For an image of other positions, M', it is the Gram matrix times M / M'.
        positions: Number M of positions, an integer >= 1.

    Returns:
        float32 tensor `(batch,)`, >= 0.

    Raises:
        ValueError: If the shapes differ, or if `positions` is not of this form.

    Example:

    >>> features = ops.array([[[[1.0, 2.0], [3.0, 0.0]]]])
    >>> style_loss(gram_matrix(features), gram_matrix(0.0 * features), positions=2).numpy().tolist()
    [1.9375]

    Reference:
        Gatys, Ecker and Bethge, 2015, arXiv:1508.06576, equation 4.
    """
    gram, target = as_float32(gram=gram, target=target)
    scale = 2.0 * gram.shape[-1] * checks.integer("positions", positions, below=math.inf)
    return sum_per_example(ops.square((gram - target) / scale))  # scaled first: squares of sums are large


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
