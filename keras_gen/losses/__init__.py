"""Formulas: plain functions in `keras.ops`, each with its equation and its source."""

from keras_gen.losses.adversarial import (
    hinge_discriminator_loss,
    hinge_generator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    maximum_likelihood_discriminator_loss,
    maximum_likelihood_generator_loss,
    minimax_discriminator_loss,
    minimax_generator_loss,
    non_saturating_discriminator_loss,
    non_saturating_generator_loss,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from keras_gen.losses.consistency import cycle_consistency, reconstruction_distance
from keras_gen.losses.contrastive import contrastive_loss
from keras_gen.losses.divergence import gaussian_kl, gaussian_kl_per_dimension, sparsity_kl
from keras_gen.losses.flow import end_point_error
from keras_gen.losses.likelihood import bernoulli_nll, gaussian_nll, squared_error
from keras_gen.losses.penalties import gradient_penalty, jacobian_penalty
from keras_gen.losses.perceptual import content_loss, gram_matrix, style_loss, total_variation
from keras_gen.losses.perturbations import error_log_odds, fast_gradient_sign

__all__ = [
    "bernoulli_nll",
    "content_loss",
    "contrastive_loss",
    "cycle_consistency",
    "end_point_error",
    "error_log_odds",
    "fast_gradient_sign",
    "gaussian_kl",
    "gaussian_kl_per_dimension",
    "gaussian_nll",
    "gradient_penalty",
    "gram_matrix",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "jacobian_penalty",
    "least_squares_discriminator_loss",
    "least_squares_generator_loss",
    "maximum_likelihood_discriminator_loss",
    "maximum_likelihood_generator_loss",
    "minimax_discriminator_loss",
    "minimax_generator_loss",
    "non_saturating_discriminator_loss",
    "non_saturating_generator_loss",
    "reconstruction_distance",
    "sparsity_kl",
    "squared_error",
    "style_loss",
    "total_variation",
    "wasserstein_discriminator_loss",
    "wasserstein_generator_loss",
]
