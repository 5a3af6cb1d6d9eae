"""A run's settings: what the command line said, kept beside the model."""

import dataclasses
import json
import platform
from pathlib import Path

from keras_gen.files import atomic_write

_FREE_ON_RESUME = ("epochs", "sample_every", "picture_every", "constant_epochs", "decay_epochs", "x", "y")
FILE = "settings.json"


@dataclasses.dataclass(frozen=True)
class Settings:
    """The arguments of `keras-gen train`: those of every run, and in `options` those of its model and training."""

    model: str
    data: str
    epochs: int
    batch_size: int
    binarization: str
    seed: int
    options: dict

    @property
    def arguments(self):
        """All of them in one dict."""
        shared = dataclasses.asdict(self)
        return {**shared.pop("options"), **shared}

    @property
    def names(self):
        """The names of all of them."""
        return set(self.arguments)

    def write(self, folder):
        """Write the settings and the versions that the run used to `<folder>/settings.json`."""
        import keras
        import numpy
        import tensorflow

        import keras_gen

        modules = (keras_gen, keras, tensorflow, numpy)
        versions = {"python": platform.python_version(), **{m.__name__: m.__version__ for m in modules}}
        with atomic_write(Path(folder) / FILE) as path:
            path.write_text(json.dumps({"arguments": self.arguments, "versions": versions}, indent=2) + "\n")

    @classmethod
    def read(cls, folder):
        """The settings in a run's folder.

        Raises:
            ValueError: If the folder holds none, or they cannot be read.
        """
        path = Path(folder) / FILE
        if not path.is_file():
            raise ValueError(f"No run in that folder. Expected: one that `keras-gen train` made. Received: '{folder}'")
        try:
            arguments = json.loads(path.read_text())["arguments"]
            own = {field.name for field in dataclasses.fields(cls)}
            options = {name: _hashable(value) for name, value in arguments.items() if name not in own}
            return cls(options=options, **{name: value for name, value in arguments.items() if name in own})
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    def continued(self, wanted, given):
        """These settings, with what may change in a run that goes on, if nothing else is to.

        That is the number of epochs, the schedule, the pictures, and where folders are: they may have been moved.

        Args:
            wanted: The `Settings` of the new call.
            given: Names of the options that were given by hand.

        Returns:
            The `Settings` to go on with.

        Raises:
            ValueError: If an option given by hand differs from the run's.
        """
        for name in sorted({*given, "model"} - set(_FREE_ON_RESUME)):
            old, new = self.arguments.get(name), wanted.arguments.get(name)
            if old != new:
                option = "model" if name == "model" else f"--{name.replace('_', '-')}"
                raise ValueError(f"A resumed run keeps its settings. Expected: {option} {old}. Received: {new}")
        free = {name: wanted.arguments[name] for name in _FREE_ON_RESUME if name in given}
        options = {name: free.get(name, value) for name, value in self.options.items()}
        return dataclasses.replace(self, epochs=free.get("epochs", self.epochs), options=options)


def _hashable(value):
    """What JSON made a list of was a tuple."""
    return tuple(value) if isinstance(value, list) else value
