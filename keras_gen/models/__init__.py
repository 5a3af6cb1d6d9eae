"""The models, one family per file."""

from keras_gen.models.adversarial import AdversarialModel
from keras_gen.models.autoencoder import Autoencoder, IncompleteAutoencoder
from keras_gen.models.bigan import BiGAN
from keras_gen.models.classifier import Classifier
from keras_gen.models.cyclegan import CycleGAN
from keras_gen.models.encoder_decoder import EncoderDecoder
from keras_gen.models.gan import GAN, ConditionalGAN
from keras_gen.models.vae import VAE
from keras_gen.models.wgan import WGAN, WGANGP

__all__ = [
    "GAN",
    "VAE",
    "WGAN",
    "WGANGP",
    "AdversarialModel",
    "Autoencoder",
    "BiGAN",
    "Classifier",
    "ConditionalGAN",
    "CycleGAN",
    "EncoderDecoder",
    "IncompleteAutoencoder",
]
