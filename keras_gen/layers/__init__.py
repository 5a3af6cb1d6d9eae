"""Layers, one idea per file."""

from keras_gen.layers.activations import leaky_relu
from keras_gen.layers.centering import AddMean, SubtractMean
from keras_gen.layers.corruption import MaskingNoise, MissingIndicator, MissingPatterns, SaltAndPepperNoise
from keras_gen.layers.image_pool import ImagePool
from keras_gen.layers.normalization import InstanceNormalization
from keras_gen.layers.padding import ReflectionPadding2D
from keras_gen.layers.sampling import ReplicaSeedGenerator, Sampling, reparameterize
from keras_gen.layers.sparsity import KLSparsity, KSparse, L1Sparsity
from keras_gen.layers.tied import TiedConv2DTranspose, TiedDense, tie

__all__ = [
    "AddMean",
    "ImagePool",
    "InstanceNormalization",
    "KLSparsity",
    "KSparse",
    "L1Sparsity",
    "MaskingNoise",
    "MissingIndicator",
    "MissingPatterns",
    "ReflectionPadding2D",
    "ReplicaSeedGenerator",
    "SaltAndPepperNoise",
    "Sampling",
    "SubtractMean",
    "TiedConv2DTranspose",
    "TiedDense",
    "leaky_relu",
    "reparameterize",
    "tie",
]
