"""The one training step that all models share."""

from keras_gen.training.data_description import Component, DataDescription
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.player import Player, PlayerOptimizers

__all__ = ["Component", "DataDescription", "GenerativeModel", "Player", "PlayerOptimizers"]
