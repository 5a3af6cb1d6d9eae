"""Runs: training in a folder, resuming, loading, and what a run's model makes.

Messages name the options of the command line.
"""

from keras_gen.runs.comparison import compare
from keras_gen.runs.evaluation import evaluate
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import interpolation, reconstructions, samples
from keras_gen.runs.settings import Settings
from keras_gen.runs.trained_classifier import trained_classifier
from keras_gen.runs.training import train
from keras_gen.runs.translation import translate

__all__ = [
    "Settings",
    "compare",
    "evaluate",
    "interpolation",
    "load_run",
    "reconstructions",
    "samples",
    "train",
    "trained_classifier",
    "translate",
]
