"""Atomic writes, and checks of what the folders of runs and searches hold."""

import contextlib
import functools
import glob
import hashlib
import os
import re
import socket
import tempfile
import time
import uuid
from pathlib import Path

import psutil

PICTURES = (".jpeg", ".jpg", ".pdf", ".png", ".svg", ".tif", ".tiff", ".webp")  # that matplotlib writes
MODEL, SETTINGS = "model.keras", "settings.json"  # in the folder of a run
SEARCH = "search.json"  # marks the folder of a search
_TEMPORARY = ".unfinished-"  # in the names of files that are being written
TRIAL = f".model{_TEMPORARY}trial"  # of a file that only shows that a model can be saved
WORK = f".search{_TEMPORARY}work"  # in the folder of a search, what its workers are to do


def expanded(path):
    """The path with a home folder in place of its leading `~`; a `ValueError` if there is no such folder."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ValueError(
            f"'{path}' needs a home folder. Expected: a user who has one, or another path (of the cache by the "
            "environment variable KERAS_GEN_CACHE). Received: none"
        ) from None


@contextlib.contextmanager
def atomic_write(path):
    """Yield a temporary path of the same folder and suffix to write to; it becomes `path` only if nothing was raised.

    The folder is made if missing. The temporary file exists, empty: it was made under a random name, which nobody could
    have taken for a link to another file. What killed processes of this machine have left of such a file is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix, place = f".{path.stem}{_TEMPORARY}", f"@{_place_of_processes()}-"
    _remove_strays_of(path.parent, prefix, place)
    descriptor, name = tempfile.mkstemp(prefix=f"{prefix}{os.getpid()}{place}", suffix=path.suffix, dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(_usual_mode())  # until then it is its owner's alone
        os.replace(temporary, path)
    except OSError as error:
        if error.errno and error.filename is None:  # a write, such as one that fills the disk, does not know the file
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _remove_strays_of(folder, prefix, place):
    """Remove the temporary files of one file whose processes, of this place, have ended."""
    for stray in folder.glob(f"{glob.escape(prefix)}*{place}*"):
        process = stray.name.removeprefix(prefix).partition(place)[0]
        if re.fullmatch("[0-9]{1,9}", process) and not psutil.pid_exists(int(process)):
            with contextlib.suppress(OSError):
                stray.unlink()


@functools.cache
def _place_of_processes():
    """A short text for what numbers processes: a container, or a machine since it was started."""
    parts = [socket.gethostname(), str(uuid.getnode())]
    with contextlib.suppress(OSError):  # without them, as on other systems than Linux, the machine must do
        parts += [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:8]


def remove_strays(folder):
    """Remove what killed writers have left in a folder and those in it, to which nothing else may be writing."""
    for path in Path(folder).rglob(f".*{_TEMPORARY}*"):
        if path.is_file():
            path.unlink(missing_ok=True)


def _usual_mode():
    """The mode of new files, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def require_clock():
    """Raise a `ValueError` if the clock is wrong: a `.keras` file is a ZIP archive, which cannot hold every date."""
    year = time.localtime().tm_year
    if not 1980 <= year <= 2107:
        raise ValueError(f"The clock of this machine must be right for a .keras file. Received: the year {year}")


def require_run(folder):
    """Raise a `ValueError` unless a folder holds a run, or a search that has a best model."""
    folder = Path(folder)
    if (folder / SETTINGS).is_file():
        return
    if (folder / SEARCH).exists():
        raise ValueError(f"The search has no model yet. Expected: one with a finished trial. Received: '{folder}'")
    what = "A run is a folder, not a file" if folder.is_file() else "No run in that folder"
    raise ValueError(f"{what}. Expected: one that `keras-gen train` or `tune` made. Received: '{folder}'")


def require_model(path):
    """Raise a `ValueError` unless a path is a file, or a folder that holds a run."""
    if Path(path).is_dir():
        require_run(path)
    elif not Path(path).is_file():
        raise ValueError(
            f"No saved model at that path. Expected: a .keras file or the folder of a run. Received: '{path}'"
        )


def require_no_other_run(folder, resume):
    """Raise a `ValueError` if a folder holds a search, or a model that is not to be resumed."""
    require_folder("--out", folder)
    folder = Path(folder)
    if (folder / SEARCH).exists():
        raise ValueError(
            f"'{folder}' holds a search, which `keras-gen tune` continues. Expected: a new folder for --out"
        )
    if (folder / MODEL).exists() and not resume:
        raise ValueError(f"'{folder}' already holds a model. Expected: a new folder for --out, or --resume")


def require_file(option, path, kind, suffixes):
    """Raise a `ValueError` unless a file of that kind can be written to a path; it may replace an older one."""
    text, path = str(path), Path(path)
    is_folder = path.is_dir() or text.endswith(("/", os.sep))
    if path.suffix.lower() not in suffixes or is_folder or any(parent.is_file() for parent in path.parents):
        raise ValueError(
            f"{option} is not the name of a {kind}. Expected: one that ends in {', '.join(suffixes)}, and no folder. "
            f"Received: '{text}'"
        )
    folder = next(parent for parent in path.absolute().parents if parent.is_dir())
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ValueError(
            f"{option} cannot be written. Expected: a folder that may be written to. Received: '{text}', "
            f"{error.strerror} in '{folder}'"
        ) from None


def require_folder(option, path):
    """Raise a `ValueError` if a path is, or lies below, something else than a folder."""
    path = Path(path)
    if any(one.exists() and not one.is_dir() for one in (path, *path.parents)):
        raise ValueError(f"{option} is not the name of a folder. Expected: a new one, or a folder. Received: '{path}'")


def require_picture(option, path):
    """Raise a `ValueError` unless a picture can be written to a path; it may replace an older one."""
    require_file(option, path, "picture", PICTURES)
