"""Consistency of translations: there and back, and with known counterparts."""

from keras import ops, tree

from keras_gen import checks
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


def reconstruction_distance(y, generated, kind="l1"):
    """Mean difference between examples, or between features of them, and what a generator makes in their place.

    mean |y - G|    or    mean (y - G)^2, for each tensor, and the sum over tensors

    Args:
        y: Tensor `(batch, ...)`, or a list of tensors, such as the outputs of several layers.
        generated: The same for the generated examples.
        kind: `"l1"` or `"squared_error"`. Defaults to `"l1"`.

    Returns:
        float32 scalar, >= 0: means over the batch and everything else.

    Raises:
        ValueError: If `kind` is unknown or shapes differ.

    Example:

    >>> y, generated = ops.zeros((1, 2)), ops.array([[3.0, 1.0]])
    >>> [float(reconstruction_distance(y, generated, kind)) for kind in ("l1", "squared_error")]
    [2.0, 5.0]

    Reference:
        Isola et al., 2017, arXiv:1611.07004, equation 3; of features: Ledig et al., 2017, arXiv:1609.04802, equation 5.
    """
    powers = {"l1": ops.abs, "squared_error": ops.square}
    power = powers[checks.choice("kind", kind, powers)]
    pairs = zip(tree.flatten(y), tree.flatten(generated), strict=True)
    pairs = [as_float32(y=real, generated=made) for real, made in pairs]
    return sum(ops.mean(power(real - made)) for real, made in pairs)
