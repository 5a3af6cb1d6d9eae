"""Where images come from: arrays in memory, files of a folder, or the files of a tensorflow-datasets set."""

import concurrent.futures
import math
import os
import warnings
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen import checks
from keras_gen.data.loading import IMAGE_SUFFIXES, image_files, tfds_builder

_ENLARGED = 286 / 256  # sides before the random crop, over those after it
_NAMED = 3  # unreadable files that a warning names


def image_source(name, images, size=None, channels=None, value_range=(-1, 1)):
    """The source of one set of images.

    Args:
        name: What the set is called in messages, such as `"x"`.
        images: An array `(n, height, width, channels)`, whose values are kept as they are; a folder of images, or of
            one sub-folder a class; a file; or a set of tensorflow-datasets and one of its splits, such as
            `"cycle_gan/monet2photo:trainA"`.
        size: Side, or the pair (height, width), that files are brought to. Defaults to `None`: that of the first.
        channels: 1 or 3 for files. Defaults to `None`: 3 where any file has colours.
        value_range: The pair (lowest, highest) that black and white of files are mapped to. Defaults to (-1, 1).

    Returns:
        An `ArrayImages` or a `FileImages`.

    Raises:
        ValueError: If there are no images, or none that can be read.

    Example:

    >>> image_source("x", np.zeros((5, 8, 8, 1))).shape
    (8, 8, 1)
    """
    if isinstance(images, (str, Path)):
        path = Path(images).expanduser()
        if path.exists():
            files = [str(file) for file, _ in image_files(path)] if path.is_dir() else [str(path)]
            if not files:
                raise ValueError(f"`{name}` must hold images ({', '.join(IMAGE_SUFFIXES)}). Received: none in '{path}'")
            return FileImages(name, files, files, tf.io.read_file, size, channels, value_range)
        set_name, _, split = str(images).partition(":")
        if not split or path.suffix or len(path.parts) > 3:
            raise ValueError(
                f"`{name}` must be an array, a folder of images, or a set and its split, such as "
                f"'cycle_gan/monet2photo:trainA'. Received: {str(images)!r}, which is no folder"
            )
        encoded = _encoded(set_name, split)
        numbers = [f"{images}, image {number}" for number in range(len(encoded))]
        return FileImages(name, encoded, numbers, tf.identity, size, channels, value_range)
    source = ArrayImages(name, images)
    if size is not None and source.shape[:2] != _sides(size):
        raise ValueError(
            f"`{name}` is an array, which is not resized. Expected: {_sides(size)}. Received: {source.shape[:2]}"
        )
    return source


class ArrayImages:
    """Images of an array, as they are; a `numpy.memmap` stays on disk.

    Args:
        name: What the set is called in messages.
        images: Array `(n, height, width, channels)`.

    Raises:
        ValueError: If the array is empty, not finite or no set of images.
    """

    augments = False  # what an array shows may not bear it: digits have no mirror image

    def __init__(self, name, images):
        checks.array(name, images)
        if images.ndim != 4:
            raise ValueError(
                f"`{name}` must be images. Expected: (n, height, width, channels). Received: {tuple(images.shape)}"
            )
        self.size, self.shape = len(images), tuple(images.shape[1:])
        self.row_bytes = 4 * math.prod(self.shape)
        on_disk = isinstance(images, np.memmap)
        self._images = images if on_disk else tf.constant(np.asarray(images, "float32"))

    def rows(self, indices, draws=None):
        """Images by their numbers, augmented where there are draws.

        Args:
            indices: int64 tensor `(batch,)`.
            draws: float32 tensor `(batch, 3)` from U[0, 1), or `None`.

        Returns:
            float32 tensor `(batch, *shape)`.
        """
        if tf.is_tensor(self._images):
            images = tf.gather(self._images, indices)
        else:
            images = tf.numpy_function(lambda i: np.asarray(self._images[i], "float32"), [indices], tf.float32)
            images = tf.ensure_shape(images, (None, *self.shape))
        return (
            images
            if draws is None
            else _for_each(lambda pair: _cropped(*pair, self.shape), (images, draws), self.shape)
        )


class FileImages:
    """Images of encoded files, decoded when they are asked for; those that cannot be decoded are named and left out.

    Args:
        name: What the set is called in messages.
        entries: List of file names, or of encoded images.
        titles: List of what the entries are called in messages.
        read: Function from an entry's tensor to the encoded image.
        size, channels, value_range: As in `image_source`.

    Raises:
        ValueError: If none can be decoded.
    """

    augments = True

    def __init__(self, name, entries, titles, read, size=None, channels=None, value_range=(-1, 1)):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(lambda entry: _shape_of(read, entry), entries))
        bad = [title for title, shape in zip(titles, found, strict=True) if shape is None]
        shapes = [shape for shape in found if shape is not None]
        if not shapes:
            raise ValueError(
                f"`{name}` must hold images that can be read. Received: {len(bad)} files, of which none can"
            )
        if bad:
            named = ", ".join(bad[:_NAMED]) + (", ..." if len(bad) > _NAMED else "")
            warnings.warn(
                f"{len(bad)} of {len(found)} images of `{name}` cannot be read and are left out: {named}", stacklevel=4
            )
        if channels is None:
            channels = 1 if all(shape[-1] <= 2 for shape in shapes) else 3
        self.skipped, self.size = len(bad), len(shapes)
        self.titles = [title for title, shape in zip(titles, found, strict=True) if shape is not None]
        self.shape = (*(shapes[0][:2] if size is None else _sides(size)), channels)
        self.row_bytes = 4 * math.prod(self.shape)
        self._entries = tf.constant([entry for entry, shape in zip(entries, found, strict=True) if shape is not None])
        self._read, self._range = read, value_range

    def rows(self, indices, draws=None):
        """Images by their numbers, augmented where there are draws; arguments as in `ArrayImages.rows`."""
        entries = tf.gather(self._entries, indices)
        if draws is None:
            return _for_each(
                lambda entry: self._scaled(_resized(self._decoded(entry), self.shape)), entries, self.shape
            )
        return _for_each(
            lambda pair: self._scaled(_cropped(self._decoded(pair[0]), pair[1], self.shape)),
            (entries, draws),
            self.shape,
        )

    def _decoded(self, entry):
        image = tf.io.decode_image(self._read(entry), self.shape[-1], tf.float32, expand_animations=False)
        return tf.ensure_shape(image, (None, None, self.shape[-1]))  # in [0, 1]

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
    enlarged = (round(height * _ENLARGED), round(width * _ENLARGED))
    image = _resized(image, enlarged)
    top, left = (
        tf.cast(draw * (most + 1), "int32")
        for draw, most in ((draws[0], enlarged[0] - height), (draws[1], enlarged[1] - width))
    )
    image = image[top : top + height, left : left + width]
    return tf.ensure_shape(tf.where(draws[2] < 0.5, image[:, ::-1], image), shape)


def _sides(size):
    sides = (size, size) if np.ndim(size) == 0 else tuple(size)
    return tuple(checks.integer("size", side) for side in sides)


def _shape_of(read, entry):
    """The shape of an encoded image, or `None` if it cannot be decoded."""
    try:
        return tuple(tf.io.decode_image(read(entry), expand_animations=False).shape)
    except tf.errors.OpError:
        return None


def _encoded(set_name, split):
    """The encoded images of a prepared set."""
    import tensorflow_datasets as tfds

    builder = tfds_builder(set_name)
    checks.choice("split", split, list(builder.info.splits))
    decoders = {"image": tfds.decode.SkipDecoding()}
    return [example["image"].numpy() for example in builder.as_dataset(split=split, decoders=decoders)]
