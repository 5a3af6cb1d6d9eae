"""Suppression of TensorFlow's start-up messages."""

import contextlib
import os
import sys

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextlib.contextmanager
def quiet_start(level="3"):
    """Discard what is written to file descriptor 2, standard error, while TensorFlow is imported; exceptions propagate.

    TensorFlow's C++ side writes some lines before it reads the environment variable `TF_CPP_MIN_LOG_LEVEL`, which is
    set to `level` for all that follow, unless the user has set it. If the user has set it to 0, or TensorFlow is
    imported already, nothing is discarded.

    Args:
        level: `"1"` for warnings and errors of TensorFlow's C++ side, `"2"` for errors, `"3"` for none of these.
            Defaults to `"3"`.

    Example:

    >>> with quiet_start("1"):
    ...     import keras
    """
    if os.environ.setdefault(LEVEL, level) == "0" or "tensorflow" in sys.modules:
        yield
        return
    kept = None
    with contextlib.suppress(AttributeError, OSError, ValueError):  # standard error is closed: nothing to discard
        sys.stderr.flush()
        kept = os.dup(2)
    if kept is None:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
