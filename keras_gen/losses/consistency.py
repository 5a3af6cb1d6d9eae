"""Consistency of translations there and back."""

from keras import ops

from keras_gen.losses.tensors import as_float32


def cycle_consistency(x, cycled):
    """Mean absolute difference between examples and their translations there and back.

    mean |F(G(x)) - x|

    With `cycled` = G(x) for an x that already belongs to the set that G translates to, it is the identity loss.

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
    x, cycled = as_float32(x=x, cycled=cycled)
    return ops.mean(ops.abs(cycled - x))
