"""The result of a search: the best model, a table and pictures."""

import csv
import dataclasses
import math
from pathlib import Path

import numpy as np

from keras_gen import plots
from keras_gen.files import atomic_write
from keras_gen.models.batches import by_batch
from keras_gen.reports import counted
from keras_gen.runs.loading import load_run
from keras_gen.tuning.space import one_standard_error

TABLE = "trials.csv"
_BATCH = 1000
LAST = ("status", "error", "standard_error", "reason")  # the last columns of the table


@dataclasses.dataclass(frozen=True)
class Result:
    """The result of a search.

    Args:
        folder: The folder of a run of the best model, which also holds `trials.csv` and pictures.
        rows: List of dicts, one per trial: its number from 1 on, its values, its `status`, `error` and
            `standard_error`, which are NaN for a failed trial, and the `reason` of its failure.
        best: Dict of the values of the trial with the smallest objective.
        chosen: Dict from each range of numbers to its value by `one_standard_error`.

    Example:

    >>> Result(Path("."), [], {"latent_dim": 32}, {"latent_dim": 8}).chosen["latent_dim"]
    8
    """

    folder: Path
    rows: list
    best: dict
    chosen: dict

    def model(self):
        """The best model, with its optimizers."""
        return load_run(self.folder).model

    def error(self, inputs, targets=None):
        """The best model's squared error, summed over an example's dimensions, mean over the examples `(n, *shape)`.

        `targets` are the right outputs, by default the inputs.
        """
        return float(squared_errors(self.model(), inputs, inputs if targets is None else targets).mean())


def squared_errors(model, inputs, targets):
    """Each example's squared error, summed over its dimensions: float64 array `(n,)`."""
    # Not by `predict`, which traces a graph for each new model; NaN if the model diverged
    (outputs,) = by_batch(lambda rows: model(np.asarray(rows, "float32"), training=False), _BATCH, inputs)
    return np.square((np.asarray(targets, "float32") - outputs).astype("float64")).reshape(len(inputs), -1).sum(axis=1)


def write_table(folder, oracle):
    """Write the table of the trials in KerasTuner's oracle.

    Returns:
        The pair of its rows, as in `Result`, and the list of their objectives, which are NaN for failed trials.
    """
    rows, scores = [], []
    for trial in sorted(oracle.trials.values(), key=lambda trial: int(trial.trial_id)):
        values = {name: value for name, value in trial.hyperparameters.values.items() if "/" not in name}
        error, deviation = (_last(trial, name) for name in ("error", "standard_error"))
        rows.append({"trial": int(trial.trial_id) + 1, **values, "status": trial.status.lower()})
        rows[-1].update(error=error, standard_error=deviation, reason=_reason(trial))
        scores.append(_last(trial, oracle.objective.name))
    columns = list(dict.fromkeys(name for row in rows for name in row if name not in LAST)) + list(LAST)
    with atomic_write(folder / TABLE) as path, path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return rows, scores


def write_result(folder, oracle, ranges):
    """Write the table and the pictures of the trials in KerasTuner's oracle, and return the `Result`."""
    rows, scores = write_table(folder, oracle)
    if not np.isfinite(scores).any():
        raise ValueError(
            f"Every trial of the search in '{folder}' failed. Received: {counted(len(rows), 'trial')}, see {TABLE}; "
            f"the last: {rows[-1]['reason']}"
        )
    best, chosen = rows[int(np.nanargmin(scores))], {}
    done = [row for row in rows if math.isfinite(row["error"])]
    for name in (range_.name for range_ in ranges if range_.numeric and range_.name != "nodes"):
        curve = [[row[key] for row in done] for key in (name, "error", "standard_error")]
        chosen[name] = one_standard_error(*curve)
        with atomic_write(folder / f"error_against_{name}.png") as path:
            plots.error_against(name, *curve, chosen=chosen[name]).savefig(path, format="png")
    return Result(folder, rows, {name: best[name] for name in best if name not in ("trial", *LAST)}, chosen)


def _reason(trial):
    """The last line of what KerasTuner kept of a failure: the error and its message."""
    lines = [line for line in (trial.message or "").splitlines() if line.strip()]
    return lines[-1].strip() if lines and trial.status.lower() in ("failed", "invalid") else ""


def _last(trial, name):
    return float(trial.metrics.get_history(name)[-1].value[0]) if trial.metrics.exists(name) else math.nan
