"""Keras callbacks for autoencoders and generative models."""

from keras_gen.callbacks.greedy_pretraining import GreedyPretraining
from keras_gen.callbacks.pictures import SampleImages
from keras_gen.callbacks.run_folder import RunFolder
from keras_gen.callbacks.schedules import KLWarmup, KSparseAnnealing

__all__ = ["GreedyPretraining", "KLWarmup", "KSparseAnnealing", "RunFolder", "SampleImages"]
