"""Images that the page sends, and those that it gets."""

import base64
import io
import struct
import warnings

import numpy as np
from PIL import Image

from keras_gen.data.images import read_image

LARGEST_UPLOAD = 20 * 2**20  # bytes
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "WEBP")  # whose first bytes tell how large the image is
_LARGEST_IMAGE = 50_000_000  # pixels
_LARGEST_SIDE = 256  # of an image that a network takes at any size
_FAST = 1  # compression of PNGs that are seen for a twentieth of a second
_FRAME = 80  # milliseconds of a GIF
_SAVED = 128  # pixels of the longer side of a saved picture, at least


def uploaded(body, shape, multiple=1):
    """The image in the bytes of an upload, cropped and resized to a shape, as `data.read_image` returns it.

    A free side of the shape, `None`, is the image's own, scaled so that the longer one is at most 256 pixels, and
    rounded to that multiple.
    """
    own = _sides(body)
    if own[0] * own[1] > _LARGEST_IMAGE:
        raise ValueError(
            f"The image is too large. Expected: at most {_LARGEST_IMAGE // 10**6} million pixels. Received: "
            f"{own[1]}x{own[0]}"
        )
    scale = min(1, _LARGEST_SIDE / max(own))
    free = (max(1, int(scale * side) // multiple) * multiple for side in own)
    size = tuple(side or other for side, other in zip(shape[:2], free, strict=True))
    return read_image(io.BytesIO(body), size, shape[2])


def _sides(body):
    """Height and width of an image, from its first bytes: nothing is decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(body), formats=_FORMATS) as image:
                return image.size[::-1]
        except Image.DecompressionBombError:
            raise ValueError("The image is too large. Received: more pixels than Pillow opens") from None
        except (OSError, SyntaxError, ValueError, struct.error):
            expected = ", ".join(_FORMATS)
            raise ValueError(f"The file cannot be read as an image. Expected: one of {expected}") from None


def as_png(image):
    """A uint8 image `(height, width, 1 or 3)` as the bytes of a PNG."""
    buffer = io.BytesIO()
    _picture(image).save(buffer, "PNG", compress_level=_FAST)
    return buffer.getvalue()


def as_address(image):
    """A uint8 image as a `data:` URL, which a page shows without another request."""
    return "data:image/png;base64," + base64.b64encode(as_png(image)).decode()


def as_strip(images):
    """uint8 images `(n, height, width, channels)` side by side, as the bytes of a PNG."""
    return as_png(np.concatenate(list(_enlarged(images)), axis=1))


def as_gif(images):
    """uint8 images as the bytes of an animation that goes there and back."""
    images = _enlarged(images)
    frames = [_picture(image).convert("P", palette=Image.Palette.ADAPTIVE) for image in (*images, *images[-2:0:-1])]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=_FRAME, loop=0)
    return buffer.getvalue()


def _enlarged(images):
    """Small images with each pixel as a square, as large as a slide needs them."""
    factor = -(-_SAVED // max(images.shape[1:3]))
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def _picture(image):
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
