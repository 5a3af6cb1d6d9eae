"""Images by name or path, as float32 arrays in a stated range, with labels where there are any."""

import functools
import logging
import os
import typing
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import numpy as np

from keras_gen import checks

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_HELD_OUT = 5  # one example of so many, where a set comes without a test part


class Split(typing.NamedTuple):
    """One part of a data set: `x`, float32 `(n, height, width, channels)`, and `y`, integers `(n,)` or `None`."""

    x: np.ndarray
    y: np.ndarray | None


def load(name, value_range=(0, 1)):
    """Load the training and the test part of a set of images.

    Args:
        name: `"digits"` (scikit-learn's 1,797 scanned 8x8 digits, no network needed); a path; or else the name of a
            tensorflow-datasets image set, such as `"mnist"`, kept where `TFDS_DATA_DIR` says; a folder of images, or of
            one sub-folder a class, or with sub-folders `train` and `test` of either kind; or an `.npz` or `.npy` file,
            with `x_train`, `y_train`, `x_test`, `y_test`, or with `x` (or `images`) and `y` (or `labels`, `target`).
        value_range: The pair (lowest, highest) that black and white are mapped to. Defaults to (0, 1).

    Returns:
        The pair (train, test) of `Split(x, y)`. Where a set has no test part, a fifth of its examples, the first
        of a fixed permutation, is held out. The arrays are read-only: a named set is loaded once a process and shared.

    Raises:
        ConnectionError: If a set has to be downloaded and there is no network.

    Example:

    >>> train, test = load("digits")
    >>> train.x.shape, test.x.shape
    ((1437, 8, 8, 1), (360, 8, 8, 1))
    """
    low, high = checks.interval("value_range", value_range)
    path = Path(str(name)).expanduser()
    if name != "digits" and path.exists():
        return _finished(_read_path(path), low, high)
    if path.suffix in (".npz", ".npy") or len(path.parts) > 1 or str(name).endswith(os.sep):
        raise ValueError(f"No data at that path. Expected: a folder of images, .npz or .npy. Received: {str(name)!r}")
    return _load_named(str(name), low, high)


@functools.lru_cache(maxsize=2)
def _load_named(name, low, high):
    return _finished(_read_digits() if name == "digits" else _read_tfds(name), low, high)


