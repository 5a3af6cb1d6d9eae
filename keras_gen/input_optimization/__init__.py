"""Images that are optimised by gradients: one engine for attacks, visualisation, textures and latent searches."""

from keras_gen.input_optimization.descent import SteepestDescent
from keras_gen.input_optimization.engine import LBFGS, InputOptimization, Optimized
from keras_gen.input_optimization.subjects import subject

__all__ = ["LBFGS", "InputOptimization", "Optimized", "SteepestDescent", "subject"]
