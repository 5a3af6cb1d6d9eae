"""Layers, one idea per file."""

from keras_gen.layers.activations import leaky_relu
from keras_gen.layers.centering import AddMean, SubtractMean
from keras_gen.layers.convolution_matrix import convolution_matrix
from keras_gen.layers.corruption import MaskingNoise, MissingIndicator, MissingPatterns, SaltAndPepperNoise
from keras_gen.layers.filters import FixedFilter2D
from keras_gen.layers.image_pool import ImagePool
from keras_gen.layers.normalization import InstanceNormalization
from keras_gen.layers.padding import ReflectionPadding2D
from keras_gen.layers.sampling import ReplicaSeedGenerator, Sampling, reparameterize
from keras_gen.layers.sparsity import KLSparsity, KSparse, L1Sparsity
from keras_gen.layers.tied import TiedConv2DTranspose, TiedDense, tie

__all__ = [
    "AddMean",
    "FixedFilter2D",
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
    "convolution_matrix",
    "leaky_relu",
    "reparameterize",
    "tie",
]
