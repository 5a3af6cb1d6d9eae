"""Measures of trained models."""

from keras_gen.metrics.likelihood import log_likelihoods, negative_log_likelihood

__all__ = ["log_likelihoods", "negative_log_likelihood"]
