"""Layers, one idea per file."""

from keras_gen.layers.activations import leaky_relu
from keras_gen.layers.centering import AddMean, SubtractMean
from keras_gen.layers.convolution_matrix import convolution_matrix
from keras_gen.layers.corruption import MaskingNoise, MissingIndicator, MissingPatterns, SaltAndPepperNoise
from keras_gen.layers.equalized import EqualizedConv2D, EqualizedDense
from keras_gen.layers.filters import FixedFilter2D
from keras_gen.layers.image_pool import ImagePool
from keras_gen.layers.narrow import NarrowConv2D
from keras_gen.layers.normalization import InstanceNormalization, LocalResponseNormalization
from keras_gen.layers.padding import ReflectionPadding2D
from keras_gen.layers.progressive import FadeIn, MinibatchStandardDeviation, PixelNormalization
from keras_gen.layers.resampling import ICNR, PolyphaseConv2DTranspose, SubPixelConv2D
from keras_gen.layers.sampling import ReplicaSeedGenerator, Sampling, reparameterize
from keras_gen.layers.sparsity import KLSparsity, KSparse, L1Sparsity
from keras_gen.layers.tied import TiedConv2DTranspose, TiedDense, tie
from keras_gen.layers.unpooling import MaxPoolWithSwitches2D, MaxUnpool2D
from keras_gen.layers.warp import Warp2D

__all__ = [
    "ICNR",
    "AddMean",
    "EqualizedConv2D",
    "EqualizedDense",
    "FadeIn",
    "FixedFilter2D",
    "ImagePool",
    "InstanceNormalization",
    "KLSparsity",
    "KSparse",
    "L1Sparsity",
    "LocalResponseNormalization",
    "MaskingNoise",
    "MaxPoolWithSwitches2D",
    "MaxUnpool2D",
    "MinibatchStandardDeviation",
    "MissingIndicator",
    "MissingPatterns",
    "NarrowConv2D",
    "PixelNormalization",
    "PolyphaseConv2DTranspose",
    "ReflectionPadding2D",
    "ReplicaSeedGenerator",
    "SaltAndPepperNoise",
    "Sampling",
    "SubPixelConv2D",
    "SubtractMean",
    "TiedConv2DTranspose",
    "TiedDense",
    "Warp2D",
    "convolution_matrix",
    "leaky_relu",
    "reparameterize",
    "tie",
]
