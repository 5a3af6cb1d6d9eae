"""Searches on KerasTuner over the presets: the folder of a run of the best model, with a table and pictures."""

import contextlib
import dataclasses
import json
from pathlib import Path

import keras_tuner
import numpy as np

from keras_gen import cache, checks, data, presets
from keras_gen.callbacks import StopAfter
from keras_gen.files import SEARCH, atomic_write, require_folder
from keras_gen.locks import sole_writer
from keras_gen.runs.settings import Settings, absolute
from keras_gen.seeds import seeded
from keras_gen.tuning.grid import grid_search
from keras_gen.tuning.hypermodel import PresetHyperModel
from keras_gen.tuning.progress import report_trials
from keras_gen.tuning.result import write_result
from keras_gen.tuning.space import Range, parse, validated
from keras_gen.tuning.storage import PROJECT, damaged, require_whole, smallest, whole_files

TUNERS = {
    "random": keras_tuner.RandomSearch,
    "bayesian": keras_tuner.BayesianOptimization,
    "hyperband": keras_tuner.Hyperband,
    "grid": grid_search,
}


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
    objective="error",
    seed=0,
    verbose=1,
    callbacks=(),
    repeats=1,
    size=None,
    channels=None,
    **fixed,
):
    """Search a preset's arguments for the smallest error on held-out data.

    The error is the squared error of the reconstruction, summed over an example's dimensions, averaged over the
    validation set: comparable between models whose losses are not. To continue a stopped search, call it again with the
    same arguments and folder; to extend it, with more `trials`. A trial that diverges is recorded as failed.

    Args:
        x: Array `(n, *shape)` of training data, or a name for `data.load`, whose training part is used.
        ranges: List of `Range`, or a line for `parse`.
        folder: Folder for the results: after each trial `trials.csv` and the best model so far as a run; at the end a
            picture for each range of numbers.
        preset: Name of a preset whose model can reconstruct. Defaults to `"autoencoder"`.
        validation: Array `(m, *shape)`, or a pair (inputs, targets) of these: noisy images and the clean ones, without
            which the best denoising autoencoder is one that never saw noise. Every fifth example of `x` is held out if
            `None`. Defaults to `None`.
        trials: Total number of trials, an integer >= 1. Defaults to 12.
        tuner: `"random"`, `"bayesian"`, `"hyperband"` or `"grid"`. Defaults to `"random"`.
        epochs: Epochs of a trial (the maximum with `"hyperband"`), an integer >= 1. Defaults to 20.
        batch_size: Integer >= 1. Defaults to 100.
        objective: What to minimise: `"error"`, or a name that `fit` logs. Defaults to `"error"`.
        seed: Integer of the search and of each trial. Defaults to 0.
        verbose: 0 for silence, 1 for a line after each trial. Defaults to 1.
        callbacks: Keras callbacks of every trial's `fit`, such as a falling learning rate; each trial gets copies. A
            continued search may have others. Defaults to ().
        repeats: Trainings of each trial, each from other initial weights, an integer >= 1: the error is their mean, and
            its standard error includes their differences. Defaults to 1.
        size, channels: As in `data.load`, for data by name. Default to `None`.
        **fixed: Further arguments of the preset.

    Returns:
        A `Result`.

    Raises:
        ValueError: If the folder holds another search, a damaged one, or one that another process runs, or if every
            trial failed.
        OSError: If a file cannot be written. The search can be continued.

    Example:

    >>> import tempfile
    >>> x = np.random.default_rng(0).random((64, 16)).astype("float32")
    >>> options = {"trials": 2, "epochs": 1, "units": (8,), "verbose": 0}
    >>> found = search(x, [Range("latent_dim", 1, 8)], tempfile.mkdtemp(), **options)
    >>> len(found.rows), 1 <= found.best["latent_dim"] <= 8
    (2, True)
    """
    for name, value in (("trials", trials), ("epochs", epochs), ("batch_size", batch_size), ("repeats", repeats)):
        checks.integer(name, value)
    checks.choice("tuner", tuner, TUNERS)
    searchable = [name for name, one in presets.PRESETS.items() if "autoencode" in one.model.tasks]
    checks.choice("model to search", preset, searchable)
    known = presets.PRESETS[preset].arguments
    ranges = _checked_ranges(ranges, fixed, known)
    require_whole(folder)
    _require_free(Path(folder))
    data_name = absolute(str(x)) if isinstance(x, (str, Path)) else None
    if data_name is None and (size or channels):
        raise ValueError("`size` and `channels` are for data by name. Expected: `None`. Received: an array with them")
    x, inputs, targets = _held_out(data.load(x, size=size, channels=channels)[0].x if data_name else x, validation)
    folder = Path(folder)
    options = {**{name: argument.default for name, argument in known.items()}, **fixed}
    settings = Settings(preset, data_name, epochs, batch_size, seed=seed, options=options)
    hypermodel = PresetHyperModel(settings, x.shape[1:], ranges, objective, folder, repeats)
    contents = cache.fingerprint(x, inputs, targets)
    identity = [preset, contents, ranges, tuner, epochs, batch_size, objective, seed, repeats, fixed]
    identity = json.loads(json.dumps(identity, default=dataclasses.asdict))
    _require_the_same(folder, identity)
    hypermodel.try_out(x[:batch_size], inputs[:2], targets[:2])
    # Hyperband has more brackets than needed, and is stopped by `max_trials` below
    limit = {"max_trials": trials}
    if tuner == "hyperband":
        limit = {"max_epochs": epochs, "hyperband_iterations": trials}
    options = {"verbose": 0, **({} if tuner == "hyperband" else {"epochs": epochs})}
    callbacks = [*callbacks, *([StopAfter(verbose=1)] if verbose else [])]
    with sole_writer(folder), whole_files(), seeded(seed):
        with atomic_write(folder / SEARCH) as path:
            path.write_text(json.dumps(identity, indent=2) + "\n")
        runner = _runner(
            TUNERS[tuner],
            hypermodel=hypermodel,
            objective=keras_tuner.Objective(objective, "min"),
            seed=seed + 1,  # KerasTuner takes 0 for "any"
            directory=str(folder.resolve()),
            max_consecutive_failed_trials=trials + 1,
            **limit,
        )
        runner.oracle.max_trials, hypermodel.smallest = trials, smallest(runner.oracle)
        report_trials(runner, folder, verbose)
        runner.search(x=x, inputs=inputs, targets=targets, callbacks=callbacks, batch_size=batch_size, **options)
        return write_result(folder, runner.oracle, ranges)


