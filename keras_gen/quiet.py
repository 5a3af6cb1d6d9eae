"""Silence while TensorFlow is imported."""

import contextlib
import os
import sys


@contextlib.contextmanager
def quiet_start(active=True):
    """Drop what is written to the error stream's file meanwhile; Python's own exceptions pass.

    TensorFlow's C++ side writes some lines before it reads `TF_CPP_MIN_LOG_LEVEL`, which is set for all that follow.

    Args:
        active: Whether to be silent at all. Defaults to `True`.

    Example:

    >>> with quiet_start(active=False):
    ...     print("heard")
    heard
    """
    if not active:
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
