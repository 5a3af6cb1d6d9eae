"""Files that are complete or not there: written under a temporary name, then renamed."""

import contextlib
import os
from pathlib import Path

SEARCH = "search.json"  # what marks a folder as that of a search


@contextlib.contextmanager
def atomic_write(path):
    """Give a temporary path to write to; the file takes the place of `path` only if nothing was raised.

    Args:
        path: Where the file is to be; its folder is made if missing.

    Yields:
        A path in the same folder with the same suffix.

    Example:

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_write(target) as temporary:
    ...     size = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
