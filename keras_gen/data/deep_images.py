"""Pictures that 8 bits a channel cannot hold: of 16 bits, of floats, and TIFFs of any number of bands."""

import contextlib
import json

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_gen.value_ranges import rescaled

WHITE_8, WHITE_16 = 255, 65535  # of integer pixels
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # how the file begins
_BITS, _PHOTOMETRIC, _DESCRIPTION, _ORIENTATION, _SAMPLES, _EXTRA = 258, 262, 270, 274, 277, 338  # tags of TIFF
_GREY, _RGB = 1, 2  # of the photometric interpretation
_UNSPECIFIED, _ASSOCIATED, _UNASSOCIATED = 0, 1, 2  # of an extra sample: a band, or one of two kinds of transparency
_DEEP_COLOURS = ("RGB;16B", "RGBA;16B", "LA;16B")  # Pillow's names of PNGs of which it keeps 8 of 16 bits
_TRANSPOSED = 5  # from this orientation of EXIF on, rows and columns change places
_FLIPS = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}  # axes that an orientation then reverses


def deep_values(file, image, orientation):
    """The values of a picture that 8 bits cannot hold; `None` of another.

    Args:
        file: Path, or binary file object.
        image: The same, opened by Pillow.
        orientation: Function from the loaded image to its orientation, as EXIF counts.

    Returns:
        float32 array `(height, width, bands)` in [0, 1], upright and opaque, or `None`.
    """
    if image.format == "TIFF" and _is_banded(image):
        return tiff_values(file)
    if image.mode == "F" or image.mode.startswith("I"):
        image.load()
        values = _unit(np.asarray(image))[..., None]
    elif image.format == "PNG" and image.tile[0][3] in _DEEP_COLOURS and "transparency" not in image.info:
        values = _png_values(file)
    else:
        return None
    return _upright(values, orientation(image))


def is_tiff(file):
    """Whether a path or a binary file object is a TIFF."""
    return _content(file, len(_TIFF[0])) in _TIFF


def tiff_values(file):
    """The values of the first picture of a TIFF, as `deep_values` returns them.

    Raises:
        ValueError: If tifffile cannot read it, or its colours are neither grey, RGB nor bands.
    """
    import tifffile  # which few pictures need

    try:
        with contextlib.ExitStack() as stack:
            if hasattr(file, "seek"):
                file.seek(0)
            tiff = stack.enter_context(tifffile.TiffFile(file))
            page = tiff.pages[0]
            if page.imagewidth * page.imagelength > 2 * Image.MAX_IMAGE_PIXELS:
                raise Image.DecompressionBombError
            if page.photometric not in (_GREY, _RGB):
                raise ValueError(f"its colours are {page.photometric.name}, not grey, RGB or bands")
            shape = _written_shape(page.description)
            if shape[1:] == page.shape and len(tiff.pages) == shape[0]:
                return _unit(tiff.asarray(key=slice(None), maxworkers=1).reshape(shape))
            values, axes = page.asarray(maxworkers=1), page.axes
            extra = tuple(map(int, page.extrasamples))
            orientation = page.tags[_ORIENTATION].value if _ORIENTATION in page.tags else 1
    except tifffile.TiffFileError as error:
        raise ValueError(str(error)) from None
    if axes not in ("YX", "YXS", "SYX"):
        raise ValueError(f"its axes are {axes}, not height, width and bands")
    values = np.moveaxis(values, 0, -1) if axes == "SYX" else values.reshape(*values.shape[:2], -1)
    values = _unit(values)
    if extra in ((_ASSOCIATED,), (_UNASSOCIATED,)):
        values = _opaque(values, extra == (_ASSOCIATED,))
    return _upright(values, orientation)


def reaches(high, white):
    """Whether integers up to `high` are bright enough to show that `white` is white."""
    return high >= white // 2


def unit(pixels):
    """Pixels, uint8 or already floats in [0, 1], as float32 in [0, 1]."""
    return rescaled(pixels, (0, WHITE_8)) if pixels.dtype == np.uint8 else pixels


def _is_banded(image):
    """Whether a TIFF holds more than Pillow's 8 bits a channel in several bands, or bands that are no colours."""
    tags = image.tag_v2
    if tags.get(_PHOTOMETRIC) not in (_GREY, _RGB):
        return False
    if tags.get(_SAMPLES, 1) > 1:
        return max(tags.get(_BITS, (1,))) > 8 or _UNSPECIFIED in tags.get(_EXTRA, ())
    return _written_shape(tags.get(_DESCRIPTION)) != ()


def _written_shape(description):
    """The shape (height, width, bands) of an array that tifffile wrote as pages of (width, bands); else ()."""
    try:
        shape = tuple(json.loads(description)["shape"])
    except (TypeError, ValueError, KeyError):
        return ()
    return shape if len(shape) == 3 and shape[2] < min(shape[:2]) else ()


def _png_values(file):
    with tf.device("CPU:0"):
        try:
            values = _unit(tf.io.decode_png(_content(file), dtype=tf.uint16).numpy())
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(error.message) from None
    return _opaque(values) if values.shape[-1] in (2, 4) else values


def _content(file, length=-1):
    """The first bytes of a path or a binary file object, or all."""
    if hasattr(file, "seek"):
        file.seek(0)
        return file.read(length)
    with open(file, "rb") as opened:
        return opened.read(length)


def _unit(values):
    """Integers of 8 or 16 bits, or floats in [0, 1] or [0, 255], as float32 in [0, 1]."""
    low, high = values.min(), values.max()
    is_integer = values.dtype.kind in "iu"
    white = WHITE_8 if values.dtype == np.uint8 else WHITE_16 if is_integer else 1 if high <= 1 else WHITE_8
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("it holds values that are not finite")
    if not (low >= 0 and high <= white):
        raise ValueError(f"its values are not in 0..{white} but in {low:g}..{high:g}")
    if white == WHITE_16 and high and not reaches(high, white):
        raise ValueError(f"its values are in {low}..{high}, which do not use 16 bits: the value of white is unknown")
    return rescaled(values, (0, white))


def _opaque(values, associated=False):
    """Values without their last band, the opacity, on white; those of an associated one are multiplied by it."""
    colours, opacity = values[..., :-1], values[..., -1:]
    return np.clip((colours if associated else colours * opacity) + 1 - opacity, 0, 1)


def _upright(values, orientation):
    if orientation >= _TRANSPOSED:
        values = values.swapaxes(0, 1)
    return np.ascontiguousarray(np.flip(values, _FLIPS.get(orientation, ())))
