"""The pixels of arrays: which number is white, and the scaling from black and white to a range of values."""

import warnings

import numpy as np

from keras_gen.data.deep_images import WHITE_8, WHITE_16, reaches
from keras_gen.data.images import resized
from keras_gen.value_ranges import rescaled


def scaled(x, rows, white, low, high, size, channels):
    """Rows of integer pixels, or floats in [0, 1], as a new float32 array of a size in the range from low to high."""
    white = white if x.dtype.kind in "iu" else 1
    x = x[rows].astype("float32", copy=isinstance(rows, slice))  # other rows are a copy already
    if size or channels:
        x, white = resized(rescaled(x, (0, white), overwrite=True), size, channels), 1
    return rescaled(x, (0, white), (low, high), overwrite=True)


def white_of(name, parts):
    """The integer that is white in the parts of a set: of binary pixels, of 8 bits or of 16."""
    parts = [x for x in parts if x.dtype.kind in "iu" and x.size]
    if not parts:
        return 1
    low, high = min(int(x.min()) for x in parts), max(int(x.max()) for x in parts)
    white = 1 if high <= 1 else WHITE_8 if high <= WHITE_8 else WHITE_16
    if white == WHITE_8 and all(x.dtype == np.uint8 for x in parts):
        if not reaches(high, white):
            warnings.warn(
                f"The pixels of {name} are dark: at most {high} of 255. If white is another value N, give floats x / N",
                stacklevel=4,
            )
        return white
    if low < 0 or high > white or not reaches(high, white):
        raise ValueError(
            f"Integer pixels of {name} must use 0..255 or 0..65535: the value of white is unknown. Expected: "
            f"floats in [0, 1], such as x / {high}. Received: integers in {low}..{high}"
        )
    return white
