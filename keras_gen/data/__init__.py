"""Data: loading, batches and binarisation."""

from keras_gen.data.binarization import binarize
from keras_gen.data.loading import Split, load
from keras_gen.data.pipelines import Pipeline

__all__ = ["Pipeline", "Split", "binarize", "load"]
