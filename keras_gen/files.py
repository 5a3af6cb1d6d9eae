"""Files that are complete or not there: written under a temporary name, then renamed."""

import contextlib
import os
from pathlib import Path

SEARCH = "search.json"  # marks the folder of a search


@contextlib.contextmanager
def atomic_write(path):
    """Give a temporary path, of the same folder and suffix, to write to; it becomes `path` only if nothing was raised.

    The folder is made if missing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
