"""Keras callbacks for generative models."""

from keras_gen.callbacks.pictures import SampleImages
from keras_gen.callbacks.run_folder import RunFolder
from keras_gen.callbacks.schedules import KLWarmup

__all__ = ["KLWarmup", "RunFolder", "SampleImages"]
