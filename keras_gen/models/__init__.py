"""The models, one family a file."""

from keras_gen.models.autoencoder import Autoencoder, IncompleteAutoencoder
from keras_gen.models.vae import VAE

__all__ = ["VAE", "Autoencoder", "IncompleteAutoencoder"]
