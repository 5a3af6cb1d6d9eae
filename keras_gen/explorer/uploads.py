"""Images that the page sends, and those that it gets."""

import base64
import io

import numpy as np
from PIL import Image

from keras_gen.data.images import image_facts, read_image

LARGEST_UPLOAD = 20 * 2**20  # bytes
_LARGEST_IMAGE = 50_000_000  # pixels
_LARGEST_SIDE = 256  # of an image of any size, which a network on a processor translates in a second
_FAST = 1  # compression of PNGs that are seen for a twentieth of a second
_FRAME = 80  # milliseconds of a GIF


def uploaded(body, shape, multiple=1):
    """The image in the bytes of an upload, cropped and resized to a shape: uint8 array `(height, width, channels)`.

    Where the shape has free sides, `None`, the longer side is at most 256 pixels, and both are of that multiple.
    """
    facts = image_facts(io.BytesIO(body))
    if facts.height * facts.width > _LARGEST_IMAGE:
        raise ValueError(
            f"The image is too large. Expected: at most {_LARGEST_IMAGE // 10**6} million pixels. Received: "
            f"{facts.width}x{facts.height}"
        )
    *size, channels = shape
    if None in size:
        scale = min(1, _LARGEST_SIDE / max(facts.height, facts.width))
        size = [max(1, int(scale * side) // multiple) * multiple for side in (facts.height, facts.width)]
    return read_image(io.BytesIO(body), tuple(size), channels)


def as_png(image):
    """A uint8 image `(height, width, 1 or 3)` as the bytes of a PNG."""
    buffer = io.BytesIO()
    _picture(image).save(buffer, "PNG", compress_level=_FAST)
    return buffer.getvalue()


def as_address(image):
    """A uint8 image as a `data:` address, which a page shows without another request."""
    return "data:image/png;base64," + base64.b64encode(as_png(image)).decode()


def as_strip(images):
    """uint8 images `(n, height, width, channels)` side by side, as the bytes of a PNG."""
    return as_png(np.concatenate(list(images), axis=1))


def as_gif(images):
    """uint8 images as the bytes of an animation that goes there and back."""
    frames = [_picture(image).convert("P", palette=Image.Palette.ADAPTIVE) for image in (*images, *images[-2:0:-1])]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=_FRAME, loop=0)
    return buffer.getvalue()


def _picture(image):
    return Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
