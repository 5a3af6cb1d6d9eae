"""A run's settings: what its model was trained with."""

import dataclasses
import json
from pathlib import Path

from keras_gen.files import SETTINGS, atomic_write, expanded, require_run
from keras_gen.texts import has_controls
from keras_gen.version import versions

_FREE_ON_RESUME = (
    "epochs", "minutes", "tensorboard", "doctor", "sample_every", "picture_every", "constant_epochs", "decay_epochs",
    "x", "y",
)  # fmt: skip


def absolute(place):
    """The absolute path of data, so that a run is at home in every folder; the name of a set, or `None`, as it is."""
    path = expanded(place or "")
    return str(path.resolve()) if place and place != "digits" and path.exists() else place


@dataclasses.dataclass(frozen=True)
class Settings:
    """The arguments of a run.

    Args:
        model: Name of a preset.
        data: What `data.load` takes, `"pairs"` for the sets `x` and `y` among the options, or `None` for arrays that
            have no name. Defaults to `"digits"`.
        epochs: Total number of epochs, also of a resumed run. Defaults to 50.
        batch_size: Examples per update. Defaults to 100.
        binarization: `"none"`, `"static"` or `"dynamic"`, as in `data.Pipeline`. Defaults to `"none"`.
        seed: Seed of weights, order and noise, an integer >= 0. Defaults to 0.
        precision: Keras's dtype policy, `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`; or `"auto"`, for which
            `train` notes `"mixed_bfloat16"` if the networks have convolutions and the GPUs, or the processor without
            one, have units for it, and else `"float32"`. Defaults to `"float32"`.
        options: Dict of the arguments of the preset and of its training. Defaults to those arguments' own defaults.
        class_names, images, contents: What `train` notes of the data, tuples: the names of the classes of a model of
            labels, and the numbers of images and the fingerprints of the training and the test part, or of the two sets
            of a model that translates. Default to `None`.
        replicas: The number of devices that `train` used last, which share each batch. Defaults to 1.

    Example:

    >>> Settings("vae", epochs=5, options={"latent_dim": 3}).arguments["latent_dim"]
    3
    """

    model: str
    data: str | None = "digits"
    epochs: int = 50
    batch_size: int = 100
    binarization: str = "none"
    seed: int = 0
    precision: str = "float32"
    options: dict = dataclasses.field(default_factory=dict)
    class_names: tuple | None = None
    images: tuple | None = None
    contents: tuple | None = None
    replicas: int = 1

    @property
    def arguments(self):
        """All of them in one dict."""
        shared = dataclasses.asdict(self)
        return {**shared.pop("options"), **shared}

    def with_options(self, **options):
        """These settings with some options changed."""
        return dataclasses.replace(self, options={**self.options, **options})

    def write(self, folder):
        """Write the settings, and the versions of the packages in use, to `<folder>/settings.json`."""
        with atomic_write(Path(folder) / SETTINGS) as path:
            path.write_text(json.dumps({"arguments": self.arguments, "versions": versions()}, indent=2) + "\n")

    @classmethod
    def read(cls, folder):
        """The settings in a run's folder.

        Raises:
            ValueError: If the folder holds none, or they cannot be read.
        """
        require_run(folder)
        path = Path(folder) / SETTINGS
        try:
            document = json.loads(path.read_text())
            arguments = document.get("arguments") if isinstance(document, dict) else None
            if not isinstance(arguments, dict) or not isinstance(arguments.get("model"), str):
                raise ValueError("it holds no 'arguments' with the name of a model")
            if any(map(has_controls, _strings(arguments))):
                raise ValueError("it holds control characters")
            own = {field.name for field in dataclasses.fields(cls)} - {"options"}
            arguments = {  # JSON makes lists of tuples
                name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()
            }
            options = {name: value for name, value in arguments.items() if name not in own}
            return cls(options=options, **{name: value for name, value in arguments.items() if name in own})
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"'{path}' is damaged: {error}. Expected: the file that the run wrote, or a new folder"
            ) from None

    def continued(self, wanted, given, begun=True):
        """The settings of a run resumed with the `wanted` settings, of which the user stated those named in `given`.

        The number of epochs, the schedule, the pictures and the places of folders may change: folders may have moved.
        All may, but for the model, if the run has not `begun`, that is, finished an epoch. The minutes hold for one
        call only. A `ValueError` is raised if another stated argument differs from the run's.
        """
        free = _FREE_ON_RESUME if begun else set(wanted.arguments) - {"model"}
        for name in sorted({*given, "model"} - set(free)):
            old, new = self.arguments.get(name), wanted.arguments.get(name)
            if (name, new) == ("precision", "auto"):  # has been chosen
                continue
            if old != new and (name != "data" or absolute(old) != absolute(new)):
                option = "model" if name == "model" else f"--{name.replace('_', '-')}"
                raise ValueError(f"A resumed run keeps its settings. Expected: {option} {old}. Received: {new}")
        changed = {"minutes": None, **{name: wanted.arguments[name] for name in free if name in given}}
        options = {name: changed.pop(name, value) for name, value in self.options.items()}
        own = {field.name for field in dataclasses.fields(self)}
        return dataclasses.replace(self, options=options, **{n: v for n, v in changed.items() if n in own})


def _strings(value):
    """All strings in what a JSON file holds."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return [value] if isinstance(value, str) else []
