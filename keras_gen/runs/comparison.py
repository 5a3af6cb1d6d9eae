"""Comparing the samples of runs: one table and one picture."""

import typing
import warnings
from pathlib import Path

from keras_gen import plots
from keras_gen.estimates import estimate
from keras_gen.files import atomic_write
from keras_gen.metrics.registry import checked_names
from keras_gen.runs.loading import Run, load_run
from keras_gen.runs.pictures import range_of
from keras_gen.runs.sample_quality import SampleQuality, contradiction
from keras_gen.runs.settings import Settings, absolute
from keras_gen.training.tasks import has_task
from keras_gen.value_ranges import rescaled

_NO_DIFFERENCE = (  # between runs of one group
    "seed", "tensorboard", "doctor", "sample_every", "picture_every", "class_names",
)  # fmt: skip
_SHOWN = 10  # samples of each group in the picture
_BASELINE = "training images"


class Group(typing.NamedTuple):
    """Runs that differ only in their seed.

    `name` is the model's name with the arguments in which groups differ. `seeds` and `epochs` are lists; `values` is a
    dict from a metric's name to a list with a value per run; `samples` are a few of the first run's, in [0, 1].
    """

    name: str
    seeds: list
    epochs: list
    values: dict
    samples: object


class Comparison(typing.NamedTuple):
    """The list of `groups` of runs, the `baselines` by metric, the classifier's `accuracy`, and a list of `remarks`."""

    groups: list
    baselines: dict
    accuracy: object
    remarks: list

    def table(self):
        """The table as a pandas `DataFrame`: a row for each group, and one of the baselines; "" is no value."""
        from pandas import DataFrame

        rows = []
        for group in self.groups:
            first, last = min(group.epochs), max(group.epochs)
            epochs = str(first) if first == last else f"{first}-{last}"
            row = {"model": group.name, "runs": len(group.seeds), "epochs": epochs}
            for name, values in group.values.items():
                mean, error = estimate(values)
                row |= {name: mean, f"{name} error": error if len(values) > 1 else ""}
            rows.append(row)
        found = {name: value for name, value in self.baselines.items() if value is not None}
        return DataFrame([*rows, {**dict.fromkeys(rows[0], ""), "model": _BASELINE, **found}] if found else rows)

    def lines(self):
        """The table as aligned lines of text, a mean with its standard error in a cell."""
        table = self.table()
        cells = {
            name.partition("[")[0]: list(map(_cell, table[name], table[f"{name} error"])) for name in self.baselines
        }
        shown = table.set_index("model")[["runs", "epochs"]].assign(**cells)
        return shown.rename_axis(index=None, columns="model").to_string().splitlines()

    def write(self, path):
        """Write the table as a CSV file."""
        with atomic_write(path) as temporary:
            self.table().to_csv(temporary, index=False)

    def figure(self):
        """A `matplotlib.figure.Figure`: a panel for each metric, and a strip of samples of each group."""
        values = {name: {group.name: group.values[name] for group in self.groups} for name in self.baselines}
        samples = {group.name: group.samples for group in self.groups}
        return plots.compared(values, self.baselines, samples, baseline_name=_BASELINE)


