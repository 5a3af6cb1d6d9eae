"""Divergences between distributions."""

import math

from keras import ops

from keras_gen import checks
from keras_gen.losses.tensors import as_float32


def gaussian_kl_per_dimension(z_mean, z_log_var):
    """Kullback-Leibler divergence of a diagonal normal distribution from the standard one, dimension by dimension.

    KL_j = (mean_j^2 + var_j - 1 - log var_j) / 2

    Args:
        z_mean: Tensor `(batch, latent_dim)`.
        z_log_var: Tensor `(batch, latent_dim)`, the logarithm of the variance.

    Returns:
        float32 tensor `(batch, latent_dim)`, in nats, >= 0.

    Example:

    >>> gaussian_kl_per_dimension(ops.array([[0.0, 2.0]]), ops.zeros((1, 2))).numpy().tolist()
    [[0.0, 2.0]]

    Reference:
        Kingma and Welling, 2014, arXiv:1312.6114, appendix B.
    """
    z_mean, z_log_var = as_float32(z_mean=z_mean, z_log_var=z_log_var)
    return 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1.0 - z_log_var)


def gaussian_kl(z_mean, z_log_var):
    """Kullback-Leibler divergence of a diagonal normal distribution from the standard one.

    KL = sum_j KL_j,    KL_j as in `gaussian_kl_per_dimension`

    Args:
        z_mean, z_log_var: As in `gaussian_kl_per_dimension`.

    Returns:
        float32 tensor `(batch,)`, in nats, >= 0.

    Example:

    >>> gaussian_kl(ops.array([[1.0, 2.0]]), ops.zeros((1, 2))).numpy().tolist()
    [2.5]
    """
    return ops.sum(gaussian_kl_per_dimension(z_mean, z_log_var), axis=-1)


def sparsity_kl(rho, rho_hat):
    """Kullback-Leibler divergence of each unit's mean activation from a target, both seen as Bernoulli probabilities.

    KL_j = rho log(rho / rho_hat_j) + (1 - rho) log((1 - rho) / (1 - rho_hat_j))

    Args:
        rho: The target mean activation, a number in (0, 1).
        rho_hat: Tensor `(units,)`, each unit's mean activation over the batch, in [0, 1]; squeezed to
            [1e-7, 1 - 1e-7], so that the gradient of a dead unit still brings it back.

    Returns:
        float32 tensor `(units,)`, in nats, >= 0; NaN where `rho_hat` is NaN or not a probability.

    Example:

    >>> sparsity_kl(0.5, ops.array([0.5])).numpy().tolist()
    [0.0]

    Reference:
        Lee, Ekanadham and Ng, 2008; in this form Ng, Sparse autoencoder, CS294A lecture notes, 2011, section 3.
    """
    rho = checks.probability("rho", rho)
    rho_hat = 1e-7 + (1 - 2e-7) * ops.cast(rho_hat, "float32")
    return rho * (math.log(rho) - ops.log(rho_hat)) + (1 - rho) * (math.log1p(-rho) - ops.log1p(-rho_hat))
