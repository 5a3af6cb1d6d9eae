"""What translations there and back are held to."""

from keras import ops


def cycle_consistency(x, cycled):
    """Mean absolute difference between examples and what became of them on the way there and back.

    mean |F(G(x)) - x|

    With `cycled` = G(x) for an x that already is of G's side, it is the identity loss.

    Args:
        x: Tensor `(batch, ...)`.
        cycled: Tensor of the same shape.

    Returns:
        float32 scalar, >= 0: the mean over examples and pixels.

    Example:

    >>> float(cycle_consistency(ops.zeros((2, 3)), ops.array([[0.0, 0.0, 3.0], [0.0, 0.0, 0.0]])))
    0.5

    Reference:
        Zhu et al., 2017, arXiv:1703.10593, equation 2; identity: section 5.2.
    """
    return ops.mean(ops.abs(ops.cast(cycled, "float32") - ops.cast(x, "float32")))
