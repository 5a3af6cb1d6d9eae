"""Classifiers of images, from pixels to logits: one published network a file."""

from keras_gen.networks.classifiers.alexnet import alexnet
from keras_gen.networks.classifiers.googlenet import googlenet, inception_module
from keras_gen.networks.classifiers.lenet5 import lenet5
from keras_gen.networks.classifiers.vgg16 import vgg16

__all__ = ["alexnet", "googlenet", "inception_module", "lenet5", "vgg16"]
