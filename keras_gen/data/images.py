"""Image files as arrays: upright, opaque, in grey, colours or bands, cropped to a size."""

import functools
import os
import struct
import typing
import zlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.Image import Transpose

from keras_gen import checks
from keras_gen.data.deep_images import deep_values, is_tiff, tiff_values

_BACKGROUND = "white"  # what shows through transparent pixels
_ORIENTATION = 0x0112  # of EXIF: how a camera was held, 1 to 8
_ROTATED = 5  # from this orientation on, rows and columns change places
_TURNS = {  # of each orientation but 1
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
LOST_LINK = "the link leads nowhere"  # why a symbolic link cannot be read
_SMALL = 8  # the size at which a file is decoded to find damage
_FILTER = Image.Resampling.BICUBIC
LUMA = np.array([[0.299], [0.587], [0.114]], "float32")  # of ITU-R BT.601, as Pillow makes grey of colours
# Formats that Pillow decodes itself; others start programs (PostScript) or have decoders that are hardly ever used
FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TGA", "TIFF", "WEBP")
_LARGEST, _DEFAULT, _MULTIPLE = 256, 64, 8  # the largest sides kept, the default side, and a divisor of default sides
# What Pillow's decoders raise at damaged files, but not an error of memory or of this code's own
_DAMAGED = (
    ArithmeticError, EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error, zlib.error,
    Image.DecompressionBombError,
)  # fmt: skip


class UnreadableImage(ValueError):
    """An image file that cannot be read, for the `reason` that the message gives after the file's name."""

    def __init__(self, path, reason):
        super().__init__(f"'{path}' cannot be read as an image: {reason}")
        self.reason = reason


class ImageFacts(typing.NamedTuple):
    """What a file says about its image: the upright sides, and 1 or 3 channels, or the number of its bands."""

    height: int
    width: int
    channels: int


def read_image(path, size=None, channels=None, half=None):
    """Read an image file of one of the `FORMATS`.

    The image is turned upright according to its EXIF data, and transparent pixels are blended with white. Only the
    first frame of an animation, or page of a TIFF, is read. Pictures of 16 bits a channel (PNG and TIFF), TIFFs of
    floats in [0, 1] or [0, 255], and TIFFs of 2, 4 or more bands keep their precision; bands stay as they are.

    Args:
        path: Path of the file, or a binary file object.
        size: Side, or the pair (height, width), of the result: the largest centred part of that shape is cropped and
            resized. Defaults to `None`: the image's own.
        channels: 1 for grey or 3 for colours. Defaults to `None`: 3 if the file stores colours, else 1.
        half: `"left"` or `"right"` for that half of the image alone, before it is cropped and resized. Defaults to
            `None`.

    Returns:
        uint8 array `(height, width, channels)`; of 16 bits, floats and bands a float32 array in [0, 1].

    Raises:
        ValueError: If the file is missing, damaged, not an image, or larger than Pillow opens (179 million pixels), or
            if `channels` is given for bands, which stay as they are.

    Example:

    >>> import io
    >>> file = io.BytesIO()
    >>> Image.new("RGBA", (30, 20), (255, 0, 0, 128)).save(file, "PNG")
    >>> read_image(file, size=8).shape, read_image(file, channels=3)[0, 0].tolist()
    ((8, 8, 3), [255, 127, 127])
    """
    size, channels = wanted(size, channels)
    checks.choice("half", half, ["left", "right"], optional=True)
    return read_pixels(path, size, channels, half)


def read_pixels(path, size=None, channels=None, half=None):
    """As `read_image`, of checked arguments; `channels` may also be the number of the file's bands."""

    def pixels(image, values):
        values = deep_values(path, image, _orientation) if values is None else values
        return _pixels(image, size, channels, half) if values is None else _deep(values, size, channels, half)

    return _opened(path, pixels)


def image_facts(path, decode=False, channels=None):
    """The `ImageFacts` of a file, which is given as to `read_image`; with `decode`, damage after the header is found.

    Raises:
        ValueError: As `read_image`, also for bands that `channels` cannot change.
    """

    def facts(image, values):
        if values is None and (decode or image.format == "TIFF"):
            values = deep_values(path, image, _orientation)
        if values is not None:
            _require_channels(values, channels)
            return ImageFacts(*values.shape)
        if image.format == "TIFF":
            image.load()
        height, width = image.size[::-1]
        if _orientation(image) >= _ROTATED:
            height, width = width, height
        found = ImageFacts(height, width, _channels(image))
        if decode:
            _pixels(image, (_SMALL, _SMALL), None)
        return found

    return _opened(path, facts)


def resized(images, size=None, channels=None):
    """Images of an array cropped and resized as `read_image` does, in 1 or 3 channels.

    `images` is a float array `(n, height, width, channels)` in [0, 1], and `size` and `channels` are as in
    `read_image`; the result is float32.
    """
    size, channels = wanted(size, channels)
    if (size, channels) == (None, None):
        return images
    images = np.asarray(images, "float32")
    if images.ndim != 4:
        raise ValueError(f"Images must be of shape (n, height, width, channels). Received: shape {images.shape}")
    if channels is not None and images.shape[-1] != channels:
        if images.shape[-1] not in (1, 3):
            raise ValueError(f"Images must have 1 or 3 channels. Received: shape {images.shape}")
        images = np.repeat(images, 3, axis=-1) if channels == 3 else images @ LUMA
    if size is None or images.shape[1:3] == size:
        return images
    fitted = np.empty((len(images), *size, images.shape[-1]), "float32")
    for image, result in zip(images, fitted, strict=True):
        for channel in range(images.shape[-1]):
            result[..., channel] = ImageOps.fit(Image.fromarray(image[..., channel]), size[::-1], _FILTER)
    return np.clip(fitted, 0, 1, out=fitted)  # a cubic filter overshoots black and white


def opaque(images):
    """Images of an array `(n, height, width, channels)` without transparency, blended as in `read_image`.

    Transparency is the last of 2 or 4 channels of uint8; other images are returned as they are.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (2, 4) or not images.size:
        return images
    mode = "L" if images.shape[-1] == 2 else "RGB"
    blended = [np.asarray(_opaque(Image.fromarray(image)).convert(mode)) for image in images]
    return np.stack(blended).reshape(*images.shape[:3], -1)


def wanted(size, channels):
    """The pair (sides or `None`, channels or `None`) of the arguments `size` and `channels`."""
    if channels not in (None, 1, 3):
        raise ValueError(f"`channels` must be 1, 3 or None, as in the files. Received: {channels}")
    return None if size is None else sides(size), channels


def sides(size):
    """The pair (height, width) of a `size`, which is a side or such a pair."""
    pair = (size, size) if np.ndim(size) == 0 else tuple(size)
    if len(pair) != 2:
        raise ValueError(f"`size` must be a side or (height, width). Received: {size}")
    return tuple(checks.integer("size", side) for side in pair)


def default_sides(sizes):
    """The pair (height, width) to which images of these sizes, such pairs, are resized if no size is given.

    Equal sizes of at most 256 pixels are kept. Otherwise the images become squares with a side of 64, or of the median
    of their shorter sides, rounded down to a multiple of 8, if that is less.
    """
    if len(set(sizes)) == 1 and max(sizes[0]) <= _LARGEST:
        return sizes[0]
    median = int(np.median([min(size) for size in sizes]))
    side = max(_MULTIPLE, min(_DEFAULT, median // _MULTIPLE * _MULTIPLE))
    return side, side


@functools.cache
def formats():
    """Those of `FORMATS` that this build of Pillow reads."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _opened(path, function):
    """The result of a function of the opened image and, if Pillow cannot open it, its values; errors name the file."""
    try:
        try:
            image = Image.open(path, formats=formats())
        except UnidentifiedImageError:
            if not is_tiff(path):
                raise
            return function(None, tiff_values(path))
        with image:
            return function(image, None)
    except _DAMAGED as error:
        if not isinstance(path, (str, os.PathLike)):
            raise UnreadableImage("the image", _reason(error)) from None
        is_lost = isinstance(error, FileNotFoundError) and os.path.islink(path)
        raise UnreadableImage(os.fspath(path), LOST_LINK if is_lost else _reason(error)) from None


def _pixels(image, size, channels, half=None):
    """The pixels of an opened image of 8 bits, with the arguments of `read_image`."""
    if size is not None and half is None:
        image.draft(None, (2 * max(size), 2 * max(size)))  # a large JPEG is decoded at a smaller size
    mode = "L" if (channels or _channels(image)) == 1 else "RGB"
    image.load()
    turn = _TURNS.get(_orientation(image))  # after the pixels: of a TIFF, Pillow has turned them by then
    image = _opaque(image).convert(mode)
    if turn is not None:
        image = image.transpose(turn)
    if half is not None:
        width, height = image.size
        left = 0 if half == "left" else width - width // 2
        image = image.crop((left, 0, left + width // 2, height))
    if size is not None:
        image = ImageOps.fit(image, size[::-1], _FILTER)
    return np.array(image).reshape(*image.size[::-1], -1)


def _deep(values, size, channels, half):
    """The values of a picture, float32 `(height, width, bands)` in [0, 1], with the arguments of `read_image`."""
    _require_channels(values, channels)
    if half is not None:
        width = values.shape[1]
        values = values[:, : width // 2] if half == "left" else values[:, width - width // 2 :]
    return resized(values[None], size, None if channels == values.shape[-1] else channels)[0]


def _require_channels(values, channels):
    bands = values.shape[-1]
    if channels not in (None, bands) and bands not in (1, 3):
        raise ValueError(f"it has {bands} bands, which `channels` cannot make {channels}")


def _reason(error):
    if isinstance(error, UnidentifiedImageError):
        return "its format is unknown"
    if isinstance(error, Image.DecompressionBombError):
        return f"it has more than {2 * Image.MAX_IMAGE_PIXELS / 1e6:.0f} million pixels"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _channels(image):
    """1 for grey, 3 for colours; a palette is coloured if a colour in use is."""
    if image.mode in ("1", "L", "LA", "La", "F") or image.mode.startswith("I"):
        return 1
    if image.mode in ("P", "PA"):
        colours = image.convert("RGB").getcolors()
        return 1 if all(red == green == blue for _, (red, green, blue) in colours) else 3
    return 3


def _opaque(image):
    """The image without transparency, in a mode of 8 bits."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, _BACKGROUND), image)


def _orientation(image):
    try:
        return Image.Image.getexif(image).get(_ORIENTATION, 1)  # that of PNG files would decode the pixels
    except _DAMAGED:  # the image itself may be whole
        return 1
