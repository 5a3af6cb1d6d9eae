"""Negative log-likelihoods of data under a decoder's output: summed over each example's dimensions, in nats."""

import math

from keras import ops

from keras_gen import backend


def _sum_per_example(values):
    size = math.prod(values.shape[1:])
    return backend.sum_rows(ops.reshape(values, (-1, size)))  # (batch,)


def squared_error(x, x_hat):
    """Squared error, summed over the dimensions of each example.

    sum_i (x_i - x_hat_i)^2

    Args:
        x: Tensor `(batch, ...)`.
        x_hat: Tensor of the shape of `x`.

    Returns:
        float32 tensor `(batch,)`.

    Example:

    >>> squared_error(ops.ones((1, 3)), ops.zeros((1, 3))).numpy().tolist()
    [3.0]
    """
    x, x_hat = ops.cast(x, "float32"), ops.cast(x_hat, "float32")
    return _sum_per_example(ops.square(x - x_hat))


def bernoulli_nll(x, logits):
    """Negative log-likelihood of (grey or binary) pixels under independent Bernoulli distributions.

    -sum_i [x_i log p_i + (1 - x_i) log(1 - p_i)] = sum_i [softplus(l_i) - x_i l_i], with p = sigmoid(l).

    Args:
        x: Tensor `(batch, ...)` in [0, 1].
        logits: Tensor of the shape of `x`, any real numbers; finite also at logits of +-1e4.

    Returns:
        float32 tensor `(batch,)`, in nats.

    Example:

    >>> round(float(bernoulli_nll(ops.ones((1, 1)), ops.zeros((1, 1)))[0]), 4)
    0.6931

    Reference:
        Kingma and Welling, 2014, arXiv:1312.6114, equation 11.
    """
    x, logits = ops.cast(x, "float32"), ops.cast(logits, "float32")
    return _sum_per_example(ops.softplus(logits) - x * logits)


def gaussian_nll(x, mean, log_var=0.0):
    """Negative log-likelihood under independent normal distributions, with its constant.

    sum_i [log(2 pi) + log_var_i + (x_i - mean_i)^2 / exp(log_var_i)] / 2

    Args:
        x: Tensor `(batch, ...)`.
        mean: Tensor of the shape of `x`.
        log_var: Tensor that broadcasts to the shape of `x`, the logarithm of the variance. Defaults to 0.

    Returns:
        float32 tensor `(batch,)`, in nats.

    Example:

    >>> round(float(gaussian_nll(ops.zeros((1, 1)), ops.zeros((1, 1)))[0]), 4)
    0.9189

    Reference:
        Kingma and Welling, 2014, arXiv:1312.6114, equation 12.
    """
    x, mean, log_var = (ops.cast(value, "float32") for value in (x, mean, log_var))
    return 0.5 * _sum_per_example(math.log(2 * math.pi) + log_var + ops.square(x - mean) * ops.exp(-log_var))
