"""Training in a run's folder."""

import dataclasses
import typing
from pathlib import Path

import keras
import numpy as np

from keras_gen import backend, cache, checks, data, plots, presets
from keras_gen.backend.cluster import STRATEGIES
from keras_gen.callbacks.epoch_lines import progress
from keras_gen.callbacks.pictures import sample_grid
from keras_gen.data.labels import require_labels
from keras_gen.files import require_no_other_run
from keras_gen.policies import dtype_policy
from keras_gen.runs.advice import advice
from keras_gen.runs.devices import require_shares, scope, with_replicas, worker_folder
from keras_gen.runs.loading import Run, model_of, open_run
from keras_gen.runs.pictures import codes, confusion, drawn, range_of, reconstructed, reconstructs
from keras_gen.runs.settings import Settings, absolute
from keras_gen.runs.training_options import (
    TrainingContext,
    callbacks_of,
    image_set,
    images_of,
    options_for,
    options_of,
    with_few_labels,
)
from keras_gen.training.compilation import convolves
from keras_gen.training.tasks import has_task
from keras_gen.value_ranges import rescaled

_RECONSTRUCTED, _ENCODED, _TRANSLATED = 10, 5000, 6  # images in the pictures


class TrainingResult(typing.NamedTuple):
    """The result of `train`.

    `folder` with the files `files`; the model's `settings`; `epochs` finished in total, of which `new` in this call;
    the `figures`, a dict of what was measured at the end; the pictures that `failed`, a dict from names to reasons; and
    whether this process has `written` the folder, not another worker.
    """

    folder: Path
    files: list
    settings: Settings
    epochs: int
    new: int
    figures: dict
    failed: dict
    written: bool = True


class _Call(typing.NamedTuple):
    """The other arguments of a call of `train`, with its strategy in place of a name."""

    folder: object
    resume: bool
    given: object
    verbose: object
    new_data: bool
    strategy: object


def train(settings, folder, resume=False, given=(), verbose="auto", new_data=False, strategy=None):
    """Start a run, or continue one: after every epoch its folder holds a complete model and its history.

    Args:
        settings: `Settings`; omitted options have the defaults of the preset, and `num_classes` is that of the data.
            For a model that translates, the options `x` and `y` name the data.
        folder: The run's folder; made if missing.
        resume: Whether to continue an existing run, up to `settings.epochs` in total. Defaults to `False`.
        given: Names of the settings that must not differ from those of the resumed run. Defaults to ().
        verbose: As in `keras.Model.fit`, except that `"auto"` prints a line for each epoch if standard output is not a
            terminal. Defaults to `"auto"`.
        new_data: Whether a resumed run may go on with other data than it began with. Defaults to `False`.
        strategy: `"mirrored"` for all GPUs of this machine, or its logical processors without one; `"multiworker"` for
            the workers of `TF_CONFIG` or of a Slurm step, which all make this call, and of which the first alone
            writes. They share each batch. A run may go on with another strategy than it began with. Defaults to
            `None`: one device.

    Returns:
        A `TrainingResult`; its figures are those of the test set or, for a model that translates, of the last epoch.

    Raises:
        ValueError: If the folder holds another run or another process writes to it, a setting is out of range or
            differs from the resumed run's, or the data do not suit the model or are not those of the resumed run.
            Nothing is written then.
        ConnectionError: If a worker has not begun within a minute, or is lost.

    Example:

    >>> import tempfile
    >>> settings = Settings("lenet5", epochs=1, batch_size=512, options={"width": 0.2})
    >>> trained = train(settings, tempfile.mkdtemp(), verbose=0)
    >>> sorted(trained.figures), trained.files
    (['accuracy', 'loss'], ['confusion.png', 'history.png'])
    """
    for name, minimum in (("epochs", 1), ("batch_size", 1), ("seed", 0)):
        checks.integer(name, getattr(settings, name), minimum)
    checks.choice("strategy", strategy, STRATEGIES, optional=True)
    chosen_classes, settings = settings.options.get("num_classes"), with_defaults(settings)
    require_no_other_run(folder, resume)  # before the folder is made; `open_run` looks again, as the sole writer
    if strategy == "multiworker" and settings.options.get("minutes") is not None:
        raise ValueError(
            "--minutes is for one process: the clocks of workers differ. Expected: --strategy multiworker without "
            f"--minutes. Received: --minutes {settings.options['minutes']:g}"
        )
    require_shares(settings, folder, resume, given, strategy)
    strategy = backend.strategy(strategy)
    is_chief = backend.is_chief(strategy)
    verbose = verbose if is_chief else 0
    with worker_folder(folder, strategy) as own:
        call = _Call(own, resume, given, verbose, new_data, strategy)
        if "translate" in presets.PRESETS[settings.model].model.tasks:
            result = _train_translation(settings, call)
        else:
            result = _train(settings, chosen_classes, call)
    return result._replace(folder=Path(folder), written=is_chief)


