"""Searches for a model's size and settings, on KerasTuner."""

from keras_gen.tuning.result import Result
from keras_gen.tuning.search import search, search_autoencoder, search_bottleneck, search_corruption
from keras_gen.tuning.space import Range, one_standard_error, parse

__all__ = [
    "Range",
    "Result",
    "one_standard_error",
    "parse",
    "search",
    "search_autoencoder",
    "search_bottleneck",
    "search_corruption",
]
