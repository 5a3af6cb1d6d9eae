"""Searches for a model's size and settings, on KerasTuner."""

from keras_gen.tuning.ranges import AUTOENCODER_RANGES, CLASSIFIER_RANGES, GAN_RANGES, VAE_RANGES
from keras_gen.tuning.result import Result
from keras_gen.tuning.search import search
from keras_gen.tuning.space import Range, one_standard_error, parse
from keras_gen.tuning.usual import (
    search_classifier,
    search_corruption,
    search_gan,
    search_latent_dim,
    search_vae,
)

__all__ = [
    "AUTOENCODER_RANGES",
    "CLASSIFIER_RANGES",
    "GAN_RANGES",
    "VAE_RANGES",
    "Range",
    "Result",
    "one_standard_error",
    "parse",
    "search",
    "search_classifier",
    "search_corruption",
    "search_gan",
    "search_latent_dim",
    "search_vae",
]
