"""Where images come from: arrays in memory, files of a folder, or the files of a tensorflow-datasets set."""

import copy
import hashlib
import math
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen import checks
from keras_gen.data import folders
from keras_gen.data.deep_images import unit
from keras_gen.data.image_files import StoredImage, attempted, survey
from keras_gen.data.images import UnreadableImage, read_pixels, sides
from keras_gen.data.named_sets import tfds_builder
from keras_gen.data.sources import Source
from keras_gen.data_paths import nearest
from keras_gen.files import expanded
from keras_gen.lazy_arrays import LazyArray
from keras_gen.value_ranges import rescaled

_ENLARGEMENT = 286 / 256  # sides before the random crop, over those after it


def image_source(name, images, size=None, channels=None, value_range=(-1, 1)):
    """The `ArrayImages` or `FileImages` of one set of images, which messages call `name`.

    `images` is an array `(n, height, width, channels)`, whose values are kept as they are; a folder as in `data.load`,
    of whose parts the one for training is used; a file; or a tensorflow-datasets set and one of its splits, such as
    `"cycle_gan/monet2photo:trainA"`, which is kept encoded in memory. `size` and `channels` of files are as in
    `data.load`, and `value_range` is what black and white are mapped to. A `ValueError` says that no image can be read.
    """
    if isinstance(images, (str, Path)):
        path = expanded(images)
        if path.exists():
            name = f"`{name}`"
            if path.is_file():
                return FileImages(name, [str(path)], [str(path)], size, channels, value_range)
            found, *test = folders.parts(path)
            files = [str(file) for file, _ in found.files]
            others = {str(entry): reason for entry, reason in found.others.items()}
            others |= {str(part.folder): "the test part" for part in test}
            return FileImages(name, files, files, size, channels, value_range, others)
        set_name, _, split = str(images).partition(":")
        if not split or path.suffix or len(path.parts) > 3:
            raise ValueError(
                f"`{name}` must be an image or a folder of images that exists, an array, or a set and its split, such "
                f"as 'cycle_gan/monet2photo:trainA'.{nearest(path)} Received: {str(images)!r}, which does not exist"
            )
        encoded = _encoded(set_name, split)
        numbers = [f"{images}, image {number}" for number in range(len(encoded))]
        return FileImages(f"`{name}`", encoded, numbers, size, channels, value_range)
    source = ArrayImages(name, images)
    if size is not None and source.example_shape[:2] != sides(size):
        raise ValueError(
            f"`{name}` is an array, which is not resized. Expected: {sides(size)}. Received: {source.example_shape[:2]}"
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
        """Images by their numbers, float32, augmented if there are `draws` `(batch, 3)` from U[0, 1)."""
        images = super().rows(indices)
        if draws is None:
            return images
        least, most = (reduce(images, axis=(1, 2, 3), keepdims=True) for reduce in (tf.reduce_min, tf.reduce_max))
        larger = tf.image.resize(images, enlarged(self.example_shape), "bicubic", antialias=True)
        return cropped(tf.clip_by_value(larger, least, most), draws, self.example_shape)


class FileImages:
    """Images of encoded files, decoded on demand; those that cannot be decoded are named and left out.

    `entries` are as in `read_files`, `titles` what messages call the entries, and `others` a dict from other paths to
    why they are left out; `size`, `channels` and `value_range` are as in `image_source`. `numbers` are those
    of the entries that can be decoded.
    """

    augments, dtype, in_memory = True, tf.float32, False

    def __init__(self, name, entries, titles, size=None, channels=None, value_range=(-1, 1), others=None):
        self._range = checks.interval("value_range", value_range)
        self.numbers, self.sizes, shape = survey(name, entries, titles, others, size, channels)
        self._entries, self._half = [entries[number] for number in self.numbers], None
        self.display_names, self.size = [titles[number] for number in self.numbers], len(self.numbers)
        self._set_shape(shape)

    def _set_shape(self, shape):
        self.example_shape, self.row_bytes = shape, 4 * math.prod(shape)

    def extremes(self, ignore_nan=False):
        """The pair that black and white are mapped to, whatever the files show."""
        return self._range

    def resized(self, size):
        """The same images, resized to another `size`, as in `image_source`."""
        other = copy.copy(self)
        other._set_shape((*sides(size), self.example_shape[-1]))
        return other

    def half(self, side, shape):
        """The `"left"` or the `"right"` halves of the images, resized to a shape of (height, width, channels)."""
        other = copy.copy(self)
        other._half = side
        other._set_shape(shape)
        return other

    def chosen(self, numbers):
        """The same images in another order, by their numbers."""
        other = copy.copy(self)
        for name in ("_entries", "display_names", "numbers", "sizes"):
            setattr(other, name, [getattr(self, name)[number] for number in numbers])
        other.size = len(numbers)
        return other

    @property
    def fingerprint(self):
        """A short text that identifies the files by their names and lengths; folders may move."""
        lengths = map(_length, self._entries)
        entries = [f"{Path(name).name} {length}" for name, length in zip(self.display_names, lengths, strict=True)]
        return hashlib.sha256("\n".join(entries).encode()).hexdigest()[:16]

    def rows(self, indices, draws=None):
        """Images by their numbers, augmented if there are draws; arguments as in `ArrayImages.rows`."""
        shape = self.example_shape
        size = shape[:2] if draws is None else enlarged(shape)
        images = tf.numpy_function(lambda numbers: self._read(numbers, size), [indices], tf.float32)
        images = tf.ensure_shape(images, (None, *size, shape[-1]))
        return images if draws is None else cropped(images, draws, shape)

    def lazy(self):
        """The images as a `LazyArray`."""
        shape = (self.size, *self.example_shape)
        return LazyArray(lambda numbers: self._read(numbers, shape[1:3]), shape, self._range, self.fingerprint)

    def _read(self, numbers, size):
        entries = [self._entries[number] for number in numbers]
        found = list(attempted(lambda entry: read_pixels(entry, size, self.example_shape[-1], self._half), entries))
        if lost := [one for one in found if isinstance(one, UnreadableImage)]:
            raise lost[0]
        return rescaled(np.stack([unit(one) for one in found]), (0, 1), self._range)


def _length(entry):
    """The bytes of an encoded image."""
    if isinstance(entry, StoredImage):
        return entry.length
    return len(entry) if isinstance(entry, bytes) else os.stat(entry).st_size


def enlarged(shape):
    """The sides that images have before the random crop to a shape."""
    return tuple(round(side * _ENLARGEMENT) for side in shape[:2])


def cropped(images, draws, shape):
    """Random crops of a shape from larger images, mirrored in half of the cases, by draws `(batch, 3)` from U[0, 1)."""
    (height, width, _), (_, *larger, _) = shape, images.shape

    def crop(pair):
        image, draw = pair
        top, left = (
            tf.cast(draw[axis] * (most + 1), "int32")
            for axis, most in enumerate((larger[0] - height, larger[1] - width))
        )
        image = image[top : top + height, left : left + width]
        return tf.ensure_shape(tf.where(draw[2] < 0.5, image[:, ::-1], image), shape)

    return tf.map_fn(crop, (images, draws), fn_output_signature=tf.TensorSpec(shape, tf.float32))


def _encoded(set_name, split):
    """The encoded images of a prepared set."""
    import tensorflow_datasets as tfds

    builder = tfds_builder(set_name)
    checks.choice("split", split, list(builder.info.splits))
    decoders = {"image": tfds.decode.SkipDecoding()}
    return [example["image"].numpy() for example in builder.as_dataset(split=split, decoders=decoders)]
