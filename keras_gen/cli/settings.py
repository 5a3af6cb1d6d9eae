"""A run's settings: what the command line said, kept beside the model."""

import dataclasses
import json
import platform
from pathlib import Path

from keras_gen.files import written_beside

_FREE_ON_RESUME = ("epochs", "sample_every")
FILE = "settings.json"


@dataclasses.dataclass(frozen=True)
class Settings:
    """The arguments of `keras-gen train`, with the meaning and the defaults that its help gives."""

    model: str
    data: str
    epochs: int
    batch_size: int
    latent_dim: int
    reconstruction: str
    binarization: str
    beta: float
    importance_samples: int
    kl_warmup: int
    learning_rate: float
    width: float
    sample_every: int
    seed: int

    def write(self, folder):
        """Write the settings and the versions that the run used to `<folder>/settings.json`."""
        import keras
        import numpy
        import tensorflow

        import keras_gen

        modules = (keras_gen, keras, tensorflow, numpy)
        versions = {"python": platform.python_version(), **{m.__name__: m.__version__ for m in modules}}
        with written_beside(Path(folder) / FILE) as path:
            path.write_text(json.dumps({"arguments": dataclasses.asdict(self), "versions": versions}, indent=2) + "\n")

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
            return cls(**json.loads(path.read_text())["arguments"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    def continued(self, wanted, given):
        """These settings, with the number of epochs and the pictures that were asked for, if nothing else is to change.

        Args:
            wanted: The `Settings` of the new call.
            given: Names of the options that were given by hand.

        Returns:
            The `Settings` to go on with.

        Raises:
            ValueError: If an option given by hand differs from the run's.
        """
        for name in sorted({*given, "model"} - set(_FREE_ON_RESUME)):
            old, new = getattr(self, name, None), getattr(wanted, name, None)
            if old != new:
                option = "model" if name == "model" else f"--{name.replace('_', '-')}"
                raise ValueError(f"A resumed run keeps its settings. Expected: {option} {old}. Received: {new}")
        free = {name: getattr(wanted, name) for name in _FREE_ON_RESUME if name in given}
        return dataclasses.replace(self, **free)


def given_on_command_line(context):
    """Names of the settings that the user gave, not the defaults."""
    fields = {field.name for field in dataclasses.fields(Settings)}
    return {name for name in fields if context.get_parameter_source(name).name == "COMMANDLINE"}
