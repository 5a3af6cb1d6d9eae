"""Sets of image files: which can be read, and the shape to which all are converted."""

import concurrent.futures
import functools
import io
import os
import typing
import warnings

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from keras_gen import checks
from keras_gen.data.deep_images import unit
from keras_gen.data.images import UnreadableImage, default_sides, image_facts, read_pixels, wanted

_NAMED = 5  # files that a message names


class Survey(typing.NamedTuple):
    """What is known about a set of files that are read later.

    The `numbers` of the entries that can be read, their upright `sizes` (height, width), and the `shape` (height,
    width, channels) to which they are converted.
    """

    numbers: list
    sizes: list
    shape: tuple


class StoredImage(typing.NamedTuple):
    """An encoded image in a file of records: its `path`, and the `offset` and `length` of the record's content."""

    path: str
    offset: int
    length: int

    def read(self):
        """The encoded image, the feature `image` of a `tf.train.Example`."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            content = file.read(self.length)
        try:
            return tf.train.Example.FromString(content).features.feature["image"].bytes_list.value[0]
        except (DecodeError, IndexError) as error:
            reason = str(error) or type(error).__name__
            raise UnreadableImage(f"{self.path}, byte {self.offset}", reason) from None


def read_files(name, entries, titles, others=None, size=None, channels=None):
    """The pixels of image files, and the numbers of the entries that could be read.

    One warning counts the files that are left out and names them, those that cannot be read first.

    Args:
        name: What messages call the set.
        entries: List of paths, of encoded images or of `StoredImage`s.
        titles: What messages call each entry.
        others: Dict from titles of other files, which count as left out, to reasons. Defaults to `None`: none.
        size, channels: As in `read_image`. Defaults to `None`: as `images.default_sides` says, and colours if any file
            stores colours, or the bands of all. A warning states the size if it is not that of all files.

    Returns:
        The pair (array `(n, height, width, channels)`, list of n numbers). The array is uint8, or float32 in [0, 1] if
        a file has more than 8 bits a channel, or bands.

    Raises:
        ValueError: If no file can be read, or files have different bands.
    """
    damaged, (size, channels) = {}, wanted(size, channels)
    numbers = range(len(entries))
    if size is None or channels is None:
        function = functools.partial(image_facts, channels=channels)
        numbers, facts = _readable(name, function, entries, titles, damaged)
        size, channels = _shape(name, facts, [titles[number] for number in numbers], size, channels)
    pixels, kept = np.empty((len(numbers), *size, channels), "uint8"), []
    images = attempted(lambda entry: read_pixels(entry, size, channels), [entries[number] for number in numbers])
    for number, image in zip(numbers, images, strict=True):
        if isinstance(image, UnreadableImage):
            damaged[titles[number]] = image.reason
        else:
            pixels = unit(pixels) if image.dtype.kind == "f" else pixels
            pixels[len(kept)] = unit(image) if pixels.dtype.kind == "f" else image
            kept.append(number)
    _require_any(name, kept, damaged)
    _warn_left_out(name, len(entries), damaged, others)
    return pixels[: len(kept)], kept


def survey(name, entries, titles, others=None, size=None, channels=None):
    """The `Survey` of files, all of which are decoded once to find damage; arguments and errors as in `read_files`."""
    damaged, (size, channels) = {}, wanted(size, channels)
    function = functools.partial(image_facts, decode=True, channels=channels)
    numbers, facts = _readable(name, function, entries, titles, damaged)
    size, channels = _shape(name, facts, [titles[number] for number in numbers], size, channels)
    _warn_left_out(name, len(entries), damaged, others)
    return Survey(numbers, [one[:2] for one in facts], (*size, channels))


def attempted(function, entries):
    """Yield a function's result for each entry, as in `read_files`, or the `UnreadableImage` that it raises."""

    def attempt(entry):
        try:
            entry = entry.read() if isinstance(entry, StoredImage) else entry
            return function(io.BytesIO(entry) if isinstance(entry, bytes) else entry)
        except UnreadableImage as error:
            return error

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes without holding the lock
        yield from pool.map(attempt, entries)


def _readable(name, function, entries, titles, damaged):
    """The numbers of the entries that can be read and the results for them; reasons of others go to `damaged`."""
    found = list(attempted(function, entries))
    good = [number for number, one in enumerate(found) if not isinstance(one, UnreadableImage)]
    damaged |= {title: one.reason for title, one in zip(titles, found, strict=True) if isinstance(one, UnreadableImage)}
    _require_any(name, good, damaged)
    return good, [found[number] for number in good]


def _shape(name, facts, titles, size, channels):
    """The sides and the channels to which files of these `ImageFacts` and titles are converted."""
    if channels is None:
        channels = _common_channels(name, [one.channels for one in facts], titles)
    sizes = [one[:2] for one in facts]
    if size is None:
        size = default_sides(sizes)
        if set(sizes) != {size}:
            kinds = f"{len(set(sizes))} sizes, such as" if len(set(sizes)) > 1 else "one size,"
            warnings.warn(
                f"Images of {name} have {kinds} {sizes[0][1]}x{sizes[0][0]} (width x height). Each is centre-cropped "
                f"and resized to {size[1]}x{size[0]}; `size` (--size) chooses another size",
                stacklevel=5,
            )
    return size, channels


def _common_channels(name, channels, titles):
    """1 for grey files, 3 if any stores colours, or the number of bands, which all must have."""
    if set(channels) <= {1, 3}:
        return max(channels)
    for bands, title in zip(channels, titles, strict=True):
        if bands != channels[0]:
            raise ValueError(
                f"Images of {name} must have the same bands. Expected: {channels[0]}, as in {titles[0]}. "
                f"Received: {bands} in {title}"
            )
    return channels[0]


def _require_any(name, good, damaged):
    if not good:
        raise ValueError(
            f"{name} must hold images that can be read. Received: {len(damaged)} that cannot: {_named(damaged)}"
        )


def _warn_left_out(name, images, damaged, others):
    """One warning that counts and names the files left out: damaged ones of so many images, and then others."""
    others = others or {}
    if left_out := {**damaged, **others}:
        total = images + len(others)
        warnings.warn(f"{len(left_out)} of {total} files of {name} are left out: {_named(left_out)}", stacklevel=4)


def _named(left_out):
    return checks.listed(left_out.items(), _NAMED, show=lambda one: f"{one[0]} ({one[1]})")
