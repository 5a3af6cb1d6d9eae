"""The models, one family a file."""

from keras_gen.models.vae import VAE

__all__ = ["VAE"]