def _finished(splits, low, high):
    """Scale, hold out a test part where there is none, and protect the arrays."""
    if len(splits) == 1:
        ((x, y),) = splits
        order = np.random.default_rng(0).permutation(len(x))
        held_out = -(-len(x) // _HELD_OUT)
        parts = order[held_out:], order[:held_out]
        splits = [(x[part], None if y is None else y[part]) for part in parts]
    if any(len(x) == 0 for x, _ in splits):
        raise ValueError("A data set must hold at least two images, one to test. Received: fewer")
    finished = []
    for x, y in splits:
        x = _as_unit_float(x)
        x = x if (low, high) == (0, 1) else x * np.float32(high - low) + np.float32(low)
        y = None if y is None else np.asarray(y)
        for array in (x, y):
            if array is not None:
                array.flags.writeable = False
        finished.append(Split(x, y))
    return tuple(finished)


def _as_unit_float(x):
    """Pixels of any integer type, or floats that already are in [0, 1], as float32 with a channel axis."""
    x = np.asarray(x)
    if x.ndim == 3:
        x = x[..., None]
    if x.dtype.kind in "iu" and x.size:
        if x.min() < 0 or x.max() > 255:
            raise ValueError(f"Integer pixels must be in 0..255. Received: {x.min()}..{x.max()}")
        return x.astype("float32") / np.float32(255 if x.max() > 1 else 1)  # 0 and 1 are a binarised set
    checks.array("images", x, value_range=(0, 1))
    return np.array(x, "float32")


def _read_digits():
    from sklearn.datasets import load_digits

    digits = load_digits()
    return [((digits.images / 16).astype("float32"), digits.target)]


def tfds_builder(name):
    """The `tfds.core.DatasetBuilder` of a set of images whose data are on this machine, downloaded if need be.

    A `ValueError` says that there is no such set of images, a `ConnectionError` that it cannot be downloaded.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
    from tensorflow_datasets.core.download.util import DownloadError

    known = tfds.list_builders(with_community_datasets=False)
    if name.split("/")[0] not in known:
        checks.choice("data set", name, ["digits", *known])
    builder = tfds.builder(name)
    if "image" not in builder.info.features:
        raise ValueError(
            f"Data set {name!r} must have images. Expected: a feature 'image'. Received: {list(builder.info.features)}"
        )
    if not builder.data_path.exists():
        _require_network(name, builder)
        try:
            builder.download_and_prepare()
        except (DownloadError, NonMatchingChecksumError) as error:
            raise ConnectionError(f"Data set {name!r} cannot be downloaded: {error}") from None
    return builder


def _read_tfds(name):
    builder = tfds_builder(name)
    features = builder.info.features
    if None in features["image"].shape:
        raise ValueError(f"All images must have one size. Received: {name!r} with images {features['image'].shape}")
    names = [part for part in ("train", "test") if part in builder.info.splits] or list(builder.info.splits)[:1]
    splits = []
    for part in names:
        dataset = builder.as_dataset(split=part, batch_size=-1)
        x, y = dataset["image"].numpy(), dataset["label"].numpy() if "label" in dataset else None
        splits.append((x, y))
    return splits


def _require_network(name, builder):
    """Raise within seconds where tfds would try for minutes: if a file is missing and its host cannot be reached."""
    from tensorflow_datasets.core.download import resource

    downloads = Path(builder.data_path).parents[1] / "downloads"
    downloads = downloads if downloads.exists() else Path(builder.data_path).parents[2] / "downloads"
    present = {path.name for path in downloads.rglob("*")} if downloads.exists() else set()
    for url, info in builder.url_infos.items():
        if resource.get_dl_fname(url, info.checksum) in present:
            continue
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=8).close()
        except urllib.error.HTTPError:
            return  # the host can be reached, even if it refuses a HEAD request
        except OSError as error:
            raise ConnectionError(
                f"Data set {name!r} is not on this machine and cannot be downloaded ({error}). Expected: a network, or "
                f"the prepared set in {builder.data_path}; TFDS_DATA_DIR says where sets are kept. Or use 'digits'."
            ) from None
        return


def _read_path(path):
    if path.is_dir():
        return _read_folder(path)
    if path.suffix not in (".npz", ".npy"):
        raise ValueError(f"A data file must be .npz or .npy. Received: {str(path)!r}")
    try:
        content = np.load(path, allow_pickle=False)
        if path.suffix == ".npz":
            content = {key: content[key] for key in content.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        why = "it holds Python objects, or is no such file" if "pickle" in str(error) else error
        raise ValueError(f"{str(path)!r} cannot be read as {path.suffix}: {why}") from None
    if path.suffix == ".npy":
        return [(content, None)]

    def part(images, labels):
        x = next((content[key] for key in images if key in content), None)
        return None if x is None else (x, next((content[key] for key in labels if key in content), None))

    whole = part(("x", "images"), ("y", "labels", "target"))
    splits = [part(("x_train",), ("y_train",)), part(("x_test",), ("y_test",))]
    splits = [split for split in splits if split is not None] or ([whole] if whole else [])
    if not splits:
        raise ValueError(
            f"{str(path)!r} must hold 'x_train' and 'x_test', 'x' or 'images'. Received: {sorted(content)}"
        )
    for x, y in splits:
        if y is not None and len(y) != len(x):
            raise ValueError(f"{str(path)!r} must have a label for each image. Expected: {len(x)}. Received: {len(y)}")
    return splits


def _read_folder(folder):
    """A folder, or its `train` and `test` parts; classes are numbered in the order of their names."""
    parts = [folder / part for part in ("train", "test")]
    files = [image_files(part) for part in (parts if all(part.is_dir() for part in parts) else [folder])]
    if not all(files):
        raise ValueError(f"{str(folder)!r} must hold images ({', '.join(IMAGE_SUFFIXES)}). Received: none")
    return _decode(files)


def image_files(folder):
    """Pairs (path, class name or `None`) of a folder of images, or of one sub-folder a class."""
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir())
    files = [(path, None) for path in sorted(folder.iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES]
    return files or [
        (path, sub.name) for sub in classes for path in sorted(sub.iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES
    ]


def other_files(folder):
    """What `image_files` leaves out, except hidden files: other suffixes, and folders next to images."""
    entries = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    taken = {path for path, _ in image_files(folder)}
    if taken and not any(path.parent == folder for path in taken):
        entries = [
            inner
            for entry in entries
            for inner in ([entry] if entry.is_file() else sorted(entry.iterdir()))
            if not inner.name.startswith(".")
        ]
    return [entry for entry in entries if entry not in taken]


def _decode(parts):
    import keras
    from PIL import Image, ImageOps

    first = parts[0][0][0]
    names = sorted({name for part in parts for _, name in part if name is not None})
    splits, size = [], None
    for part in parts:
        images = []
        for path, _ in part:
            try:
                image = ImageOps.exif_transpose(Image.open(path))  # upright, however the camera was held
                size = size or (image.size, image.mode in ("1", "L", "LA"))
                if image.mode.startswith("I"):
                    raise OSError(f"pixels of more than 8 bits, mode {image.mode}")
                images.append(keras.utils.img_to_array(image.convert("L" if size[1] else "RGB"), dtype="uint8"))
            except OSError as error:
                raise ValueError(f"{os.fspath(path)!r} cannot be read as an image: {error}") from None
            if image.size != size[0]:
                raise ValueError(
                    f"All images must have one size. Expected: {size[0]} (width, height) as in {first.name}. "
                    f"Received: {image.size} in {os.fspath(path)!r}"
                )
        labels = [names.index(name) for _, name in part] if names else None
        splits.append((np.stack(images), None if labels is None else np.array(labels)))
    return splits
