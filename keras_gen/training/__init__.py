"""The one training step that all models share."""

from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.player import Player, PlayerOptimizers

__all__ = ["GenerativeModel", "Player", "PlayerOptimizers"]
