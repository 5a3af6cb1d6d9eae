"""Where images come from: arrays in memory, files of a folder, or the files of a tensorflow-datasets set."""

import concurrent.futures
import copy
import hashlib
import io
import math
import os
import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen import checks
from keras_gen.data.loading import IMAGE_SUFFIXES, image_files, other_files, tfds_builder
from keras_gen.data.sources import Source

_ENLARGEMENT = 286 / 256  # sides before the random crop, over those after it
_NAMES_IN_MESSAGE = 3  # files that a message names
_ORIENTATION = 0x0112  # of EXIF: how a camera was held, 1 to 8


def image_source(name, images, size=None, channels=None, value_range=(-1, 1)):
    """The `ArrayImages` or `FileImages` of one set of images, which messages call by `name`.

    `images` is an array `(n, height, width, channels)`, whose values are kept as they are; a folder of images, or of
    one sub-folder for each class; a file; or a tensorflow-datasets set and one of its splits, such as
    `"cycle_gan/monet2photo:trainA"`, which is kept in memory as it is encoded. Files are brought to `size`, a side or
    the pair (height, width), if `None` to that of the first; to 1 or 3 `channels`, if `None` 3 where any file has
    colours; and to `value_range`, what black and white are mapped to. A `ValueError` says that no image can be read.
    """
    if isinstance(images, (str, Path)):
        path = Path(images).expanduser()
        if path.exists():
            files = [str(file) for file, _ in image_files(path)] if path.is_dir() else [str(path)]
            if not files:
                raise ValueError(f"`{name}` must hold images ({', '.join(IMAGE_SUFFIXES)}). Received: none in '{path}'")
            others = [str(file) for file in other_files(path)] if path.is_dir() else []
            if others:
                warnings.warn(
                    f"{len(others)} entries of `{name}` are left out, being no images by their names "
                    f"({', '.join(IMAGE_SUFFIXES)}): {_named(others)}",
                    stacklevel=3,
                )
            return FileImages(name, files, files, tf.io.read_file, size, channels, value_range)
        set_name, _, split = str(images).partition(":")
        if not split or path.suffix or len(path.parts) > 3:
            raise ValueError(
                f"`{name}` must be an image or a folder of images that exists, an array, or a set and its split, such "
                f"as 'cycle_gan/monet2photo:trainA'. Received: {str(images)!r}, where nothing is"
            )
        encoded = _encoded(set_name, split)
        numbers = [f"{images}, image {number}" for number in range(len(encoded))]
        return FileImages(name, encoded, numbers, tf.identity, size, channels, value_range)
    source = ArrayImages(name, images)
    if size is not None and source.example_shape[:2] != _sides(size):
        raise ValueError(
            f"`{name}` is an array, which is not resized. Expected: {_sides(size)}. "
            f"Received: {source.example_shape[:2]}"
        )
    return source


class ArrayImages(Source):
    """Images of an array `(n, height, width, channels)`, as they are; a `numpy.memmap` stays on disk."""

    augments = False  # an array may hold digits, which must not be mirrored

    def __init__(self, name, images):
        with tf.device("CPU:0"):
            super().__init__(name, images, "float32")
        if len(self.example_shape) != 3:
            raise ValueError(
                f"`{name}` must be images. Expected: (n, height, width, channels). "
                f"Received: {(self.size, *self.example_shape)}"
            )

    def rows(self, indices, draws=None):
        """Images by their numbers, float32, augmented where there are `draws` `(batch, 3)` from U[0, 1)."""
        images = super().rows(indices)
        if draws is None:
            return images
        return _for_each(lambda pair: self._cropped(*pair), (images, draws), self.example_shape)

    def _cropped(self, image, draws):
        """A crop that keeps to the image's own range: a cubic enlargement swings beyond it at edges."""
        least, most = tf.reduce_min(image), tf.reduce_max(image)
        return tf.clip_by_value(_cropped(image, draws, self.example_shape), least, most)


