"""The models, one family a file."""

from keras_gen.models.autoencoder import Autoencoder, IncompleteAutoencoder
from keras_gen.models.cyclegan import CycleGAN
from keras_gen.models.gan import GAN, ConditionalGAN
from keras_gen.models.vae import VAE
from keras_gen.models.wgan import WGAN, WGANGP

__all__ = ["GAN", "VAE", "WGAN", "WGANGP", "Autoencoder", "ConditionalGAN", "CycleGAN", "IncompleteAutoencoder"]