def _train(settings, chosen_classes, call):
    tasks = presets.PRESETS[settings.model].model.tasks
    if settings.binarization != "none" and "reconstruct" not in tasks:
        raise ValueError(f"--binarization is for models that reconstruct. Expected: none. Received: {settings.model}")
    settings = dataclasses.replace(settings, data=absolute(settings.data))
    run_folder, exists, settings = open_run(settings, call.folder, call.resume, call.given)
    model = _resumed(run_folder, settings, call.strategy) if exists else None
    splits = Run(model, settings).load_data() if exists else image_set(settings, **options_for(image_set, settings))
    train_set, test_set = splits
    if train_set.x.ndim != 4 or train_set.x.shape[-1] not in (1, 3):
        raise ValueError(
            f"Data set '{settings.data}' must hold images. Expected: shape (n, height, width, 1 or 3). "
            f"Received: {train_set.x.shape}"
        )
    sizes, contents = [len(part.x) for part in splits], [cache.fingerprint(part.x, part.y) for part in splits]
    parts = ("training images", "test images")
    settings = _with_contents(settings, parts, sizes, contents, call.new_data or not exists)
    if not exists:
        settings = _with_classes(settings, train_set.class_names, chosen_classes)
        settings, model = _new(settings, train_set.x.shape[1:], call)
    settings = with_replicas(settings, call.strategy, call.verbose and exists)
    if "labelled" in settings.options:
        train_set = with_few_labels(train_set, settings.options["labelled"])
    batches = _batches(model, settings, _arrays(model, train_set))
    test = evaluation_arrays(model, settings, test_set)
    validation = data.Pipeline(*test, batch_size=settings.batch_size, value_range=range_of(model))
    model.data_description.check_pipeline(validation, in_fit=True)  # as `fit` would, but before anything is written
    new = _fit(model, settings, run_folder, batches, call.verbose, validation)
    figures = model.evaluate(validation, return_dict=True, verbose=0)
    drawings = _pictures(Run(model, settings), run_folder, test, test_set)
    files, failed = drawn(run_folder.folder, drawings if backend.is_chief(call.strategy) else {})
    return TrainingResult(run_folder.folder, files, settings, model.epochs_completed, new, figures, failed)


def _train_translation(settings, call):
    sides = {side: absolute(settings.options[side]) for side in ("x", "y") if side in settings.options}
    run_folder, exists, settings = open_run(settings.with_options(**sides), call.folder, call.resume, call.given)
    pairs_of = images_of(settings.model)
    pairs = pairs_of(settings, **options_for(pairs_of, settings))
    settings = with_replicas(settings, call.strategy, call.verbose and exists)
    if exists:
        model = _resumed(run_folder, settings, call.strategy)
    else:
        settings, model = _new(settings, pairs.shapes[0], call)
    contents = [source.fingerprint for source in pairs.sources]
    known = call.new_data or not exists
    settings = _with_contents(settings, ("images of x", "images of y"), pairs.sizes, contents, known)
    pairs.require(model.updates_per_step, settings.replicas)
    shown = [source.rows(np.arange(min(_TRANSLATED, source.size))).numpy() for source in pairs.sources]
    new = _fit(model, settings, run_folder, pairs, call.verbose, shown=shown)
    history = run_folder.history()
    drawings = {"translations": lambda: _translations(model, shown)}
    if history:
        drawings["history.png"] = lambda: plots.history_curves(history)
    last = {metric.name: history[metric.name][-1] for metric in model.metrics if metric.name in history}
    files, failed = drawn(run_folder.folder, drawings if backend.is_chief(call.strategy) else {})
    return TrainingResult(run_folder.folder, files, settings, model.epochs_completed, new, last, failed)


def with_defaults(settings):
    """The settings with the defaults of the options that they leave out."""
    options = options_of(checks.choice("model", settings.model, presets.PRESETS))
    for name in settings.options:
        checks.choice("option", name, options)
    defaults = {name: argument.default for name, argument in options.items()}
    return settings.with_options(**defaults | settings.options)


def _with_classes(settings, class_names, chosen):
    """The settings with the classes of the data, for a model with `num_classes`, of which `chosen` may be given."""
    if "num_classes" not in settings.options or class_names is None:
        return settings
    if len(class_names) < 2:
        raise ValueError(
            f"The model needs two or more classes. Expected: other labels, too. Received: {class_names[0]!r} alone"
        )
    if chosen not in (None, len(class_names)):
        raise ValueError(
            f"--num-classes must match the data. Expected: {len(class_names)}, or no --num-classes. Received: {chosen}"
        )
    return dataclasses.replace(settings.with_options(num_classes=len(class_names)), class_names=class_names)


def _resumed(run_folder, settings, strategy):
    """The compiled model in a `RunFolder`, which continues its history."""
    keras.utils.set_random_seed(settings.seed)
    with scope(strategy):
        model = model_of(run_folder.folder, settings)
    run_folder.resume(model.epochs_completed)
    return model