class FileImages:
    """Images of encoded files, decoded when they are asked for; those that cannot be decoded are named and left out.

    Photographs are turned upright, as their EXIF data say; transparency is dropped. `entries` are file names or encoded
    images, `read` a function from an entry's tensor to the encoded image, `display_names` what messages call the
    entries; `size`, `channels` and `value_range` are as in `image_source`.
    """

    augments = True

    def __init__(self, name, entries, display_names, read, size=None, channels=None, value_range=(-1, 1)):
        sides = None if size is None else _sides(size)
        if channels not in (None, 1, 3):
            raise ValueError(f"`channels` must be 1, 3 or None, as in the files. Received: {channels}")
        self._range = checks.interval("value_range", value_range)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(lambda entry: _inspect(read, entry), entries))
        bad = [title for title, facts in zip(display_names, found, strict=True) if facts is None]
        good = [number for number, facts in enumerate(found) if facts is not None]
        if not good:
            raise ValueError(
                f"`{name}` must hold images that can be read. Received: {len(bad)}, of which none can: {_named(bad)}"
            )
        if bad:
            warnings.warn(
                f"{len(bad)} of {len(found)} images of `{name}` cannot be read and are left out: {_named(bad)}",
                stacklevel=4,
            )
        shapes, turns, lengths = zip(*(found[number] for number in good), strict=True)
        if channels is None:
            channels = 1 if all(shape[-1] <= 2 for shape in shapes) else 3
        self.size = len(good)
        self.display_names = [display_names[number] for number in good]
        self.sizes = [tuple(shape[:2]) for shape in shapes]  # the images' own, upright
        self.example_shape = (*(sides or shapes[0][:2]), channels)
        if sides is None and len({shape[:2] for shape in shapes}) > 1:
            warnings.warn(
                f"Images of `{name}` have different sizes. Expected: `size`, to say what they are brought to. "
                f"Received: none, so that all are brought to {self.example_shape[:2]}, the size of the first",
                stacklevel=4,
            )
        self.row_bytes = 4 * math.prod(self.example_shape)
        self._lengths = lengths
        with tf.device("CPU:0"):
            self._entries, self._turns = tf.constant([entries[number] for number in good]), tf.constant(turns)
        self._read, self.dtype = read, tf.float32

    def extremes(self, ignore_nan=False):
        """The pair that black and white are mapped to, whatever the files show."""
        return self._range

    def resized(self, size):
        """The same images, brought to another `size`, as in `image_source`."""
        other = copy.copy(self)
        other.example_shape = (*_sides(size), self.example_shape[-1])
        other.row_bytes = 4 * math.prod(other.example_shape)
        return other

    @property
    def fingerprint(self):
        """A short text that other files, of other names or lengths, have differently; folders may move."""
        entries = [
            f"{Path(name).name} {length}" for name, length in zip(self.display_names, self._lengths, strict=True)
        ]
        return hashlib.sha256("\n".join(entries).encode()).hexdigest()[:16]

    def rows(self, indices, draws=None):
        """Images by their numbers, augmented where there are draws; arguments as in `ArrayImages.rows`."""
        shape, files = self.example_shape, (tf.gather(self._entries, indices), tf.gather(self._turns, indices))

        def image(file):
            decoded = self._decoded(*file[:2])
            return self._scaled(_resized(decoded, shape) if draws is None else _cropped(decoded, file[2], shape))

        return _for_each(image, files if draws is None else (*files, draws), shape)

    def _decoded(self, entry, turn):
        """An image in [0, 1], upright."""
        image = tf.io.decode_image(self._read(entry), 0, tf.float32, expand_animations=False)
        image = tf.ensure_shape(image, (None, None, None))
        grey = tf.shape(image)[-1] <= 2
        if self.example_shape[-1] == 1:
            image = tf.cond(grey, lambda: image[..., :1], lambda: tf.image.rgb_to_grayscale(image[..., :3]))
        else:
            image = tf.cond(grey, lambda: tf.repeat(image[..., :1], 3, axis=-1), lambda: image[..., :3])
        return tf.ensure_shape(_upright(image, turn), (None, None, self.example_shape[-1]))

    def _scaled(self, image):
        low, high = self._range
        return tf.clip_by_value(image, 0.0, 1.0) * (high - low) + low


def _for_each(function, elements, shape):
    return tf.map_fn(function, elements, fn_output_signature=tf.TensorSpec(shape, tf.float32))


def _resized(image, shape):
    return tf.image.resize(image, shape[:2], "bicubic", antialias=True)


def _cropped(image, draws, shape):
    """A random crop of the enlarged image, mirrored in half of the cases."""
    height, width, _ = shape
    enlarged = (round(height * _ENLARGEMENT), round(width * _ENLARGEMENT))
    image = _resized(image, enlarged)
    top, left = (
        tf.cast(draw * (most + 1), "int32")
        for draw, most in ((draws[0], enlarged[0] - height), (draws[1], enlarged[1] - width))
    )
    image = image[top : top + height, left : left + width]
    return tf.ensure_shape(tf.where(draws[2] < 0.5, image[:, ::-1], image), shape)


def _upright(image, turn):
    """An image turned as EXIF's orientation says: from 5 on rows and columns change places."""
    image = tf.cond(turn >= 5, lambda: tf.transpose(image, (1, 0, 2)), lambda: image)
    for axis, orientations in ((1, (2, 3, 6, 7)), (0, (3, 4, 7, 8))):
        mirrored = tf.reduce_any(turn == tf.constant(orientations))
        image = tf.cond(mirrored, lambda image=image, axis=axis: tf.reverse(image, [axis]), lambda image=image: image)
    return image


def _named(files):
    return ", ".join(files[:_NAMES_IN_MESSAGE]) + (", ..." if len(files) > _NAMES_IN_MESSAGE else "")


def _sides(size):
    sides = (size, size) if np.ndim(size) == 0 else tuple(size)
    if len(sides) != 2:
        raise ValueError(f"`size` must be a side or (height, width). Received: {size}")
    return tuple(checks.integer("size", side) for side in sides)


def _inspect(read, entry):
    """The upright shape, the orientation and the length of an encoded image; `None` if it cannot be decoded."""
    from PIL import Image

    try:
        encoded = read(entry)
        shape = tuple(tf.io.decode_image(encoded, expand_animations=False).shape)
        turn = _orientation(encoded.numpy())
    except (tf.errors.OpError, Image.DecompressionBombError):  # damaged, not to be opened, or too large to be a picture
        return None
    return (shape[1], shape[0], shape[2]) if turn >= 5 else shape, turn, len(encoded.numpy())


def _orientation(encoded):
    from PIL import Image

    try:
        with Image.open(io.BytesIO(encoded)) as image:
            turn = image.getexif().get(_ORIENTATION, 1)
    except (OSError, ValueError, SyntaxError):  # what Pillow raises at damaged headers of images that can be decoded
        return 1
    return turn if turn in range(1, 9) else 1


def _encoded(set_name, split):
    """The encoded images of a prepared set."""
    import tensorflow_datasets as tfds

    builder = tfds_builder(set_name)
    checks.choice("split", split, list(builder.info.splits))
    decoders = {"image": tfds.decode.SkipDecoding()}
    return [example["image"].numpy() for example in builder.as_dataset(split=split, decoders=decoders)]
