"""Negative log-likelihoods of data given a decoder's output, in nats, summed over each example's dimensions.

All take a `mask`. Entries where it is false add 0 to the value and to every gradient, even if they are NaN.
"""

import math

from keras import ops

from keras_gen.losses.tensors import as_float32, broadcasts, mask_over, sum_per_example

_LEAST_LOG_VAR = -30.0  # a standard deviation of 3e-7, float32's resolution of numbers near 1


def squared_error(x, x_hat, mask=None):
    """Squared error, summed over the dimensions of each example.

    sum_i (x_i - x_hat_i)^2

    Args:
        x: Tensor `(batch, ...)`.
        x_hat: Tensor of the shape of `x`.
        mask: Boolean tensor with the leading axes of `x`, such as `(batch, steps)` for `(batch, steps, features)`;
            `None` for all entries. Defaults to `None`.

    Returns:
        float32 tensor `(batch,)`.

    Example:

    >>> squared_error(ops.ones((1, 3)), ops.zeros((1, 3)), mask=[[True, True, False]]).numpy().tolist()
    [2.0]
    """
    return _summed(lambda x, x_hat: ops.square(x - x_hat), as_float32(x=x, x_hat=x_hat), mask)


def bernoulli_nll(x, logits, mask=None):
    """Negative log-likelihood of (grey or binary) pixels under independent Bernoulli distributions.

    -sum_i [x_i log p_i + (1 - x_i) log(1 - p_i)] = sum_i [softplus(l_i) - x_i l_i], with p = sigmoid(l).

    Args:
        x: Tensor `(batch, ...)` in [0, 1].
        logits: Tensor of the shape of `x`, any real numbers; finite also at logits of +-1e4.
        mask: As in `squared_error`. Defaults to `None`.

    Returns:
        float32 tensor `(batch,)`, in nats.

    Example:

    >>> round(float(bernoulli_nll(ops.ones((1, 1)), ops.zeros((1, 1)))[0]), 4)
    0.6931

    Reference:
        Kingma and Welling, 2014, arXiv:1312.6114, equation 11.
    """
    return _summed(lambda x, logits: ops.softplus(logits) - x * logits, as_float32(x=x, logits=logits), mask)


def gaussian_nll(x, mean, log_var=0.0, mask=None):
    """Negative log-likelihood under independent normal distributions, with its constant.

    sum_i [log(2 pi) + log_var_i + (x_i - mean_i)^2 / exp(log_var_i)] / 2

    Below a log-variance of -30 the precision 1 / exp(log_var_i) continues along its tangent, so that values and
    gradients stay finite.

    Args:
        x: Tensor `(batch, ...)`.
        mean: Tensor of the shape of `x`.
        log_var: Tensor that broadcasts to the shape of `x`, the logarithm of the variance. Defaults to 0.
        mask: As in `squared_error`. Defaults to `None`.

    Returns:
        float32 tensor `(batch,)`, in nats.

    Example:

    >>> round(float(gaussian_nll(ops.zeros((1, 1)), ops.zeros((1, 1)))[0]), 4)
    0.9189

    Reference:
        Kingma and Welling, 2014, arXiv:1312.6114, equation 12.
    """
    x, mean = as_float32(x=x, mean=mean)
    log_var = ops.cast(log_var, "float32")
    if not broadcasts(tuple(log_var.shape), tuple(x.shape)):
        raise ValueError(
            f"`log_var` must broadcast to the shape of `x`. Expected: shape {tuple(x.shape)}. "
            f"Received: log_var of shape {tuple(log_var.shape)}"
        )
    return 0.5 * _summed(_gaussian_terms, (x, mean, log_var), mask)


def _gaussian_terms(x, mean, log_var):
    within = ops.maximum(log_var, _LEAST_LOG_VAR)
    precision = ops.exp(-within) * (1.0 + (within - log_var))  # exactly exp(-log_var) above the bound
    return math.log(2 * math.pi) + log_var + ops.square(x - mean) * precision


def _summed(terms, tensors, mask):
    """Sum of `terms(*tensors)` over each example's entries where the mask is true: float32 tensor `(batch,)`."""
    if mask is None:
        return sum_per_example(terms(*tensors))
    mask = mask_over(tensors[0], mask)
    # Masked twice: the inputs, so that no gradient is NaN, and the terms, whose value at 0 is not 0
    values = terms(*(ops.where(mask, tensor, 0.0) for tensor in tensors))
    return sum_per_example(ops.where(mask, values, 0.0))
