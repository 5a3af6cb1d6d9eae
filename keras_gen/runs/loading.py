"""Opening the folder of a run, for its model or to train in it."""

import typing

import numpy as np

from keras_gen import callbacks, checks, data, presets
from keras_gen.files import SETTINGS, require_no_other_run
from keras_gen.runs.settings import Settings
from keras_gen.saving import load_model


class Run(typing.NamedTuple):
    """A run's `model` and the `Settings` that it was trained with."""

    model: object
    settings: Settings

    def data_name(self, name=None):
        """The given name of the data, or else the run's own."""
        if name or self.settings.data:
            return name or self.settings.data
        raise ValueError("The run was trained on arrays that have no name. Expected: --data. Received: none")

    @property
    def class_names(self):
        """The names of the classes of a model of labels, a tuple of strings; `()` of another model."""
        if not self.model.uses_labels:
            return ()
        return self.settings.class_names or tuple(map(str, range(self.model.num_classes)))

    def class_numbers(self, names):
        """The numbers of classes, a sequence of their names, as integers `(n,)`."""
        if not self.class_names:
            raise ValueError("--labels are for a conditional model. Received: a model without classes")
        if not names:
            raise ValueError(f"--labels must name classes. Expected: among {list(self.class_names)}. Received: none")
        for name in names:
            checks.choice("class", str(name), self.class_names)
        return np.array([self.class_names.index(str(name)) for name in names])

    def load_data(self, name=None):
        """The pair (train, test) of `data.Split` of the data of that name, by default the run's own.

        Images are converted to the model's size and channels, and classes are numbered as in the run.
        """
        shape = self.model.example_shape
        if len(shape) != 3 or None in shape:
            raise ValueError(f"The run's model must take images of one size. Received: examples of shape {shape}")
        splits = data.load(self.data_name(name), size=shape[:2], channels=shape[2])
        own, names = self.class_names, splits[0].class_names
        if not own or names in (None, own):
            return splits
        if unknown := sorted(set(names) - set(own)):
            if self.settings.class_names is None and len(names) == len(own):  # a run that kept no names
                return splits
            raise ValueError(f"The data have classes that the run lacks. Expected: {list(own)}. Received: {unknown}")
        numbers = np.array([own.index(name) for name in names])
        return tuple(
            split if split.y is None else split._replace(y=numbers[split.y], class_names=own) for split in splits
        )


def load_run(folder):
    """The model and the settings in the folder of a run, or of the best model of a search.

    Args:
        folder: A folder that `train`, `tuning.search` or the command line wrote.

    Returns:
        A `Run`, the pair (model, settings).

    Raises:
        ValueError: If the folder holds no run, or a damaged one.
    """
    settings = Settings.read(folder)
    return Run(model_of(folder, settings), settings)


def model_of(folder, settings):
    """The model in the folder of a run, of the kind that the settings name."""
    kind = presets.PRESETS[checks.choice("model", settings.model, presets.PRESETS)].model
    path = callbacks.RunFolder(folder).model_path
    if not path.exists():
        raise ValueError(f"The run has no model yet. Expected: one that has finished an epoch. Received: '{folder}'")
    model = load_model(path)
    if not isinstance(model, kind):
        raise ValueError(
            f"'{path}' is not the model of its run. Expected: a {kind.__name__}, as '{SETTINGS}' says. Received: a "
            f"{type(model).__name__}"
        )
    return model


def _require_run(folder, names):
    """Raise a `ValueError` unless files of these names are those of a run that stopped in its first epoch."""
    try:
        Settings.read(folder)
    except ValueError:
        raise ValueError(
            f"'{folder}' holds other files. Expected: a new or an empty folder for --out. "
            f"Received: {checks.listed(names, show=str)}"
        ) from None


def open_run(settings, folder, resume, given):
    """The `RunFolder` to train in, whether it holds a model to resume, and the `Settings` to continue with.

    A run that was stopped in its first epoch begins anew, also if it is resumed, but then with its own settings where
    the user states no others.
    """
    run_folder = callbacks.RunFolder(folder)
    exists = run_folder.model_path.exists()
    require_no_other_run(folder, resume)
    if not exists and (names := sorted(path.name for path in run_folder.folder.glob("[!.]*"))):
        _require_run(folder, names)
    began = exists or (resume and (run_folder.folder / SETTINGS).exists())
    return run_folder, exists, Settings.read(folder).continued(settings, given, exists) if began else settings
