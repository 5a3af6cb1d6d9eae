"""Opening the folder of a run, for its model or to train on."""

import typing

from keras_gen import callbacks
from keras_gen.files import SEARCH
from keras_gen.runs.settings import Settings
from keras_gen.saving import load_model
from keras_gen.training.tasks import require_task


class Run(typing.NamedTuple):
    """A run's `model` and the `Settings` that it was trained with."""

    model: object
    settings: Settings

    def require(self, task, user):
        """Raise a `ValueError` unless the model has declared a task, which `user` needs."""
        require_task(user, self.model, task)

    def data_name(self, name=None):
        """The name of the data: that given, or else the run's own."""
        if name or self.settings.data:
            return name or self.settings.data
        raise ValueError("The run was trained on arrays that have no name. Expected: --data. Received: none")


def load_run(folder):
    """The model and the settings in the folder of a run, or of a search, whose best model it is.

    Args:
        folder: A folder that `train`, `tuning.search` or the command line wrote.

    Returns:
        A `Run`, the pair (model, settings).

    Raises:
        ValueError: If the folder holds no run, or a damaged one.

    Example:

    >>> import tempfile
    >>> from keras_gen import presets
    >>> folder = tempfile.mkdtemp()
    >>> presets.build("vae", (8, 8, 1), width=0.1).save(f"{folder}/model.keras")
    >>> Settings("vae").write(folder)
    >>> model, settings = load_run(folder)
    >>> model.latent_dim, settings.data
    (2, 'digits')
    """
    settings = Settings.read(folder)
    return Run(load_model(callbacks.RunFolder(folder).model_path), settings)


def open_run(settings, folder, resume, given):
    """The folder to train in, and the settings to go on with.

    Args:
        settings: The `Settings` of this call.
        folder: The run's folder.
        resume: Whether to go on with a run that is there.
        given: Names of the arguments that the user stated.

    Returns:
        The triple (`RunFolder`, whether a model is in it, `Settings`).

    Raises:
        ValueError: If there is a model and it is not to be resumed, the folder is a search's, or settings differ from
            the run's.
    """
    run = callbacks.RunFolder(folder)
    exists = run.model_path.exists()
    if exists and not resume:
        raise ValueError(f"'{folder}' already holds a model. Expected: a new folder for --out, or --resume")
    if (run.folder / SEARCH).exists():
        raise ValueError(f"'{folder}' holds a search. Expected: a new folder for --out")
    return run, exists, Settings.read(folder).continued(settings, given) if exists else settings
