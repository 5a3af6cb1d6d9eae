"""The result of a search: the best model, a table and pictures."""

import csv
import dataclasses
import math
import typing
from pathlib import Path

import numpy as np

from keras_gen import plots
from keras_gen.files import atomic_write
from keras_gen.reports import counted
from keras_gen.runs.loading import load_run
from keras_gen.runs.pictures import range_of
from keras_gen.training.tasks import has_task, require_task
from keras_gen.tuning.measures import FLOOR, Measures, SquaredError, WrongClasses
from keras_gen.tuning.objectives import Objective
from keras_gen.tuning.parts import Part
from keras_gen.tuning.space import one_standard_error
from keras_gen.value_ranges import rescaled

TABLE = "trials.csv"


@dataclasses.dataclass(frozen=True)
class Result:
    """The result of a search.

    Args:
        folder: The folder of a run of the best model, which also holds `trials.csv` and pictures.
        rows: List of dicts, one per trial: its number from 1 on, its values, its `status`, what was measured under its
            name (`error`, that of the objective and, of metrics of samples, `<name>_floor`), and the `standard_error`,
            which are NaN for a failed trial, and the `reason` of its failure.
        best: Dict of the values of the trial with the smallest objective.
        chosen: Dict from each range of numbers to its value by `one_standard_error`.
        objective: Name of the objective's column. Defaults to `"error"`.
        value: The objective of the best trial. Defaults to NaN.
        floors: Dict from a metric of samples to its value of training examples in place of samples. Defaults to `None`:
            there are none.
        options: Dict of `features` and `samples`, with which metrics of samples were measured. Defaults to `None`.

    Example:

    >>> Result(Path("."), [], {"latent_dim": 32}, {"latent_dim": 8}).chosen["latent_dim"]
    8
    """

    folder: Path
    rows: list
    best: dict
    chosen: dict
    objective: str = "error"
    value: float = math.nan
    floors: dict | None = None
    options: dict | None = None

    def model(self):
        """The best model, with its optimizers."""
        return load_run(self.folder).model

    def error(self, inputs, targets=None):
        """The best model's error on examples `(n, *shape)`, a mean over these.

        Of a classifier it is the share of wrong classes, and `targets` are the labels; of an autoencoder the squared
        error, summed over an example's dimensions, and `targets` are the right outputs, by default the inputs. Other
        models have none.
        """
        model = self.model()
        classifies = has_task(model, "classify")
        if not classifies:
            require_task("The error", model, "autoencode")
        elif targets is None:
            raise ValueError("`targets` is missing: the model classifies. Expected: the labels. Received: None")
        targets = inputs if targets is None else targets
        kind = WrongClasses() if classifies else SquaredError()
        part = Part(None, None, np.asarray(inputs), np.asarray(targets), np.asarray(targets))
        return float(kind.values(model, part)["error"].mean())

    def measured(self, train, test):
        """What the search measured, of the best model on test data.

        `train` and `test` are what `data.load` gives, with values in [0, 1]. Returns a dict from a name to a number:
        `error`, what the objective names unless `fit` logs it, and the floors of metrics of samples.
        """
        model = self.model()
        x, held = (rescaled(np.asarray(part.x), (0, 1), range_of(model)) for part in (train, test))
        part, names = Part(x, train.y, held, held, test.y), [name for name in self.rows[0] if name not in self.best]
        values = Measures(model.tasks, names, [part], **self.options or {}).values(model, part)
        return {name: float(array.mean()) for name, array in values.items()}


