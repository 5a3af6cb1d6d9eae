"""Silence while TensorFlow is imported."""

import contextlib
import os
import sys


@contextlib.contextmanager
def quiet_start():
    """Discard what is written to file descriptor 2, standard error, meanwhile; Python's own exceptions pass.

    TensorFlow's C++ side writes some lines before it reads `TF_CPP_MIN_LOG_LEVEL`, which is set for all that follow.

    Example:

    >>> with quiet_start():
    ...     os.write(2, b"not seen") == 8
    True
    """
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
