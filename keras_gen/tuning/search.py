"""Searches on KerasTuner over the presets: the folder of a run of the best model, with a table and pictures."""

import dataclasses
import json
from pathlib import Path

import keras_tuner
import numpy as np

from keras_gen import cache, checks, data, presets
from keras_gen.callbacks import StopAfter
from keras_gen.data.labels import require_labels
from keras_gen.files import SEARCH, atomic_write, require_folder
from keras_gen.locks import sole_writer
from keras_gen.runs.pictures import range_of
from keras_gen.runs.sample_quality import FEATURES
from keras_gen.runs.settings import Settings, absolute
from keras_gen.seeds import seeded
from keras_gen.tuning import parallel
from keras_gen.tuning.best import BestModel
from keras_gen.tuning.hypermodel import PresetHyperModel, built, probe
from keras_gen.tuning.identity import require_the_same
from keras_gen.tuning.measures import Measures, default_objective, measurable
from keras_gen.tuning.objectives import SUM, objective_of
from keras_gen.tuning.parts import parts_of
from keras_gen.tuning.progress import report_trials
from keras_gen.tuning.ranges import searchable, validated
from keras_gen.tuning.result import Table, write_result
from keras_gen.tuning.space import parse
from keras_gen.tuning.storage import require_whole, whole_files
from keras_gen.tuning.tuners import TUNERS, tuner_of
from keras_gen.value_ranges import rescaled


