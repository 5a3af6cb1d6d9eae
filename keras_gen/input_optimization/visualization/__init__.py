"""What a network of images has learnt: its maps and filters, images that its units prefer, pixels that it looks at."""

from keras_gen.input_optimization.visualization.attribution import grad_cam, saliency
from keras_gen.input_optimization.visualization.dreams import deep_dream
from keras_gen.input_optimization.visualization.inversion import Inversion, invert
from keras_gen.input_optimization.visualization.maps import feature_maps, filters
from keras_gen.input_optimization.visualization.maximization import activation_maximization, class_model
from keras_gen.input_optimization.visualization.randomization import RandomizationCheck, randomization_check

__all__ = [
    "Inversion",
    "RandomizationCheck",
    "activation_maximization",
    "class_model",
    "deep_dream",
    "feature_maps",
    "filters",
    "grad_cam",
    "invert",
    "randomization_check",
    "saliency",
]
