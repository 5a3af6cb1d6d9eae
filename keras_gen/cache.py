"""A cache on disk: its folder, and names that identify what its files were computed from."""

import hashlib
import os
import warnings

import numpy as np

from keras_gen.files import atomic_write, expanded, require_file


def folder(chosen=None):
    """The folder of data kept between runs, which may be deleted at any time.

    It is the `chosen` one, else the one in the environment variable `KERAS_GEN_CACHE`, else `~/.cache/keras_gen`.
    """
    return expanded(chosen or os.environ.get("KERAS_GEN_CACHE") or "~/.cache/keras_gen")


def fingerprint(*parts):
    """32 hexadecimal digits that are equal for equal arrays and for anything of equal `repr`, in every process."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(repr((part.dtype.str, part.shape)).encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:32]


def kept(path, compute, write, read):
    """A result that is kept in a file: read from there, or computed and written if the file is missing or damaged.

    A second file holds the checksum of the first.

    Args:
        path: Where the result is kept.
        compute: Function of no arguments that gives the result.
        write: Function of a path and the result.
        read: Function of a path that gives the result.

    Returns:
        What `read` gives.

    Raises:
        ValueError: If the file cannot be written; nothing is computed then.

    Example:

    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp()) / "four.txt"
    >>> [kept(path, lambda: "4", Path.write_text, Path.read_text) for _ in range(2)]
    ['4', '4']
    """
    note = path.with_name(f"{path.name}.sha256")
    if path.exists() and note.exists():  # without the second file, an older version has written the first
        if path.is_file() and note.read_text() == _checksum(path):
            return read(path)
        warnings.warn(f"'{path}' is not what was written there; it is computed anew", stacklevel=3)
    require_file("The cache", path, f"file {path.suffix}", [path.suffix])
    result = compute()
    with atomic_write(path) as temporary:
        write(temporary, result)
        checksum = _checksum(temporary)
    with atomic_write(note) as temporary:
        temporary.write_text(checksum)
    return read(path)


def _checksum(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
