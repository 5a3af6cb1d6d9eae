"""Training in a run's folder."""

import typing
from pathlib import Path

import keras
import numpy as np

from keras_gen import checks, data, plots, presets
from keras_gen.files import atomic_write
from keras_gen.runs.extras import Training, callbacks_of, options_of
from keras_gen.runs.loading import open_run
from keras_gen.runs.pictures import codes, grid, rescaled
from keras_gen.runs.settings import Settings
from keras_gen.saving import load_model
from keras_gen.training.tasks import can

_SHOWN = 10  # test images in the picture of reconstructions
_CODES = 5000  # test images in the picture of codes


class Trained(typing.NamedTuple):
    """What a training left.

    `folder` with the files `files`; the model's `settings`; `epochs` finished in all, of which `new` in this call; and
    the `figures`, a dict of what was measured at the end.
    """

    folder: Path
    files: list
    settings: Settings
    epochs: int
    new: int
    figures: dict


def train(settings, folder, resume=False, given=(), verbose="auto"):
    """Begin a run, or go on with one: after every epoch its folder holds a whole model and its history.

    Args:
        settings: `Settings`; options that are left out have the defaults of the preset, and `num_classes` is that of
            the data.
        folder: The run's folder; made if missing.
        resume: Whether to go on with a run that is there, up to `settings.epochs` in all. Defaults to `False`.
        given: Names of the settings that must not differ from those of the resumed run. Defaults to ().
        verbose: As in `keras.Model.fit`. Defaults to `"auto"`.

    Returns:
        A `Trained`.

    Raises:
        ValueError: If the folder holds another run, a setting is out of range or differs from the resumed run's, or the
            data do not suit the model. Nothing is written then.

    Example:

    >>> import tempfile
    >>> settings = Settings("lenet5", epochs=1, batch_size=512, options={"width": 0.2})
    >>> trained = train(settings, tempfile.mkdtemp(), verbose=0)
    >>> sorted(trained.figures), trained.files
    (['accuracy', 'loss'], ['history.png'])
    """
    count_classes = "num_classes" not in settings.options
    run, exists, settings = open_run(completed(settings), folder, resume, given)
    train_set, test_set = data.load(settings.data)
    if train_set.x.ndim != 4 or train_set.x.shape[-1] not in (1, 3):
        raise ValueError(f"Expected: images of 1 or 3 channels. Received: an array of shape {train_set.x.shape}")
    if "num_classes" in settings.options and count_classes and not exists and train_set.y is not None:
        settings = settings.with_options(num_classes=int(train_set.y.max()) + 1)
    tasks = presets.PRESETS[settings.model].model.tasks
    if settings.binarization != "none" and "reconstruct" not in tasks:
        raise ValueError(f"--binarization is for models of a likelihood. Received: {settings.model}")
    model = start(run, exists, settings, train_set.x.shape[1:])
    batches = _batches(model, settings, arrays(model, train_set))
    test = evaluation_arrays(model, settings, test_set)
    additions = callbacks_of(Training(run.folder, settings, batches))
    new = fit(model, settings, run, batches, additions, exists, verbose, test)
    figures = model.evaluate(*test, batch_size=settings.batch_size, return_dict=True, verbose=0)
    files = save_figures(run.folder, _pictures(model, run, test[0], test_set.y, settings.seed))
    return Trained(run.folder, files, settings, model.epochs_completed, new, figures)


def completed(settings):
    """The settings with the defaults of the options that they leave out."""
    options = options_of(checks.choice("model", settings.model, presets.PRESETS))
    for name in settings.options:
        checks.choice("option", name, options)
    return settings.with_options(**{n: one.default for n, one in options.items() if n not in settings.options})


def start(run, exists, settings, example_shape):
    """The model of a run: the one in its folder, or a new one.

    Args:
        run: A `RunFolder`, which takes up the history of a model that it holds.
        exists: Whether it holds a model.
        settings: The run's `Settings`.
        example_shape: One example's shape.

    Returns:
        A compiled model.
    """
    keras.utils.set_random_seed(settings.seed)
    if exists:
        model = load_model(run.model_path)
        run.resume(model.epochs_completed)
        return model
    own = presets.PRESETS[settings.model].arguments
    options = {name: value for name, value in settings.options.items() if name in own}
    return presets.build(settings.model, example_shape, **options)


def fit(model, settings, run, batches, additions, resumed, verbose, test=None):
    """Write the settings, and train up to the epochs that they ask for.

    Args:
        model: The model.
        settings: The run's `Settings`.
        run: Its `RunFolder`.
        batches: The pipeline to train on.
        additions: Callbacks that come before `run`.
        resumed: Whether the model was read from the folder.
        verbose: As in `keras.Model.fit`.
        test: Tuple of arrays to validate on, or `None`.

    Returns:
        The number of epochs that were trained.
    """
    settings.write(run.folder)
    if not resumed:
        model.save(run.model_path)  # a folder that cannot be written to is found before the training
    done = model.epochs_completed
    if done < settings.epochs:
        model.fit(
            batches,
            epochs=settings.epochs,
            initial_epoch=done,
            validation_data=test,
            validation_batch_size=settings.batch_size,
            verbose=verbose,
            callbacks=[*additions, run],
        )
    return model.epochs_completed - done


def save_figures(folder, figures):
    """Write figures into a folder.

    Args:
        folder: The folder.
        figures: Dict from a file's name to a `matplotlib.figure.Figure`.

    Returns:
        Sorted list of the names.
    """
    for name, figure in figures.items():
        with atomic_write(Path(folder) / name) as path:
            figure.savefig(path)
    return sorted(figures)


def arrays(model, split):
    """What a model takes of a `data.Split`: images in its range, and labels if it uses any."""
    x = rescaled(split.x, model)
    return (x, split.y) if model.uses_labels else (x,)


def evaluation_arrays(model, settings, split):
    """As `arrays`, with pixels drawn once where the training draws them."""
    x, *labels = arrays(model, split)
    return (data.binarize(x, settings.seed) if settings.binarization != "none" else x, *labels)


def _batches(model, settings, arrays):
    """The training pipeline, whose batches hold one update's examples for each update of a step."""
    updates = model.updates_per_step
    binarization = None if settings.binarization == "none" else settings.binarization
    pipeline = data.Pipeline(
        *arrays, batch_size=settings.batch_size * updates, seed=settings.seed, binarization=binarization
    )
    pipeline.require(updates)
    model.data_description.check_pipeline(pipeline, in_fit=True)
    return pipeline


def _pictures(model, run, x, labels, seed):
    figures = {"history.png": plots.history_curves(run.history())}
    if can(model, "reconstruct"):
        shown = np.array(x[:_SHOWN])
        figures["reconstructions.png"] = plots.image_rows({"input": shown, "reconstruction": model.reconstruct(shown)})
        latent = codes(model, x[:_CODES], labels)
        figures |= {"latent.png": latent} if latent else {}
    if can(model, "sample"):
        n, columns = (10 * model.num_classes, 10) if model.uses_labels else (64, None)
        chosen = {"labels": np.repeat(np.arange(model.num_classes), 10)} if model.uses_labels else {}
        figures["samples.png"] = grid(model, model.sample(n, seed=seed, **chosen), columns)
    return figures
