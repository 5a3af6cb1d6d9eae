"""Images that are optimised by gradients: one engine for attacks, visualisation, textures and latent searches."""

from keras_gen.input_optimization.descent import SteepestDescent
from keras_gen.input_optimization.engine import LBFGS, InputOptimization, Optimized
from keras_gen.input_optimization.latent_search import LatentSearch, invert_generator, self_inversion_rate
from keras_gen.input_optimization.texture_and_style import style_transfer, texture_synthesis

__all__ = [
    "LBFGS",
    "InputOptimization",
    "LatentSearch",
    "Optimized",
    "SteepestDescent",
    "invert_generator",
    "self_inversion_rate",
    "style_transfer",
    "texture_synthesis",
]
