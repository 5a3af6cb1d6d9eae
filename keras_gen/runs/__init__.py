"""A run's folder: begun, resumed, loaded, and what its model makes; the frame of recipes."""

from keras_gen.runs.evaluation import evaluate
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import interpolation, reconstructions, samples
from keras_gen.runs.settings import Settings
from keras_gen.runs.trained_classifier import trained_classifier
from keras_gen.runs.training import train
from keras_gen.runs.translation import train_translation, translate

__all__ = [
    "Settings",
    "evaluate",
    "interpolation",
    "load_run",
    "reconstructions",
    "samples",
    "train",
    "train_translation",
    "trained_classifier",
    "translate",
]
