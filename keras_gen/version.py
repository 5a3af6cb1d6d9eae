"""The version, in a file that can be read without importing Keras, and the versions of what it runs on."""

import importlib
import platform

__version__ = "0.1.0"


def versions():
    """The machine and the versions of Python and the packages in use, for reports: a dict of strings."""
    names = ("keras_gen", "keras", "tensorflow", "numpy")
    packages = {name: importlib.import_module(name).__version__ for name in names}
    return {"python": platform.python_version(), "machine": platform.machine(), **packages}
