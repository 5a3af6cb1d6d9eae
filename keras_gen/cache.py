"""A cache on disk: its folder, and names that identify what its files were computed from."""

import hashlib
import os
from pathlib import Path

import numpy as np


def folder(chosen=None):
    """The folder of data kept between runs, which may be deleted at any time.

    It is the `chosen` one, else the one in the environment variable `KERAS_GEN_CACHE`, else `~/.cache/keras_gen`.
    """
    return Path(chosen or os.environ.get("KERAS_GEN_CACHE") or "~/.cache/keras_gen").expanduser()


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
