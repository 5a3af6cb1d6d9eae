"""Images by name, by path or in arrays, as float32 arrays in a stated range, with labels if there are any."""

import functools
import typing
import warnings
from pathlib import Path

import numpy as np

from keras_gen import checks
from keras_gen.data import array_files, folders, named_sets, stored
from keras_gen.data.deep_images import WHITE_8
from keras_gen.data.image_files import read_files
from keras_gen.data.image_sources import FileImages
from keras_gen.data.images import opaque, wanted
from keras_gen.data.labels import encode_labels
from keras_gen.data.pixels import scaled, white_of
from keras_gen.data.record_files import holds_records
from keras_gen.data_paths import looks_like_path, nearest, no_data, require_data
from keras_gen.files import expanded
from keras_gen.lazy_arrays import LazyArray, taken
from keras_gen.reports import counted

_HELD_OUT = 5  # one example in this many, if a set has no test part


class Split(typing.NamedTuple):
    """One part of a data set.

    `x`, float32 `(n, height, width, channels)`, an array or a `LazyArray`; `y`, int64 `(n,)`, the numbers 0, 1, ... of
    the classes, or `None`; and `class_names`, a tuple of strings, or `None`.
    """

    x: np.ndarray | LazyArray
    y: np.ndarray | None
    class_names: tuple | None = None


def load(name, value_range=(0, 1), size=None, channels=None, in_memory=None):
    """Load the training and the test part of a set of images.

    Args:
        name: `"digits"` (scikit-learn's 1,797 scanned 8x8 digits, no download needed); a path; or else the name of a
            tensorflow-datasets image set, such as `"mnist"`, in upper or lower case, stored in `TFDS_DATA_DIR`. A path
            is a folder of images of any kind that `read_image` reads, or of one sub-folder per class, or with
            sub-folders `train` and `test` (or `val`) of either kind, or of MNIST's four files; or an `.npz` or `.npy`
            file, with `x_train`, `y_train`, `x_test`, `y_test`, or with `x` (or `images`) and `y` (or `labels`,
            `target`). An array of images, or the pair (images, labels), works too. A second or fourth channel of uint8
            arrays is transparency, and is blended with white as in files.
        value_range: The pair (lowest, highest) that black and white are mapped to. Defaults to (0, 1).
        size: Side, or the pair (height, width), to which images are centre-cropped and resized. Defaults to
            `None`: files of one size of at most 256 pixels, and arrays, keep it; other files become squares of 64
            pixels, or fewer if half of them are smaller, with a warning.
        channels: 1 for grey or 3 for colours. Defaults to `None`: 3 if any file stores colours, else 1; or the number
            of bands, which all files must have.
        in_memory: Whether the images of a folder, an `.npy` file or a set of tensorflow-datasets are read into memory;
            otherwise they are read from there, batch by batch, whenever they are needed. Defaults to `None`: if they
            need at most 1 GiB.

    Returns:
        The pair (train, test) of `Split(x, y, class_names)`. If a set has no test part, a fifth of its examples is held
        out: the first of a fixed permutation. Labels of any kind that `encode_labels` takes become 0, 1, ...; the names
        are the labels, the folders or those of tensorflow-datasets. The arrays are read-only: a named set is loaded
        once per process and shared.

    Raises:
        ConnectionError: If a set has to be downloaded and there is no network access.

    Example:

    >>> train, test = load("digits")
    >>> train.x.shape, test.x.shape, train.class_names[:3]
    ((1437, 8, 8, 1), (360, 8, 8, 1), ('0', '1', '2'))
    """
    shape = *checks.interval("value_range", value_range), *wanted(size, channels)
    if not isinstance(name, (str, Path)):
        arrays = name if isinstance(name, tuple) else (name, None)
        if len(arrays) != 2:
            raise ValueError(f"A set in memory must be images, or (images, labels). Received: {len(arrays)} arrays")
        return _finished("the arrays", [arrays], *shape)
    text, path = str(name), expanded(name)
    require_data(text)
    if text.lower() != named_sets.DIGITS and path.exists():
        return _read_path(path, *shape, in_memory)
    _require_known(text, path)
    *ends, size, channels = shape
    own = named_sets.image_shape(name := named_sets.normalized(text))
    if None not in own:  # the same images are kept once, whether or not their own shape is asked for
        size, channels = None if size == own[:2] else size, None if channels == own[2] else channels
    return _load_named(name, *ends, size, channels, in_memory)


def _require_known(text, path):
    """Raise a `ValueError` unless a text that is not a path is the name of a set."""
    if text.lower() == named_sets.DIGITS:
        return
    parts = path.parts
    if looks_like_path(text) or len(parts) > 3 or (len(parts) > 1 and not named_sets.is_known(parts[0])):
        raise no_data(text)
    if len(parts) == 1 and not named_sets.is_known(text):
        hint = nearest(path) or named_sets.nearest(text)
        raise ValueError(
            f"There is no file or folder {text!r}, and no data set of that name.{hint} Expected: an existing path, "
            f"'digits', or an image set of tensorflow-datasets such as 'mnist'. Received: {text!r}"
        )


def _stays(in_memory, sizes):
    """Whether images of so many values are not read into memory."""
    return stored.is_large(sizes) if in_memory is None else not in_memory


@functools.lru_cache(maxsize=2)
def _load_named(name, low, high, size, channels, in_memory):
    if name == named_sets.DIGITS:
        return _finished("'digits'", named_sets.read_digits(), low, high, size, channels)
    stays = _stays(in_memory, named_sets.expected_sizes(name, size, channels))
    splits, names = named_sets.stored_tfds(name) if stays else named_sets.read_tfds(name)
    if isinstance(splits[0][0], list):
        splits = [
            (images, [f"{name}, image {number}" for number in range(len(images))], labels) for images, labels in splits
        ]
        splits = _decoded(f"'{name}'", splits, {}, size, channels, (low, high) if stays else None)
        return _finished(f"'{name}'", splits, low, high, names=names, white=WHITE_8)
    return _finished(f"'{name}'", splits, low, high, size, channels, names)


