"""Data: loading, batches, binarisation and patches."""

from keras_gen.data.binarization import binarize
from keras_gen.data.loading import Split, load
from keras_gen.data.patches import turned_patches
from keras_gen.data.pipelines import Pipeline

__all__ = ["Pipeline", "Split", "binarize", "load", "turned_patches"]
