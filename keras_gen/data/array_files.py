"""Files that hold images as arrays: .npz and .npy of numpy, and the four files of MNIST."""

import gzip
import zipfile

import numpy as np

_IDX = ("train-images", "train-labels", "t10k-images", "t10k-labels")  # how the names of MNIST's files begin
_IDX_UINT8 = 8  # the type in a file's header


def read_array_file(path):
    """The parts of a file .npz or .npy: a list of pairs (images, labels or `None`), of one, or of training and test."""
    if path.suffix not in (".npz", ".npy"):
        raise ValueError(f"A data file must be .npz or .npy. Received: {str(path)!r}")
    try:
        content = np.load(path, allow_pickle=False)
        if path.suffix == ".npz":
            content = {key: content[key] for key in content.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        why = "it holds Python objects, or is not such a file" if "pickle" in str(error) else error
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
    return splits


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
    content = path.read_bytes()
    try:
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        zeros, kind, axes = int.from_bytes(content[:2], "big"), content[2], content[3]
        shape = np.frombuffer(content, ">i4", axes, offset=4).astype(int)
        if zeros or kind != _IDX_UINT8:
            raise ValueError("no header of an idx file of bytes")
        return np.frombuffer(content, "uint8", offset=4 + 4 * axes).reshape(shape)
    except (ValueError, OSError, EOFError, IndexError) as error:
        raise ValueError(f"'{path}' cannot be read as an idx file: {error}") from None
