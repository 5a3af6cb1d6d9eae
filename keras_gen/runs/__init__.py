"""Runs: training in a folder, resuming, loading, and the output of a run's model.

Messages name the options of the command line.
"""

from keras_gen.runs.comparison import compare
from keras_gen.runs.evaluation import evaluate
from keras_gen.runs.latent_space import interpolation, interpolation_between, plane
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import reconstructions, sample_images, samples
from keras_gen.runs.settings import Settings
from keras_gen.runs.trained_classifier import trained_classifier
from keras_gen.runs.training import train
from keras_gen.runs.translation import translate

__all__ = [
    "Settings",
    "compare",
    "evaluate",
    "interpolation",
    "interpolation_between",
    "load_run",
    "plane",
    "reconstructions",
    "sample_images",
    "samples",
    "train",
    "trained_classifier",
    "translate",
]
