"""Loading a saved model, with an error that says what is wrong with the file."""

import concurrent.futures
import contextlib
import json
import math
import re
import zipfile
import zlib
from pathlib import Path

import keras
from keras.src.backend.common import global_state

_LARGEST_TEXT = 2**26  # bytes of a configuration, hundreds of times those of the largest models
_LARGEST_RATIO = 20  # of the length of an uncompressed part to that of its file, which may have been packed again
_UNSAVED = 10_000_000  # numbers that a file need not hold, such as the states of random and recurrent layers


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Load a model saved by `model.save`, with its optimizers, random state and position in the data.

    Args:
        filepath: Path of a `.keras` file, or of a run's folder that holds `model.keras`.
        custom_objects, compile, safe_mode: As in `keras.saving.load_model`.

    Returns:
        The model.

    Raises:
        ValueError: If the file does not exist, is not a complete `.keras` file, would unpack to far more than Keras
            writes, holds far fewer weights than its model has, or contains code in safe mode.

    Example:

    >>> import os, tempfile, numpy as np, keras_gen
    >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
    >>> keras_gen.presets.build("vae", (8, 8, 1), width=0.1).save(path)
    >>> load_model(path).sample(2).shape
    (2, 8, 8, 1)
    """
    path = Path(filepath)
    path = path / "model.keras" if path.is_dir() else path
    if not path.is_file():
        raise ValueError(f"No saved model at that path. Expected: a .keras file. Received: {str(filepath)!r}")
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"The file is cut short or is not a saved model. Expected: a complete .keras file. "
            f"Received: {str(filepath)!r}, {path.stat().st_size} bytes"
        )
    try:
        _require_usual_sizes(path)
        _require_weights(path, safe_mode)
        return keras.saving.load_model(path, custom_objects=custom_objects, compile=compile, safe_mode=safe_mode)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        OSError,
        RecursionError,
        MemoryError,
        json.JSONDecodeError,
    ) as error:
        raise ValueError(f"{str(filepath)!r} is damaged and cannot be loaded: {error}") from None
    except TypeError as error:
        missing = re.search(r"Could not locate (\w+) '([^']+)'", str(error))
        if missing:
            kind, name = missing.groups()
            raise ValueError(
                f"{str(filepath)!r} needs the {kind} {name!r}, which is not registered. Expected: an import of the "
                f"module that registers it, or custom_objects={{{name!r}: ...}}"
            ) from None
        reason = "cannot be rebuilt from its configuration; does its `get_config` hold all arguments?"
        raise ValueError(f"{str(filepath)!r} {reason} {error}") from None


def _require_usual_sizes(path):
    """Raise a `ValueError` unless the parts of a file are as large as Keras makes them: it stores them uncompressed."""
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            packed = 0 if part.filename.endswith(".json") else _LARGEST_RATIO * path.stat().st_size
            if part.file_size > (allowed := max(packed, _LARGEST_TEXT)):
                raise ValueError(
                    f"{str(path)!r} is damaged or hostile. Expected: a '{part.filename}' of at most "
                    f"{allowed / 2**20:,.0f} MiB. Received: {part.file_size / 2**20:,.0f} MiB"
                )


def _require_weights(path, safe_mode):
    """Raise a `ValueError` if the model of a file has far more weights than the file, before they take any memory."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        stored = sum(part.file_size for part in archive.infolist() if part.filename.startswith("model.weights."))
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ValueError(f"{str(path)!r} is damaged: its 'config.json' describes no model")
    if not _names_only_libraries(config):  # a user's own code may need more than shapes
        return

    def needed():
        # Variables get a shape and no value; Keras notes them for the thread, to give them one later
        with contextlib.suppress(Exception), keras.StatelessScope(initialize_variables=False):
            keras.saving.deserialize_keras_object({**config, "compile_config": None}, safe_mode=safe_mode)
        noted = global_state.get_global_attribute("uninitialized_variables", [])
        return sum(math.prod(variable.shape) for variable in noted)

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        numbers = thread.submit(needed).result()
    if numbers > _LARGEST_RATIO * stored + _UNSAVED:
        raise ValueError(
            f"{str(path)!r} is damaged or hostile. Expected: the {numbers:,} weights of its model. Received: "
            f"{stored:,} bytes of weights"
        )


def _names_only_libraries(config):
    """Whether all classes and functions that a configuration names are Keras's and this library's."""
    if isinstance(config, (list, tuple)):
        return all(map(_names_only_libraries, config))
    if not isinstance(config, dict):
        return True
    if config.get("class_name") in ("function", "__lambda__"):
        return any(str(config.get(key)).startswith("keras_gen>") for key in ("registered_name", "config"))
    known = str(config.get("module", "keras")).split(".")[0] in ("builtins", "keras", "keras_gen")
    return known and all(map(_names_only_libraries, config.values()))