def search(
    x,
    ranges,
    folder,
    preset="autoencoder",
    validation=None,
    trials=12,
    tuner="random",
    epochs=20,
    batch_size=100,
    objective=None,
    seed=0,
    verbose=1,
    callbacks=(),
    repeats=1,
    size=None,
    channels=None,
    y=None,
    folds=None,
    features=None,
    samples=None,
    workers=1,
    **fixed,
):
    """Search a preset's arguments for the best value on held-out data.

    What is measured follows from the preset's model. Of an autoencoder it is the `error`, the squared error of the
    reconstruction, summed over an example's dimensions, which compares models whose losses are not comparable; of a
    VAE also `nll`, the negative log-likelihood (100 importance samples, the first 1000 examples); of a classifier the
    `error`, the share of wrong classes; of all models that sample, the metrics of `metrics.by_name`.

    To continue a stopped search, call it again with the same arguments and folder; to extend it, with more `trials`. A
    trial that diverges is recorded as failed.

    With `workers`, or on several machines (see the guide), the trials of `"random"` and `"grid"` are those of a search
    of one process, each with the same seed, except that `nodes` of later layers may be drawn in another order. Their
    results can differ, because sums are rounded differently with another number of threads. The other tuners choose a
    trial by the results of those that have ended before.

    Args:
        x: Array `(n, *shape)` of training data in the model's range of values, or a name for `data.load`, whose
            training part is used.
        ranges: List of `Range`, or a line for `parse`.
        folder: Folder for the results: after each trial `trials.csv` and the best model so far as a run; at the end a
            picture for each range of numbers.
        preset: Name of a preset whose model does not translate. Defaults to `"autoencoder"`.
        validation: Array `(m, *shape)`, or a pair: (inputs, targets) of these, noisy images and the clean ones, without
            which the best denoising autoencoder is one that never saw noise, or (examples, labels). Every fifth example
            of `x` is held out if `None`. Defaults to `None`.
        trials: Total number of trials, an integer >= 1. Defaults to 12.
        tuner: `"random"`, `"bayesian"`, `"hyperband"` or `"grid"`. Defaults to `"random"`.
        epochs: Epochs of a trial (the maximum with `"hyperband"`), an integer >= 1. Defaults to 20.
        batch_size: Examples per update, an integer >= 1. Defaults to 100.
        objective: What to optimise: a name of what is measured or of what `fit` logs, or a dict from such names to
            weights, whose weighted sum is minimised. Accuracies, `precision`, `recall`, `density`, `coverage` and
            `score` are maximised, other names minimised. Defaults to `None`: `"error"`, or `"frechet"` for a model
            that neither autoencodes nor classifies.
        seed: Integer of the search and of each trial. Defaults to 0.
        verbose: 0 for silence, 1 for a line after each trial. Defaults to 1.
        callbacks: Keras callbacks of every trial's `fit`, such as a falling learning rate; each trial gets copies. A
            continued search may have others. Defaults to ().
        repeats: Trainings of each trial, each from other initial weights, an integer >= 1: what is measured is their
            mean, and its standard error includes their differences. Defaults to 1.
        size, channels: As in `data.load`, for data by name. Default to `None`.
        y: Integers `(n,)`, the labels of an array `x`, for models of labels and for the features of metrics of samples.
            Defaults to `None`.
        folds: Number of parts for cross-validation, an integer >= 2, instead of `validation`: each trial trains a model
            without each part, in which each class has its share, and is measured on it. Defaults to `None`.
        features: Features of metrics of samples, as in `runs.evaluate`; `"lenet5"` is trained on the training data, or
            on all with `folds`. Defaults to `None`: `"lenet5"` if there are labels, else `"identity"`.
        samples: Number of samples that these measure, an integer >= 2. Defaults to `None`: as many as held-out
            examples.
        workers: Number of processes that run trials at the same time, an integer >= 1; ignored on several machines.
            Defaults to 1: this process.
        **fixed: Further arguments of the preset.

    Returns:
        A `Result`; `None` in a worker on another machine, as the chief has the result.

    Raises:
        ValueError: If the folder holds another search, a damaged one, or one that another process runs, or if every
            trial failed.
        OSError: If a file cannot be written, or a worker is killed again and again. The search can be continued.

    Example:

    >>> import tempfile
    >>> from keras_gen.tuning import Range
    >>> x = np.random.default_rng(0).random((64, 16)).astype("float32")
    >>> options = {"trials": 2, "epochs": 1, "units": (8,), "verbose": 0}
    >>> found = search(x, [Range("latent_dim", 1, 8)], tempfile.mkdtemp(), **options)
    >>> len(found.rows), 1 <= found.best["latent_dim"] <= 8
    (2, True)
    """
    arguments = {name: value for name, value in locals().items() if name != "fixed"} | fixed
    counts = {"trials": trials, "epochs": epochs, "batch_size": batch_size, "repeats": repeats, "workers": workers}
    for name, value in counts.items():
        checks.integer(name, value)
    checks.choice("tuner", tuner, TUNERS)
    checks.choice("features", features, FEATURES, optional=True)
    if samples is not None:
        checks.integer("samples", samples, minimum=2)
    kind = _kind_of(preset)
    ranges = _checked_ranges(ranges, fixed, preset)
    objective = objective_of(default_objective(kind.model.tasks) if objective is None else objective)
    role, folder = parallel.role(), Path(folder)
    require_whole(folder)
    if role == "worker":
        parallel.wait_for_chief(folder / SEARCH)
    _require_free(folder)
    defaults = {name: argument.default for name, argument in kind.arguments.items()}
    settings = Settings(preset, None, epochs, batch_size, seed=seed, options={**defaults, **fixed})
    x, y, settings = _loaded(x, y, size, channels, settings, fixed)
    model = built(settings, ranges, probe(ranges), x.shape[1:])
    if settings.data:
        x = rescaled(x, (0, 1), range_of(model))
        if model.uses_labels:
            require_labels(y)
    parts = parts_of(x, y, validation, folds, model.uses_labels, seed)
    measures = Measures(model.tasks, objective.weights, parts, features, samples)
    table = Table(folder, objective, measurable(model.tasks), measures.error_label)
    hypermodel = PresetHyperModel(settings, parts, ranges, table, measures, BestModel(folder), repeats)
    identity = [preset, cache.fingerprint(*vars(parts[0]).values()), ranges, tuner, epochs, batch_size]
    identity += [objective.weights, seed, repeats, fixed, folds, features, samples]
    identity = json.loads(json.dumps(identity, default=dataclasses.asdict))
    require_the_same(folder, identity, defaults)
    oracle_options = {"objective": keras_tuner.Objective(SUM, "min"), "seed": seed + 1}  # KerasTuner takes 0 for "any"
    arguments_of_tuner = (tuner, hypermodel, folder, trials, epochs)
    training = {"verbose": 0, **({} if tuner == "hyperband" else {"epochs": epochs})}
    training["callbacks"] = [*callbacks, *([StopAfter(verbose=1)] if verbose else [])]
    if role == "worker":
        with whole_files(), seeded(seed):
            parallel.run_worker(
                lambda: tuner_of(*arguments_of_tuner, **oracle_options)[0].search(**training), folder, trials, verbose
            )
        return None
    hypermodel.try_out()
    with sole_writer(folder), whole_files(), seeded(seed):
        with atomic_write(folder / SEARCH) as path:
            path.write_text(json.dumps(identity, indent=2) + "\n")
        runner, oracle = tuner_of(*arguments_of_tuner, **oracle_options)
        runner.save()  # so that it is continued if it is stopped before a trial has ended
        report_trials(oracle, table, verbose)
        with parallel.noted_end(folder, trials):
            if role == "chief":
                parallel.run_chief(oracle)
            elif workers > 1:
                arguments |= {"folder": folder.resolve(), "verbose": 0, "workers": 1}
                parallel.run_workers(oracle, arguments, workers, folder)
            else:
                runner.search(**training)
        return write_result(table, oracle.trials.values(), ranges, {"features": features, "samples": samples})


