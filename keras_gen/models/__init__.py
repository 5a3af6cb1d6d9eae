"""The models, one family per file."""

from keras_gen.models.adversarial import AdversarialModel
from keras_gen.models.autoencoder import Autoencoder, IncompleteAutoencoder
from keras_gen.models.bigan import BiGAN
from keras_gen.models.classifier import Classifier
from keras_gen.models.conditional_vae import ConditionalVAE
from keras_gen.models.cyclegan import CycleGAN
from keras_gen.models.encoder_decoder import EncoderDecoder
from keras_gen.models.gan import GAN, ConditionalGAN
from keras_gen.models.growing import grown
from keras_gen.models.pix2pix import Pix2Pix
from keras_gen.models.semi_supervised_vae import SemiSupervisedVAE
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
    "ConditionalVAE",
    "CycleGAN",
    "EncoderDecoder",
    "IncompleteAutoencoder",
    "Pix2Pix",
    "SemiSupervisedVAE",
    "grown",
]