def compare(folders, metric_names="frechet,density,coverage", samples=None, features="lenet5", name=None, seed=0):
    """Compare the samples of runs that were trained on the same data; runs that differ only in their seed are a group.

    Only the classifier behind the features `"lenet5"` is trained, once for given data.

    Args:
        folders: List of folders of runs whose models sample.
        metric_names: Metrics of samples, as in `metrics.by_name`. Defaults to `"frechet,density,coverage"`.
        samples: Number of samples of each run, an integer >= 2. Defaults to `None`: as many as test images.
        features: As in `evaluate`. Defaults to `"lenet5"`.
        name: Name or path of the data. Defaults to `None`: the runs' own, which must be the same.
        seed: Seed of the samples. Defaults to 0.

    Returns:
        A `Comparison`, with groups in the order of the folders.

    Raises:
        ValueError: If a folder holds no run, one without a finished epoch, or one whose model does not sample; if a
            folder is given twice; if the runs have different data.

    Warns:
        UserWarning: If a run was interrupted, or two runs of a group have the same seed.
    """
    metric_names, folders = checked_names(metric_names), [Path(folder) for folder in folders]
    _require_different(folders)
    settings = {folder: Settings.read(folder) for folder in folders}
    place = _common_data(settings, name)
    facts = {folder: _facts(folder) for folder in folders}  # one model at a time: all may not fit into memory
    train_set, test_set = load_run(folders[0]).load_data(place)  # as the runs did
    for folder, (_, shape) in facts.items():
        if shape != test_set.x.shape[1:]:
            raise ValueError(
                f"'{folder}' makes other images than those of '{place}'. Expected: {test_set.x.shape[1:]}. "
                f"Received: {shape}"
            )
    quality = SampleQuality(metric_names, train_set, test_set, features, samples)
    groups, remarks = [], []
    for group_name, members in _grouped(settings).items():
        seeds = [settings[folder].seed for folder in members]
        if len(set(seeds)) < len(seeds):
            warnings.warn(f"Runs of {group_name} have the same seed: {seeds}. Their error is too small", stacklevel=2)
        measured, shown = [], None
        for folder in members:
            model = load_run(folder).model
            measured.append(quality.measure(model, seed))
            shown = rescaled(model.sample(_SHOWN, seed=seed), range_of(model)) if shown is None else shown
        remarks += [f"{group_name}: {remark}" for remark in filter(None, map(contradiction, measured))][:1]
        values = {one.name: [run[place].value for run in measured] for place, one in enumerate(measured[0])}
        groups.append(Group(group_name, seeds, [facts[folder][0] for folder in members], values, shown))
    return Comparison(groups, quality.baselines, quality.accuracy, remarks)


def _require_different(folders):
    resolved = [folder.resolve() for folder in folders]
    twice = [str(folder) for folder, path in zip(folders, resolved, strict=True) if resolved.count(path) > 1]
    if twice or not folders:
        raise ValueError(f"Runs must be different folders. Expected: each once. Received: {twice or 'none'}")


def _facts(folder):
    """The finished epochs of a run and the shape of its images, if its model samples; warn if it was interrupted."""
    model, settings = load_run(folder)
    if not has_task(model, "sample"):
        raise ValueError(
            f"'{folder}' has no samples to compare. Expected: a run of a model that samples, such as a GAN or a VAE. "
            f"Received: a run of {settings.model}"
        )
    done = model.epochs_completed
    if done == 0:
        raise ValueError(
            f"'{folder}' was interrupted in its first epoch. Expected: a run with at least one finished epoch; "
            "--resume continues it. Received: 0 epochs"
        )
    if done < settings.epochs and not settings.options.get("minutes"):
        warnings.warn(f"'{folder}' was interrupted: {done} of {settings.epochs} epochs are finished", stacklevel=3)
    return done, tuple(model.example_shape)


def _common_data(settings, name):
    """The one place of the data, for a dict from the folders of runs to their settings."""
    places = {folder: absolute(Run(None, one).data_name(name)) for folder, one in settings.items()}
    if len(set(places.values())) > 1:
        listed = ", ".join(f"'{folder}' of '{place}'" for folder, place in places.items())
        raise ValueError(f"Runs are compared on the same data. Expected: one data set, or --data. Received: {listed}")
    return next(iter(places.values()))


def _grouped(settings):
    """Dict from a group's name to its list of folders, for a dict from the folders of runs to their settings."""
    groups = []  # pairs (arguments, folders); arguments hold lists and numbers, of which 1 equals 1.0
    for folder, one in settings.items():
        arguments = {**one.arguments, "data": absolute(one.data)}
        # An older run has no such key where a later one has `None`
        arguments = {key: value for key, value in arguments.items() if value is not None and key not in _NO_DIFFERENCE}
        same = [members for known, members in groups if known == arguments]
        if same:
            same[0].append(folder)
        else:
            groups.append((arguments, [folder]))
    all_arguments = [arguments for arguments, _ in groups]
    named = {}
    for arguments, members in groups:
        named.setdefault(_name_of(arguments, all_arguments), []).extend(members)
    return named


def _name_of(arguments, groups):
    """The model's name, with the arguments in which it differs from other groups of the same model."""
    same = [other for other in groups if other["model"] == arguments["model"]]
    differing = [key for key in arguments if any(other.get(key) != arguments[key] for other in same)]
    return ", ".join([arguments["model"], *(f"{key} {arguments[key]}" for key in differing)])


def _cell(mean, error):
    if mean == "":
        return ""
    return f"{mean:.4g}" + (f" +- {error:.2g}" if error != "" else "")
