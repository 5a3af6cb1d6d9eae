"""Formulas: plain functions in `keras.ops`, each with its equation and its source."""

from keras_gen.losses.divergence import gaussian_kl, gaussian_kl_per_dimension
from keras_gen.losses.likelihood import bernoulli_nll, gaussian_nll, squared_error

__all__ = ["bernoulli_nll", "gaussian_kl", "gaussian_kl_per_dimension", "gaussian_nll", "squared_error"]