def _read_path(path, low, high, size, channels, in_memory):
    name, stays = f"'{path}'", functools.partial(_stays, in_memory)
    if path.is_dir() and (files := array_files.idx_files(path)):
        images, labels, test_images, test_labels = map(array_files.read_idx, files)
        splits = [(images, labels), (test_images, test_labels)]
    elif path.is_dir() and holds_records(path):
        splits, names = stored.recorded(path, low, high, size, channels)
        if not stays(images.size for images, _ in splits):
            splits = [(np.asarray(images), labels) for images, labels in stored.recorded(path, 0, 1, size, channels)[0]]
        return _finished(name, splits, low, high, names=names)
    elif path.is_dir():
        parts = folders.parts(path)
        others = {str(entry): reason for part in parts for entry, reason in part.others.items()}
        files = [[file for file, _ in part.files] for part in parts]
        labels = [[label for _, label in part.files] if len(parts[0].classes) > 1 else None for part in parts]
        splits = [(part, list(map(str, part)), label) for part, label in zip(files, labels, strict=True)]
        ends = (low, high) if stays(stored.expected_size(part, size, channels) for part in files if part) else None
        return _finished(name, _decoded(name, splits, others, size, channels, ends), low, high, white=WHITE_8)
    elif path.suffix == ".npy" and stays([stored.mapped_size(path)]):
        return _finished(name, [(stored.mapped(name, path, low, high, size, channels), None)], low, high)
    else:
        splits = array_files.read_array_file(path)
    return _finished(name, splits, low, high, size, channels)


def _decoded(name, splits, others, size, channels, ends=None):
    """Parts of files, triples (entries, titles, labels or `None`), as pairs (images as in `read_files`, labels).

    With `ends`, a range of values, the images are `LazyArray`s in it.
    """
    entries, titles = ([one for split in splits for one in split[place]] for place in (0, 1))
    if ends is None:
        pixels, numbers = read_files(name, entries, titles, others, size, channels)
    else:
        source = FileImages(name, entries, titles, size, channels, ends, others)
        pixels, numbers = source.lazy(), source.numbers
    decoded, stops = [], np.cumsum([len(files) for files, *_ in splits])
    for (files, _, labels), end in zip(splits, stops, strict=True):
        first, last = np.searchsorted(numbers, (end - len(files), end))
        kept = np.array(numbers[first:last], int) - (end - len(files))
        decoded.append((taken(pixels, slice(first, last)), None if labels is None else np.asarray(labels)[kept]))
    return decoded


def _finished(name, splits, low, high, size=None, channels=None, names=None, white=None):
    """Number the classes, hold out a test part if there is none, scale, and protect the arrays."""
    images = [x if isinstance(x, LazyArray) else np.asarray(x) for x, _ in splits]
    images = [x[..., None] if x.ndim == 3 else x if isinstance(x, LazyArray) else opaque(x) for x in images]
    read = [x for x in images if not isinstance(x, LazyArray)]
    white = white or white_of(name, read)
    for x in read:
        if x.dtype.kind not in "iu" or not x.size:
            checks.array("images", x, value_range=(0, 1))
    labels, names = _classes(name, splits, names)
    rows = [slice(None)] * len(splits)
    if len(splits) == 1:
        rows, images, labels = _held_out(len(images[0]), labels[0]), images * 2, labels * 2
    elif names is not None and (unknown := labels[1] < 0).any():
        warnings.warn(
            f"Left out of {name}: {counted(unknown.sum(), 'test image')} of classes that no training image has",
            stacklevel=3,
        )
        rows[1] = ~unknown
    finished = []
    for x, y, part in zip(images, labels, rows, strict=True):
        is_scaled = isinstance(x, LazyArray)
        x = x.taken(part) if is_scaled else scaled(x, part, white, low, high, size, channels)
        split = Split(x, None if y is None else y[part], names)
        if len(split.x) == 0:
            raise ValueError("A data set must hold at least two images, one of them for testing. Received: fewer")
        for array in split[:2]:
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
        finished.append(split)
    return tuple(finished)


def _held_out(n, labels):
    """The numbers of the training examples and of the held-out ones, whose classes must all be in the training."""
    order = np.random.default_rng(0).permutation(n)
    held_out = -(-n // _HELD_OUT)
    training, test = order[held_out:], order[:held_out]
    if labels is None:
        return training, test
    known = np.isin(labels[test], labels[training])
    return np.concatenate([training, test[~known]]), test[known]


def _classes(name, splits, names):
    """The numbers of the classes of each part, and their names; `None` without usable labels."""
    given = [y for _, y in splits]
    for x, y in splits:
        if y is not None and len(y) != len(x):
            raise ValueError(f"{name} must have a label for each image. Expected: {len(x)}. Received: {len(y)}")
    if any(y is None for y in given):
        if any(y is not None for y in given):
            warnings.warn(f"The labels of {name} are left out, because one of its parts has none", stacklevel=5)
        return [None] * len(given), None
    try:
        *numbers, names = encode_labels(*given, names=names)
    except ValueError as error:
        warnings.warn(f"The labels of {name} are left out. {error}", stacklevel=5)
        return [None] * len(given), None
    if len(given) == 2 and (numbers[1] < 0).all():
        warnings.warn(f"The labels of {name} are left out, because no test image has a training class", stacklevel=5)
        return [None, None], None
    return numbers[: len(given)], names