def _kind_of(preset):
    """The preset of a name, whose model is fitted to arrays."""
    checks.choice("model to search", preset, presets.PRESETS)
    if "translate" in presets.PRESETS[preset].model.tasks:
        raise ValueError(
            f"A search needs a model that is trained on arrays. Expected: an autoencoder, a GAN or a classifier. "
            f"Received: {preset}, which translates between two sets"
        )
    return presets.PRESETS[preset]


def _checked_ranges(ranges, fixed, preset):
    """The ranges, of known arguments that are not fixed."""
    ranges = validated(parse(ranges) if isinstance(ranges, str) else ranges, searchable(preset))
    for name in fixed:
        checks.choice("argument of the preset", name, presets.PRESETS[preset].arguments)
        if not isinstance(fixed[name], (bool, int, float, str, tuple, list, type(None))):
            raise ValueError(
                f"`{name}` must be a plain value, which the settings of a run can hold. Expected: such as a number or "
                f"a name. Received: {type(fixed[name]).__name__}"
            )
    both = sorted(set(fixed) & {range_.name for range_ in ranges})
    if both:
        raise ValueError(f"An argument is searched or fixed. Expected: one of the two. Received: both, for {both}")
    return ranges


def _loaded(x, y, size, channels, settings, fixed):
    """The triple (x, y, settings), with the name of the data and the number of their classes in the settings."""
    if not isinstance(x, (str, Path)):
        if size or channels:
            raise ValueError(
                "`size` and `channels` are for data by name. Expected: `None`. Received: an array with them"
            )
        checks.array("x", x)
    elif y is not None:
        raise ValueError("`y` is for arrays: data by name have their own labels. Expected: `None`. Received: an array")
    else:
        train, _ = data.load(x, size=size, channels=channels)
        settings = dataclasses.replace(settings, data=absolute(str(x)))
        if "num_classes" in settings.options:
            settings = dataclasses.replace(settings, class_names=train.class_names)
        x, y = train.x, train.y
    if y is not None and "num_classes" in settings.options and "num_classes" not in fixed:
        settings = settings.with_options(num_classes=max(2, int(np.max(y)) + 1))
    return x, y, settings


def _require_free(folder):
    """Raise a `ValueError` if a folder is a file, or holds something else than a search."""
    require_folder("--out", folder)
    if not (folder / SEARCH).exists() and any(folder.glob("[!.]*")):
        raise ValueError(f"'{folder}' holds something else. Expected: a new folder, or that of this search")
