"""Perturbations of inputs that raise a loss, and what classifiers lose by them."""

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


def error_log_odds(labels, logits):
    """Log odds that a classifier gives to all classes but the label.

    m = log((1 - p_y) / p_y) = log sum_{j != y} exp(z_j - z_y)    with p = softmax(z)

    The cross-entropy is log(1 + exp(m)), so its gradient has the direction of that of m. But in float32 it is 0, or
    loses the label's part, where p_y is rounded to 1; that of m is exact for any logits.

    Args:
        labels: Integer tensor `(batch,)` of classes y.
        logits: Tensor `(batch, num_classes)` of logits z, of two or more classes.

    Returns:
        float32 tensor `(batch,)`.

    Example:

    >>> error_log_odds(ops.array([0, 1]), ops.array([[40.0, 0.0], [40.0, 0.0]])).numpy().tolist()
    [-40.0, 40.0]

    Reference:
        Carlini and Wagner, 2017, arXiv:1608.04644, section IV.A, show how rounded softmax gradients stop attacks.
    """
    logits = ops.cast(logits, "float32")
    is_label = ops.one_hot(labels, logits.shape[-1], dtype="bool")
    of_label = ops.sum(ops.where(is_label, logits, 0.0), axis=-1)
    return ops.logsumexp(ops.where(is_label, -float("inf"), logits), axis=-1) - of_label
