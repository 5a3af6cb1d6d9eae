"""The files of a set of records: TFRecords, and an index by which their images are read in any order."""

import io
import json
import re
import typing
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_gen import checks
from keras_gen.data.deep_images import WHITE_8, unit
from keras_gen.data.image_files import StoredImage, attempted
from keras_gen.data.images import UnreadableImage, read_image
from keras_gen.files import atomic_write

INDEX, PLACES = "records.json", "places.npz"  # what the folder holds, and where in the shards each image is
PARTS = ("train", "test")
_VERSION = 1
BEFORE, AFTER = 12, 4  # bytes of a TFRecord before its content, the length and its checksum, and after it
_ARRAY = b"\x93NUMPY"  # how an image that is no PNG begins
_SHARD = re.compile(r"(train|test)-\d{5}-of-\d{5}\.tfrecord")
_AGAIN = "`keras-gen records` or `data.write_records` writes the set again, into a new folder."
_BLOCK = 64  # images that are in memory at a time


class RecordPart(typing.NamedTuple):
    """A part of a set: a function `read` from row numbers to images in [0, 1], their number, and labels or `None`."""

    read: object
    size: int
    labels: np.ndarray | None


def is_shard(name):
    """Whether a file has the name of a shard."""
    return _SHARD.fullmatch(name) is not None


def holds_records(folder):
    """Whether a folder holds a set of records, or what an interrupted writing has left of one."""
    return (folder / INDEX).is_file() or any(is_shard(entry.name) for entry in folder.iterdir())


def write_part(name, images, labels, folder, shards):
    """Write the images, float32 `(n, height, width, channels)` in [0, 1], of a part; return what its index holds.

    The result is the pair (list of shards as dicts, dict of arrays with a row for each image).
    """
    numbers = np.array_split(np.arange(len(images)), min(shards, len(images)))
    written, places = [], []
    for number, rows in enumerate(numbers):
        path, offset = folder / f"{name}-{number:05d}-of-{len(numbers):05d}.tfrecord", 0
        with tf.io.TFRecordWriter(str(path)) as writer:
            for block in np.array_split(rows, -(-len(rows) // _BLOCK)):
                for row, image in zip(block, images[block], strict=True):
                    content = _example(image, None if labels is None else labels[row]).SerializeToString()
                    writer.write(content)
                    places.append((number, offset + BEFORE, len(content)))
                    offset += BEFORE + len(content) + AFTER
        written.append({"file": path.name, "bytes": path.stat().st_size, "images": len(rows)})
    arrays = {f"{name}_places": np.array(places, "int64")}
    return written, arrays if labels is None else {**arrays, f"{name}_labels": np.asarray(labels, "int64")}


def write_index(folder, parts, places, shape, class_names):
    """Write the index of a set, without which the folder holds none, after its shards."""
    with atomic_write(folder / PLACES) as path:
        np.savez(path, **places)
    content = {"version": _VERSION, "shape": shape, "class_names": class_names, "parts": parts}
    with atomic_write(folder / INDEX) as path:
        path.write_text(json.dumps(content, indent=1) + "\n")


def read_index(folder):
    """The `RecordPart`s of a folder for training and for testing, the names of the classes, and a text of its content.

    Raises:
        ValueError: If the index is damaged, or a shard is missing or has another length than when it was written.
    """
    folder = Path(folder)
    try:
        index = json.loads((folder / INDEX).read_text())
        if index["version"] != _VERSION:
            raise ValueError(f"version {index['version']}, where {_VERSION} is known")
        shape, names, parts = tuple(index["shape"]), index["class_names"], index["parts"]
        with np.load(folder / PLACES, allow_pickle=False) as arrays:
            places = {name: arrays[name] for name in arrays.files}
        shards = {name: [(folder / one["file"], one["bytes"], one["images"]) for one in parts[name]] for name in PARTS}
        for name in PARTS:
            if len(places[f"{name}_places"]) != sum(images for *_, images in shards[name]):
                raise ValueError(f"'{PLACES}' has other images than '{INDEX}'")
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"'{folder}' is not a whole set of records: {error}. {_AGAIN}") from None
    _require_whole(folder, [shard for name in PARTS for shard in shards[name]])
    found = []
    for name in PARTS:
        rows, paths = places[f"{name}_places"], [path for path, *_ in shards[name]]
        found.append(RecordPart(_reader(paths, rows, shape), len(rows), places.get(f"{name}_labels")))
    content = " ".join(f"{path.name} {size}" for name in PARTS for path, size, _ in shards[name])
    return found, None if names is None else tuple(names), content


def _require_whole(folder, shards):
    missing = [path.name for path, *_ in shards if not path.is_file()]
    if missing:
        raise ValueError(
            f"'{folder}' must hold all of its shards. Expected: {len(shards)}, as '{INDEX}' lists them. "
            f"Received: {len(shards) - len(missing)}, without {checks.listed(missing, show=str)}. {_AGAIN}"
        )
    for path, size, _ in shards:
        if path.stat().st_size != size:
            raise ValueError(
                f"'{path}' is not what was written. Expected: {size:,} bytes. Received: {path.stat().st_size:,}. "
                f"{_AGAIN}"
            )


def _reader(paths, places, shape):
    def image(place):
        shard, offset, length = place
        content = StoredImage(paths[shard], offset, length).read()
        try:
            if content.startswith(_ARRAY):
                return np.load(io.BytesIO(content), allow_pickle=False).reshape(shape)
            return unit(read_image(io.BytesIO(content), channels=shape[-1])).reshape(shape)
        except (ValueError, EOFError) as error:
            reason = getattr(error, "reason", str(error)) or type(error).__name__
            raise UnreadableImage(f"{paths[shard]}, byte {offset}", reason) from None

    def read(rows):
        found = list(attempted(image, map(tuple, places[rows])))
        if lost := [one for one in found if isinstance(one, UnreadableImage)]:
            raise ValueError(f"{lost[0]}. {_AGAIN}")
        return np.stack(found)

    return read


def _example(image, label):
    """An image in [0, 1] and its label as a record: a PNG file, or numpy's if its values are not those of 8 bits."""
    pixels = np.round(image * WHITE_8)
    file = io.BytesIO()
    if np.array_equal((pixels / WHITE_8).astype("float32"), image) and image.shape[-1] in (1, 3):
        Image.fromarray(
            np.squeeze(pixels.astype("uint8"), -1) if image.shape[-1] == 1 else pixels.astype("uint8")
        ).save(file, "PNG")
    else:
        np.save(file, image)
    features = {"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[file.getvalue()]))}
    if label is not None:
        features["label"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[int(label)]))
    return tf.train.Example(features=tf.train.Features(feature=features))
