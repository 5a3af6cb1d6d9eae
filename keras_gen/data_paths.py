"""Checks of paths of data and images, before TensorFlow is imported."""

import os
from pathlib import Path

from keras_gen.files import expanded


def require_data(name):
    """Raise a `ValueError` if the name of data is empty, or can only be a path that does not exist."""
    if not name.strip():
        raise no_data(name)
    if looks_like_path(name) and not expanded(name).exists():
        raise no_data(name)


def looks_like_path(name):
    """Whether a name of data can only be a path; the name of a set may have parts, such as `"mnist/3.0.1"`."""
    is_file = Path(name).suffix in (".npz", ".npy")
    return is_file or name.endswith(os.sep) or name.startswith((".", "~", os.sep))


def no_data(name):
    """The error for a data path that does not exist."""
    return ValueError(
        f"No data at that path.{nearest(name)} Expected: an existing folder of images, .npz or .npy. Received: {name!r}"
    )


def nearest(path):
    """The question " Did you mean ...?" about a path that does not exist, or an empty text."""
    from keras_gen import checks  # imports numpy, which takes longer than `keras-gen --help`

    path = expanded(path)
    names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    near = checks.nearest(path.name, names)
    return f" Did you mean '{path.parent / near[0]}'?" if near else ""


def require_images(paths):
    """Raise a `ValueError` unless all paths are those of files."""
    for path in paths:
        if not expanded(path).is_file():
            raise ValueError(f"No image at that path. Expected: an image file. Received: '{path}'")