class Table(typing.NamedTuple):
    """The table of the trials of a search.

    `folder` holds it; `objective` is the `Objective`, `known` the names of all that can be measured, and `error_label`
    a text for the `error` that is measured of every trial, or `None` if there is none.
    """

    folder: Path
    objective: Objective
    known: tuple
    error_label: str | None

    @property
    def curve(self):
        """The name of what `standard_error` belongs to: the objective, or `error` if `fit` logs the objective."""
        is_logged = len(self.objective.weights) == 1 and not self.objective.weights.keys() & {*self.known}
        return "error" if self.error_label and is_logged else self.objective.name

    def curve_of(self, values):
        """The values of `curve`, one per example, from a dict of arrays; as many as the shortest has examples."""
        if self.curve == "error":
            return values["error"]
        used = {name: values[name] for name in self.objective.weights}
        shortest = min((len(array) for array in used.values() if len(array) > 1), default=1)
        return np.atleast_1d(self.objective.score({name: array[:shortest] for name, array in used.items()}))

    @property
    def _measured(self):
        errors = ["error"] if self.error_label else []
        return list(dict.fromkeys([*errors, *self.objective.weights, self.objective.name]))

    def rows(self, trials):
        """The pair of the rows, as in `Result`, and the list of the scores, which are NaN for failed trials."""
        rows, scores = [], []
        for trial in sorted(trials, key=lambda trial: int(trial.trial_id)):
            values = {name: value for name, value in trial.hyperparameters.values.items() if "/" not in name}
            floors = [f"{name}{FLOOR}" for name in self.objective.weights if trial.metrics.exists(f"{name}{FLOOR}")]
            found = {name: _last(trial, name) for name in (*self._measured, *floors, "standard_error")}
            scores.append(_last(trial, "objective"))
            row = {"trial": int(trial.trial_id) + 1, **values, "status": trial.status.lower()}
            rows.append({**row, **found, "reason": _reason(trial)})
        return rows, scores

    def values_of(self, row):
        """The part of a row that the search chose."""
        last = {"trial", "status", "standard_error", "reason", *self._measured}
        return {name: value for name, value in row.items() if name not in last and not name.endswith(FLOOR)}

    def write(self, trials):
        """Write the table of KerasTuner's trials, and return what `rows` gives."""
        rows, scores = self.rows(trials)
        chosen = dict.fromkeys(name for row in rows for name in self.values_of(row))
        measured = dict.fromkeys(name for row in rows for name in row if name not in chosen)
        first, last = ("trial",), [name for name in measured if name != "trial"]
        with atomic_write(self.folder / TABLE) as path, path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*first, *chosen, *last])
            writer.writeheader()
            writer.writerows(rows)
        return rows, scores


def write_result(table, trials, ranges, options):
    """Write the table and the pictures of KerasTuner's trials, and return the `Result`."""
    rows, scores = table.write(trials)
    if not np.isfinite(scores).any():
        raise ValueError(
            f"Every trial of the search in '{table.folder}' failed. Received: {counted(len(rows), 'trial')}, see "
            f"{TABLE}; the last: {rows[-1]['reason']}"
        )
    place, chosen = int(np.nanargmin(scores)), {}
    best, done = rows[place], [row for row in rows if math.isfinite(row[table.curve])]
    sign = 1 if table.curve == "error" else table.objective.shown(1)
    for name in (range_.name for range_ in ranges if range_.numeric and range_.name != "nodes"):
        sizes, values, deviations = ([row[key] for row in done] for key in (name, table.curve, "standard_error"))
        chosen[name] = one_standard_error(sizes, [sign * value for value in values], deviations)
        with atomic_write(table.folder / f"{table.curve}_against_{name}.png") as path:
            shown = (table.error_label if table.curve == "error" else table.curve), sign < 0
            drawn = plots.error_against(name, sizes, values, deviations, chosen[name], *shown)
            drawn.savefig(path, format="png")
    floors = {name.removesuffix(FLOOR): value for name, value in best.items() if name.endswith(FLOOR)}
    value = table.objective.shown(scores[place])
    found = table.folder, rows, table.values_of(best), chosen, table.objective.name, value, floors or None, options
    return Result(*found)


def _reason(trial):
    """The last line of what KerasTuner kept of a failure: the error and its message."""
    lines = [line for line in (trial.message or "").splitlines() if line.strip()]
    return lines[-1].strip() if lines and trial.status.lower() in ("failed", "invalid") else ""


def _last(trial, name):
    return float(trial.metrics.get_history(name)[-1].value[0]) if trial.metrics.exists(name) else math.nan
