"""Builders of plain Keras models."""

from keras_gen.networks.convolutional import (
    convolutional_autoencoder,
    convolutional_decoder,
    convolutional_encoder,
)
from keras_gen.networks.mlp import mlp_autoencoder, mlp_decoder, mlp_encoder

__all__ = [
    "convolutional_autoencoder",
    "convolutional_decoder",
    "convolutional_encoder",
    "mlp_autoencoder",
    "mlp_decoder",
    "mlp_encoder",
]