def _runner(tuner, directory, **options):
    """The `keras_tuner.Tuner`, which continues from the files of a stopped search."""
    try:
        with contextlib.redirect_stdout(None):  # it prints the name of the file that it continues from
            return tuner(directory=directory, project_name=PROJECT, overwrite=False, **options)
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        if (Path(directory) / PROJECT).exists():
            raise damaged(Path(directory) / PROJECT, error) from None
        raise


def search_latent_dim(x, folder, low=2, high=64, trials=12, **options):
    """Search the code size among `trials` sizes from `low` to `high` with equal ratios.

    Args:
        x, folder: As in `search`.
        low: The smallest size, an integer >= 1. Defaults to 2.
        high: The largest size. Defaults to 64.
        trials: Number of sizes, an integer >= 2; sizes that round to the same integer count once. Defaults to 12.
        **options: Further arguments of `search` and of the preset, such as `corruption=0.3`.

    Returns:
        A `Result`; `chosen["latent_dim"]` is the knee of the errors.

    Example:

    >>> import tempfile
    >>> x = np.random.default_rng(0).random((64, 16)).astype("float32")
    >>> options = {"trials": 2, "epochs": 1, "units": (8,), "verbose": 0}
    >>> [row["latent_dim"] for row in search_latent_dim(x, tempfile.mkdtemp(), 1, 8, **options).rows]
    [1, 8]
    """
    Range("latent_dim", checks.integer("low", low), checks.integer("high", high))  # raises if it is empty
    sizes = np.geomspace(low, high, checks.integer("trials", trials, minimum=2)).round().astype(int)
    sizes = sorted(set(sizes.tolist()))
    return search(x, [Range("latent_dim", choices=sizes)], folder, trials=len(sizes), tuner="grid", **options)


def search_corruption(x, folder, low=0.0, high=0.6, trials=12, **options):
    """Search the corruption rate among `trials` equally spaced rates from `low` to `high`.

    Args:
        x, folder: As in `search`.
        low: The lowest rate. Defaults to 0.
        high: The highest rate. Defaults to 0.6.
        trials: Number of rates, an integer >= 2. Defaults to 12.
        **options: Further arguments of `search` and of the preset, such as `latent_dim=16`.

    Returns:
        A `Result`; `best["corruption"]` is the rate with the smallest error.

    Example:

    >>> import tempfile
    >>> x = np.random.default_rng(0).random((64, 16)).astype("float32")
    >>> options = {"trials": 2, "epochs": 1, "units": (8,), "latent_dim": 2, "verbose": 0}
    >>> [row["corruption"] for row in search_corruption(x, tempfile.mkdtemp(), 0.0, 0.5, **options).rows]
    [0.0, 0.5]
    """
    Range("corruption", low, high)  # raises if it is empty
    rates = np.linspace(low, high, checks.integer("trials", trials, minimum=2)).round(6).tolist()
    return search(x, [Range("corruption", choices=rates)], folder, trials=trials, tuner="grid", **options)


def _checked_ranges(ranges, fixed, known):
    """The ranges, of known arguments that are not fixed."""
    ranges = validated(parse(ranges) if isinstance(ranges, str) else ranges, known)
    for name in fixed:
        checks.choice("argument of the preset", name, known)
    both = sorted(set(fixed) & {range_.name for range_ in ranges})
    if both:
        raise ValueError(f"An argument is searched or fixed. Expected: one of the two. Received: both, for {both}")
    return ranges


def _held_out(x, validation):
    """The triple (training data, inputs and targets to validate on)."""
    checks.array("x", x)
    if validation is None:
        x, validation = np.delete(x, np.s_[::5], axis=0), x[::5]
    inputs, targets = validation if isinstance(validation, tuple) else (validation, validation)
    for part in (inputs, targets):
        checks.array("validation", part, shape=x.shape[1:])
    if len(inputs) != len(targets):
        raise ValueError(f"`validation` must be as many inputs as targets. Received: {len(inputs)} and {len(targets)}")
    return x, inputs, targets


def _require_free(folder):
    """Raise a `ValueError` if a folder is a file, or holds something else than a search."""
    require_folder("--out", folder)
    if not (folder / SEARCH).exists() and any(folder.glob("[!.]*")):
        raise ValueError(f"'{folder}' holds something else. Expected: a new folder, or that of this search")


def _require_the_same(folder, identity):
    """Raise a `ValueError` if a folder holds another search."""
    if (folder / SEARCH).exists() and json.loads((folder / SEARCH).read_text()) != identity:
        raise ValueError(f"'{folder}' holds another search. Expected: a new folder, or the same arguments")
