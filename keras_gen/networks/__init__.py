"""Builders of plain Keras models, the sizes of their layers, and what each of their units sees."""

from keras_gen.networks.classifiers import alexnet, googlenet, inception_module, lenet5, vgg16
from keras_gen.networks.convolutional import (
    convolutional_autoencoder,
    convolutional_decoder,
    convolutional_encoder,
)
from keras_gen.networks.dcgan import dcgan_discriminator, dcgan_generator
from keras_gen.networks.deconvnet import deconvnet
from keras_gen.networks.flownet import flownet_simple
from keras_gen.networks.introspection import operations
from keras_gen.networks.mlp import (
    mlp_autoencoder,
    mlp_classifier,
    mlp_decoder,
    mlp_discriminator,
    mlp_encoder,
    mlp_ensemble,
    mlp_generator,
)
from keras_gen.networks.patchgan import patchgan_discriminator
from keras_gen.networks.progressive import progressive_discriminator, progressive_generator, progressive_shapes
from keras_gen.networks.random_filters import random_filter_bank
from keras_gen.networks.receptive_field import ReceptiveField, receptive_field
from keras_gen.networks.resnet import resnet_generator
from keras_gen.networks.sizes import output_size
from keras_gen.networks.srresnet import srresnet
from keras_gen.networks.unet import unet_generator
from keras_gen.networks.vgg_convolutions import vgg_convolutions

__all__ = [
    "ReceptiveField",
    "alexnet",
    "convolutional_autoencoder",
    "convolutional_decoder",
    "convolutional_encoder",
    "dcgan_discriminator",
    "dcgan_generator",
    "deconvnet",
    "flownet_simple",
    "googlenet",
    "inception_module",
    "lenet5",
    "mlp_autoencoder",
    "mlp_classifier",
    "mlp_decoder",
    "mlp_discriminator",
    "mlp_encoder",
    "mlp_ensemble",
    "mlp_generator",
    "operations",
    "output_size",
    "patchgan_discriminator",
    "progressive_discriminator",
    "progressive_generator",
    "progressive_shapes",
    "random_filter_bank",
    "receptive_field",
    "resnet_generator",
    "srresnet",
    "unet_generator",
    "vgg16",
    "vgg_convolutions",
]
