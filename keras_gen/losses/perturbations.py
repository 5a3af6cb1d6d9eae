"""Perturbations of inputs that raise a loss."""

from keras import ops

from keras_gen import backend


def fast_gradient_sign(loss, x, epsilon):
    """The perturbation of largest norm epsilon that raises a loss most, to first order.

    epsilon sign(d loss / d x)

    Args:
        loss: Function of a tensor `(batch, *shape)` that returns a tensor `(batch,)`.
        x: Tensor `(batch, *shape)`.
        epsilon: Largest absolute change of an entry, a number >= 0.

    Returns:
        Tensor `(batch, *shape)` of entries -epsilon, 0 and epsilon.

    Example:

    >>> fast_gradient_sign(lambda x: x[:, 0] - x[:, 1], ops.zeros((1, 3)), 0.25).numpy().tolist()
    [[0.25, -0.25, 0.0]]

    Reference:
        Goodfellow, Shlens and Szegedy, 2015, arXiv:1412.6572, section 4.
    """
    return epsilon * ops.sign(backend.input_gradient(loss, x))