def _new(settings, example_shape, call):
    """The pair (settings with a chosen precision, which is printed, and their compiled model)."""
    if settings.precision != "auto":
        return settings, _built(settings, settings.precision, example_shape, call.strategy)
    precision, model = "float32", _built(settings, "float32", example_shape, call.strategy)
    has_units = backend.all_workers_agree(call.strategy, backend.has_bfloat16())
    if not convolves(model._flatten_layers()):
        reason = "the model has no convolutions"
    elif not has_units:
        reason = "the hardware has no units for bfloat16"
    else:
        precision, reason = "mixed_bfloat16", "the hardware has units for bfloat16"
        model = _built(settings, precision, example_shape, call.strategy)
    if call.verbose:
        print(f"Precision: {precision}; {reason}.", flush=True)
    return dataclasses.replace(settings, precision=precision), model


def _built(settings, precision, example_shape, strategy):
    keras.utils.set_random_seed(settings.seed)
    own = presets.PRESETS[settings.model].arguments
    options = {name: value for name, value in settings.options.items() if name in own}
    with dtype_policy(precision), scope(strategy):
        return presets.build(settings.model, example_shape, **options)


def _fit(model, settings, run_folder, batches, verbose, validation=None, shown=()):
    """Write the settings, train up to the epochs that they ask for, and return the number of epochs trained."""
    additions = callbacks_of(TrainingContext(run_folder.folder, settings, batches, shown, verbose))
    run_folder.settings = settings
    settings.write(run_folder.folder)
    run_folder.try_out(model, batches)
    done = model.epochs_completed
    for line in advice(model, settings.epochs, batches) if verbose and done < settings.epochs else ():
        print(line, flush=True)
    verbose, lines = progress(verbose)
    if done < settings.epochs:
        model.fit(
            batches,
            epochs=settings.epochs,
            initial_epoch=done,
            validation_data=validation,
            verbose=verbose,
            callbacks=[*additions, *lines, run_folder],
        )
    return model.epochs_completed - done


def _arrays(model, split):
    """The parts of a `data.Split` that a model takes: images in its range, and labels if it uses them."""
    if model.uses_labels:
        require_labels(split.y)
    x = rescaled(split.x, (0, 1), range_of(model))
    return (x, split.y) if model.uses_labels else (x,)


def evaluation_arrays(model, settings, split):
    """The evaluation data of a model; if training draws binary pixels, these are drawn once."""
    x, *labels = _arrays(model, split)
    return (data.binarize(x, settings.seed) if settings.binarization != "none" else x, *labels)


def _batches(model, settings, arrays):
    """The training pipeline, whose batches hold one update's examples for each update of a step."""
    updates = model.updates_per_step
    binarization = None if settings.binarization == "none" else settings.binarization
    options = {"seed": settings.seed, "binarization": binarization, "value_range": range_of(model)}
    pipeline = data.Pipeline(*arrays, batch_size=settings.batch_size * updates, **options)
    pipeline.require(updates, settings.replicas)
    model.data_description.check_pipeline(pipeline, in_fit=True)
    return pipeline


def _pictures(run, run_folder, test, test_set):
    """Functions that draw the pictures of a run, by name, from the arrays and the split of the test images."""
    (model, settings), x = run, test[0]
    drawings = {"history.png": lambda: plots.history_curves(run_folder.history())}
    if has_task(model, "classify"):
        drawings["confusion.png"] = lambda: confusion(run, test_set.y, model.classify(x))
    if reconstructs(model):
        drawings["reconstructions.png"] = lambda: reconstructed(model, *(part[:_RECONSTRUCTED] for part in test))
    if has_task(model, "reconstruct"):
        drawings["latent.png"] = lambda: codes(model, x[:_ENCODED], test_set.y, test_set.class_names)
    if has_task(model, "sample"):
        drawings["samples.png"] = lambda: sample_grid(model, seed=settings.seed, class_names=run.class_names)
    return drawings


def _translations(model, shown):
    return {f"{name}.png": figure for name, figure in plots.translations(model, *shown).items()}


def _with_contents(settings, names, sizes, contents, new_data):
    """The settings with the number of images and the fingerprint of each part of the data.

    If these differ from the settings' own, it is a `ValueError` unless the data may be new.
    """
    sizes, contents = tuple(map(int, sizes)), tuple(contents)
    if not new_data and settings.contents not in (None, contents):
        changes = ", ".join(
            f"{now} {name}, {before} when the run began" if now != before else f"other {name}"
            for name, now, before, found, kept in zip(
                names, sizes, settings.images or sizes, contents, settings.contents, strict=True
            )
            if found != kept
        )
        raise ValueError(
            f"A resumed run keeps its data. Expected: those that it began with, or --new-data. Received: {changes}"
        )
    return dataclasses.replace(settings, images=sizes, contents=contents)
