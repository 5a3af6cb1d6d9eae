"""Searches for a model's size and settings, on KerasTuner."""

from keras_gen.tuning.result import Result
from keras_gen.tuning.search import search, search_corruption, search_latent_dim
from keras_gen.tuning.space import AUTOENCODER_RANGES, Range, one_standard_error, parse

__all__ = [
    "AUTOENCODER_RANGES",
    "Range",
    "Result",
    "one_standard_error",
    "parse",
    "search",
    "search_corruption",
    "search_latent_dim",
]
