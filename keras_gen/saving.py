"""Loading a saved model, with an error that says what is wrong with the file."""

import concurrent.futures
import json
import math
import re
import zipfile
import zlib
from pathlib import Path

import keras

from keras_gen.origins import names_only_libraries

_LARGEST_TEXT = 2**26  # bytes of a configuration, hundreds of times those of the largest models
_LARGEST_RATIO = 20  # of the length of an uncompressed part to that of its file, which may have been packed again
_UNSAVED = 10_000  # numbers of random states at most, which are not in Keras's weights


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Load a model saved by `model.save`, with its optimizers, random state and position in the data.

    Args:
        filepath: Path of a `.keras` file, or of a run's folder that holds `model.keras`.
        custom_objects, compile, safe_mode: As in `keras.saving.load_model`.

    Returns:
        The model.

    Raises:
        ValueError: If the file does not exist, is not a complete `.keras` file, would unpack to far more than Keras
            writes, holds fewer weights than its model needs, or contains code in safe mode.

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
    """Raise a `ValueError` if the model of a file has more weights than the file, before any of them takes memory."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        stored = sum(part.file_size for part in archive.infolist() if part.filename.startswith("model.weights."))
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ValueError(f"{str(path)!r} is damaged: its 'config.json' describes no model")

    if not names_only_libraries(config):  # a user's own code may need more than shapes
        return

    def needed():
        with keras.StatelessScope(initialize_variables=False):  # variables have a shape and no value
            model = keras.saving.deserialize_keras_object({**config, "compile_config": None}, safe_mode=safe_mode)
            return sum(math.prod(variable.shape) for variable in model.variables)

    # Keras notes variables without a value, to give them one later, for the thread that has made them
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        numbers = thread.submit(needed).result()
    if numbers > stored + _UNSAVED:
        raise ValueError(
            f"{str(path)!r} is damaged or hostile. Expected: the {numbers:,} weights of its model. Received: "
            f"{stored:,} bytes of weights"
        )
