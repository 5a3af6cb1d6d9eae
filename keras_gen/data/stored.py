"""Sets that stay on disk: `LazyArray`s of an `.npy` file or of records, in a range of values."""

import math

import numpy as np

from keras_gen import checks
from keras_gen.data.array_files import map_array
from keras_gen.data.images import UnreadableImage, default_sides, image_facts, opaque
from keras_gen.data.pixels import scaled, white_of
from keras_gen.data.record_files import PARTS, read_index
from keras_gen.lazy_arrays import LazyArray

_IN_MEMORY = 2**30  # bytes of float32 images that are read into memory


def is_large(sizes):
    """Whether arrays of these numbers of values need more memory than sets in memory may."""
    return 4 * sum(sizes) > _IN_MEMORY


def expected_size(files, size, channels):
    """About how many values the images of files have, to judge by the first of them."""
    if size is None or channels is None:
        try:
            *own, bands = image_facts(files[0])
        except UnreadableImage:
            own, bands = (1, 1), 3  # whoever reads it will say so
        size, channels = size or default_sides([tuple(own)]), channels or max(3, bands)
    return len(files) * math.prod(size) * channels


def mapped_size(path):
    """The number of values in an `.npy` file; 0 for a file that is none, of which whoever reads it will say so."""
    try:
        return map_array(path).size
    except ValueError:
        return 0


def mapped(name, path, low, high, size, channels):
    """The images of an `.npy` file."""
    images = map_array(path)
    if images.ndim not in (3, 4):
        checks.images("images", images)
    white = white_of(name, [images])
    if images.dtype.kind not in "iu":
        checks.array("images", images, value_range=(0, 1))

    def read(rows):
        places, inverse = np.unique(rows, return_inverse=True)
        found = images[places][inverse]  # a disk is read forwards
        return found[..., None] if found.ndim == 3 else opaque(found)

    identity = f"{path.name} {path.stat().st_size} {images.dtype} {images.shape}"
    return _lazy(read, len(images), white, (low, high), size, channels, identity)


def recorded(folder, low, high, size, channels):
    """The parts of a set of records, pairs (images, labels or `None`), and the names of the classes."""
    parts, names, content = read_index(folder)
    options = (low, high), size, channels
    images = [
        _lazy(part.read, part.size, 1, *options, f"{content}, {name}") for name, part in zip(PARTS, parts, strict=True)
    ]
    return [(one, part.labels) for one, part in zip(images, parts, strict=True)], names


def _lazy(read, n, white, ends, size, channels, identity):
    def in_range(rows):
        return scaled(read(rows), slice(None), white, *ends, size, channels)

    return LazyArray(in_range, (n, *in_range(np.arange(1)).shape[1:]), ends, identity)
