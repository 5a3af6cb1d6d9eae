"""Formulas: plain functions in `keras.ops`, each with its equation and its source."""

from keras_gen.losses.divergence import gaussian_kl, gaussian_kl_per_dimension, sparsity_kl
from keras_gen.losses.likelihood import bernoulli_nll, gaussian_nll, squared_error
from keras_gen.losses.penalties import jacobian_penalty

__all__ = [
    "bernoulli_nll",
    "gaussian_kl",
    "gaussian_kl_per_dimension",
    "gaussian_nll",
    "jacobian_penalty",
    "sparsity_kl",
    "squared_error",
]
