"""One writer at a time for the folder of a run or a search."""

import contextlib
import os
import socket
from pathlib import Path

import filelock

from keras_gen.files import atomic_write, remove_strays, require_clock

_LOCK, _WRITER = ".lock", ".writer"


@contextlib.contextmanager
def sole_writer(folder):
    """Hold the folder of a run or a search, which is made if missing, and remove what killed writers have left in it.

    The operating system frees the lock when its process ends, however it ends. If nothing has been written and the
    folder was made here, it is removed again.

    Raises:
        ValueError: If another process holds the folder, a link stands where the lock is to be, or the clock is wrong.
    """
    require_clock()
    folder = Path(folder)
    if (folder / _LOCK).is_symlink():  # older versions of filelock would empty its target
        raise ValueError(f"'{folder / _LOCK}' is a link. Expected: a lock file, or none")
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise ValueError(
            f"'{folder}' is being written by {_read(folder / _WRITER)}. Expected: another folder, or the end of it"
        ) from None
    try:
        with atomic_write(folder / _WRITER) as path:
            path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")
        remove_strays(folder)
        yield
    finally:
        (folder / _WRITER).unlink(missing_ok=True)
        lock.release()
        if missing and [path.name for path in folder.iterdir()] in ([], [_LOCK]):
            (folder / _LOCK).unlink(missing_ok=True)
            for path in missing:
                path.rmdir()


def _read(path):
    try:
        return path.read_text().strip()
    except OSError:  # between the lock and the note, or after the end of the other
        return "another process"
