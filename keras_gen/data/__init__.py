"""Data: loading, batches, binarisation, patches, mixtures in the plane, scenes, windows, unpaired and moving sets."""

from keras_gen.data.binarization import binarize
from keras_gen.data.captions import Captions
from keras_gen.data.described import described_digits
from keras_gen.data.flow import MovingPairs, moving_pairs
from keras_gen.data.images import read_image
from keras_gen.data.labels import encode_labels
from keras_gen.data.loading import Split, load
from keras_gen.data.mixtures import Mixture, grid, ring
from keras_gen.data.pairs import DegradedPipeline, PairedPipeline, degraded, paired
from keras_gen.data.patches import random_rotated_patches
from keras_gen.data.pipelines import Pipeline
from keras_gen.data.records import write_records
from keras_gen.data.scenes import Scenes, scenes
from keras_gen.data.translation import UnpairedPipeline, unpaired
from keras_gen.data.windows import crop_and_resize
from keras_gen.lazy_arrays import LazyArray

__all__ = [
    "Captions",
    "DegradedPipeline",
    "LazyArray",
    "Mixture",
    "MovingPairs",
    "PairedPipeline",
    "Pipeline",
    "Scenes",
    "Split",
    "UnpairedPipeline",
    "binarize",
    "crop_and_resize",
    "degraded",
    "described_digits",
    "encode_labels",
    "grid",
    "load",
    "moving_pairs",
    "paired",
    "random_rotated_patches",
    "read_image",
    "ring",
    "scenes",
    "unpaired",
    "write_records",
]
