"""What KerasTuner keeps of a search: written whole or not at all, and named if it is damaged."""

import contextlib
import errno
import json
import math
import os
import shutil
from pathlib import Path

import keras
import keras_tuner

from keras_gen.files import SEARCH, atomic_write

_PER_ARRAY, _ITEM = 16_384, 4  # bytes that HDF5 takes at most to describe an array, and for a number
PROJECT = "tuner"  # the folder of KerasTuner's files, in that of the search
_STATEFUL = next(base for base in keras_tuner.Oracle.__mro__ if "save" in vars(base) and base is not keras_tuner.Oracle)


@contextlib.contextmanager
def whole_files():
    """Let KerasTuner write each of its files atomically; an `OSError` ends the search.

    KerasTuner would record it as a failed trial.
    """
    save = _STATEFUL.save
    _STATEFUL.save = _save
    try:
        yield
    except keras_tuner.errors.FatalError as error:
        raise error.__cause__ if isinstance(error.__cause__, OSError) else error from None
    finally:
        _STATEFUL.save = save


@contextlib.contextmanager
def fatal_os_errors():
    """Raise an `OSError` as what KerasTuner lets pass: a `FatalError`."""
    try:
        yield
    except OSError as error:
        raise keras_tuner.errors.FatalError(str(error)) from error


class RequireRoom(keras.callbacks.Callback):
    """Raise an `OSError` at the end of an epoch if a disk is too full for the model's weights.

    HDF5, in which KerasTuner then saves them, does not only fail, but crashes the process when it ends.

    Args:
        folder: A folder of the disk, which exists.
    """

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def on_epoch_end(self, epoch, logs=None):
        arrays = [*self.model.weights, *self.model.optimizer.variables]
        needed = sum(_PER_ARRAY + math.prod(array.shape) * _ITEM for array in arrays)
        if shutil.disk_usage(self.folder).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder))


def _save(stateful, fname):
    text = json.dumps(stateful.get_state())
    with fatal_os_errors(), atomic_write(fname) as path:
        path.write_text(text)
    return text


def require_whole(folder):
    """Raise a `ValueError` that names the first file of a search that is damaged."""
    folder = Path(folder)
    for path in [folder / SEARCH, *sorted((folder / PROJECT).rglob("[!.]*.json"))]:  # no strays of a killed process
        try:
            json.loads(path.read_text())
        except FileNotFoundError:  # a search that has just begun
            continue
        except (ValueError, RecursionError) as error:
            raise damaged(path, error) from None


def damaged(path, error):
    """The `ValueError` about a damaged file of a search."""
    return ValueError(
        f"'{path}' is damaged: {error}. Expected: the file that the search wrote, or a new folder for another search; "
        f"the best model and the table of this one can be used as they are"
    )
