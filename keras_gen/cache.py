"""What is computed once and kept: where it lies on the disk, and a name that says what it was computed from."""

import hashlib
import os
from pathlib import Path

import numpy as np


def folder(chosen=None):
    """The folder of what is kept between runs; it may be deleted at any time.

    Args:
        chosen: A folder, or `None` for the one that the environment variable `KERAS_GEN_CACHE` names, or else
            `~/.cache/keras_gen`. Defaults to `None`.

    Returns:
        A `Path`.

    Example:

    >>> folder("kept").name
    'kept'
    """
    return Path(chosen or os.environ.get("KERAS_GEN_CACHE") or "~/.cache/keras_gen").expanduser()


def fingerprint(*parts):
    """A name for the content of arrays and of settings: equal contents have equal names, also in another process.

    Args:
        *parts: Arrays, and anything whose `repr` tells what it is.

    Returns:
        A string of 32 hexadecimal digits.

    Example:

    >>> fingerprint(np.zeros(3), 0) == fingerprint(np.zeros(3), 0)
    True
    >>> fingerprint(np.zeros(3), 0) == fingerprint(np.zeros((3, 1)), 0)
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(repr((part.dtype.str, part.shape)).encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:32]
