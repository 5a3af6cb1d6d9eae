"""Sets of image files: which can be read, and the shape to which all are converted."""

import concurrent.futures
import io
import os
import typing
import warnings

from keras_gen.data.images import UnreadableImage, default_sides, image_facts, read_image, wanted

_NAMED = 5  # files that a message names
_SMALL = 8  # the size at which a file is decoded to find damage


class Survey(typing.NamedTuple):
    """What is known about a set of files before it is read.

    The `numbers` of the entries that can be read, their upright `sizes` (height, width), and the `shape` (height,
    width, channels) to which they are converted.
    """

    numbers: list
    sizes: list
    shape: tuple


def survey(name, entries, titles, left_out, size=None, channels=None, decode=False):
    """The `Survey` of files, which are paths or encoded images; messages call the set `name`.

    Args:
        name: What messages call the set.
        entries: List of paths or of encoded images.
        titles: What messages call each entry.
        left_out: Dict from titles to reasons, to which entries that cannot be read are added.
        size, channels: As in `read_image`. Defaults to `None`: as `images.default_sides` says, and colours if any file
            stores colours. A warning states the size if not all files have it.
        decode: Whether files are decoded to find damage, not only their headers read. Defaults to `False`.

    Raises:
        ValueError: If no file can be read.
    """
    size, channels = wanted(size, channels)

    def facts_of(entry):
        if decode:
            read_image(entry, _SMALL)
        return image_facts(entry)

    found = attempted(facts_of, entries)
    good = without_unreadable(name, found, titles, left_out)
    sizes = [(facts.height, facts.width) for _, facts in good]
    if size is None:
        size = default_sides(sizes)
        if set(sizes) != {size}:
            kinds = f"{len(set(sizes))} sizes, such as" if len(set(sizes)) > 1 else "one size,"
            warnings.warn(
                f"Images of {name} have {kinds} {sizes[0][1]}x{sizes[0][0]} (width x height). Each is cropped around "
                f"its centre and resized to {size[1]}x{size[0]}; `size` (--size) chooses another size",
                stacklevel=4,
            )
    channels = channels or max(facts.channels for _, facts in good)
    return Survey([number for number, _ in good], sizes, (*size, channels))


def attempted(function, entries):
    """A function's result for each entry, a path or a binary file, or the `UnreadableImage` that it raises."""

    def attempt(entry):
        try:
            return function(io.BytesIO(entry) if isinstance(entry, bytes) else entry)
        except UnreadableImage as error:
            return error

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes without holding the lock
        return list(pool.map(attempt, entries))


def without_unreadable(name, found, titles, left_out):
    """The pairs (number, result) of the successes of `attempted`; the reasons of failures are added to `left_out`."""
    bad = {title: one.reason for title, one in zip(titles, found, strict=True) if isinstance(one, UnreadableImage)}
    left_out |= bad
    good = [(number, one) for number, one in enumerate(found) if not isinstance(one, UnreadableImage)]
    if not good:
        raise ValueError(f"{name} must hold images that can be read. Received: {len(bad)} that cannot: {_named(bad)}")
    return good


def warn_left_out(name, total, left_out):
    """One warning that counts and names what is left out of a set of `total` files, a dict from titles to reasons."""
    if left_out:
        warnings.warn(f"{len(left_out)} of {total} files of {name} are left out: {_named(left_out)}", stacklevel=4)


def _named(left_out):
    listed = [f"{title} ({reason})" for title, reason in list(left_out.items())[:_NAMED]]
    return ", ".join(listed) + (", ..." if len(left_out) > _NAMED else "")
