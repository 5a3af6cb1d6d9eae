"""Files that hold images as arrays: .npz and .npy of numpy, and the four files of MNIST."""

import gzip
import zipfile
import zlib

import numpy as np
import psutil

from keras_gen.data.folders import suffixes

_IDX = ("train-images", "train-labels", "t10k-images", "t10k-labels")  # how the names of MNIST's files begin
_IDX_UINT8 = 8  # the type in a file's header


def read_array_file(path):
    """The parts of a file .npz or .npy: a list of pairs (images, labels or `None`), of one, or of training and test."""
    if path.suffix.lower() in suffixes():
        raise ValueError(
            "A set of images must hold many. Expected: the folder that holds the image and others. "
            f"Received: {str(path)!r}"
        )
    if path.suffix not in (".npz", ".npy") or not path.is_file():
        raise ValueError(f"A data file must be .npz or .npy. Received: {str(path)!r}")
    content = read_arrays(path)
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
    return splits


def read_arrays(path):
    """The array of a file .npy, or a dict of the arrays of a file .npz.

    Raises:
        ValueError: If the file is damaged, holds Python objects, or needs more memory than there is.
    """
    try:
        if path.suffix == ".npy":
            _require_memory(path.stat().st_size)
            return np.load(path, allow_pickle=False)
        with zipfile.ZipFile(path) as archive:  # in which 2 MB can stand for 2 GB
            _require_memory(sum(entry.file_size for entry in archive.infolist()))
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except (ValueError, OSError, EOFError, MemoryError, zlib.error, zipfile.BadZipFile) as error:
        why = "it holds Python objects, or is not such a file" if "pickle" in str(error) else error
        raise ValueError(f"{str(path)!r} cannot be read as {path.suffix}: {why}") from None


def map_array(path):
    """The array of a file .npy, which stays on disk."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{str(path)!r} cannot be read as {path.suffix}: {error}") from None


def _require_memory(size):
    available = psutil.virtual_memory().available
    if size > available:
        raise ValueError(
            f"its arrays do not fit into memory. Expected: at most {available / 2**30:.3g} GiB. "
            f"Received: {size / 2**30:.3g} GiB"
        )


def idx_files(folder):
    """The four files of MNIST in a folder, plain or compressed, in the order of `_IDX`; `None` where there are none."""
    names = [entry.name for entry in sorted(folder.iterdir()) if "ubyte" in entry.name]
    found = [next((folder / name for name in names if name.startswith(start)), None) for start in _IDX]
    if not any(found):
        return None
    if missing := [start for start, path in zip(_IDX, found, strict=True) if path is None]:
        raise ValueError(
            f"'{folder}' must hold the four files of MNIST. Expected: files that begin with {', '.join(_IDX)}. "
            f"Received: no {', no '.join(missing)}"
        )
    return found


def read_idx(path):
    """The uint8 array of an idx file, plain or compressed."""
    if not path.is_file():
        raise ValueError(f"'{path}' must be a file of MNIST. Received: something else")
    content = path.read_bytes()
    try:
        if content[:2] == b"\x1f\x8b":
            _require_memory(int.from_bytes(content[-4:], "little"))  # the length that a gzip file ends with
            content = gzip.decompress(content)
        zeros, kind, axes = int.from_bytes(content[:2], "big"), content[2], content[3]
        shape = np.frombuffer(content, ">i4", axes, offset=4).astype(int)
        if zeros or kind != _IDX_UINT8:
            raise ValueError("no header of an idx file of bytes")
        return np.frombuffer(content, "uint8", offset=4 + 4 * axes).reshape(shape)
    except (ValueError, OSError, EOFError, IndexError) as error:
        raise ValueError(f"'{path}' cannot be read as an idx file: {error}") from None
