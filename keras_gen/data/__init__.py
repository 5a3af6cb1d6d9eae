"""Data: loading, batches, binarisation, patches and mixtures in the plane."""

from keras_gen.data.binarization import binarize
from keras_gen.data.loading import Split, load
from keras_gen.data.mixtures import Mixture, grid, ring
from keras_gen.data.patches import turned_patches
from keras_gen.data.pipelines import Pipeline

__all__ = ["Mixture", "Pipeline", "Split", "binarize", "grid", "load", "ring", "turned_patches"]
