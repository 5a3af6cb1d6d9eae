"""A training run's folder: after every epoch it holds a complete model and its history."""

import csv
import math
import warnings
from pathlib import Path

import keras

from keras_gen import checks
from keras_gen.files import MODEL, SETTINGS, TRIAL, atomic_write, require_folder
from keras_gen.reports import counted
from keras_gen.training.soundness import infinite_weights

HISTORY = "history.csv"
_DIVERGED = 1e4  # times the first loss: a diverged one that is still finite


class RunFolder(keras.callbacks.Callback):
    """Keep `history.csv` and `model.keras` of a run up to date: complete and consistent at any moment.

    The history is written first: if the run is killed between the two, `resume` drops the row that the model has not
    seen. Put it last among the callbacks, so it records what the others add to the logs.

    Args:
        folder: The run's folder; made if missing.
        every: Epochs between two writings, an integer >= 1; the last epoch of a `fit` is always written. Defaults to 1.

    Raises:
        ValueError: If the folder is a file; at the end of an epoch whose losses or weights are not finite, or whose
            loss is more than 10,000 times that of the first epoch (or of the untrained model, in a run of `train`), and
            more than 10,000; or if another writer has replaced the history since it was written.

    Example:

    >>> import tempfile, numpy as np
    >>> from keras_gen import presets
    >>> vae, run = presets.build("vae", (8, 8, 1), width=0.1), RunFolder(tempfile.mkdtemp())
    >>> history = vae.fit(np.zeros((64, 8, 8, 1)), epochs=2, callbacks=[run], verbose=0)
    >>> [row["epoch"] for row in run.rows]
    [1, 2]
    """

    def __init__(self, folder, every=1):
        super().__init__()
        require_folder("`folder`", folder)
        self.folder, self.every = Path(folder), checks.integer("every", every)
        self.rows, self.settings, self._largest, self._written = [], None, None, None

    @property
    def model_path(self):
        """Where the model is."""
        return self.folder / MODEL

    def history(self):
        """The rows as a dict from a name to a list, as `fit` returns it; NaN where an epoch did not log the name."""
        names = [name for name in self._names() if name != "epoch"]
        return {name: [float("nan" if row.get(name, "") == "" else row[name]) for row in self.rows] for name in names}

    def _names(self):
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def resume(self, epochs_completed):
        """Read the rows of the epochs that the saved model has finished; it is warned of those that are lost."""
        rows = _read_rows(self.folder / HISTORY)
        self.rows = [rows[epoch] for epoch in sorted(rows) if epoch <= epochs_completed]
        if lost := epochs_completed - len(self.rows):
            warnings.warn(
                f"'{self.folder / HISTORY}' lacks {counted(lost, 'epoch')} of the {epochs_completed} that the model "
                "has finished; the run goes on without",
                stacklevel=2,
            )

    def try_out(self, model, batches):
        """Save a model under another name and remove it: a folder that cannot hold it is found before the training.

        Its loss on a first batch is what later losses are compared with.
        """
        path = self.model_path.with_stem(TRIAL)
        model.save(path)
        path.unlink()
        loss = model.evaluate(batches, steps=1, verbose=0, return_dict=True)["loss"]
        self._largest = _limit(loss)

    def on_epoch_end(self, epoch, logs=None):
        logs = {name: float(value) for name, value in (logs or {}).items()}
        self._require_sound(epoch, logs)
        self.rows.append({"epoch": self.model.epochs_completed, **logs})
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if last or self.rows[-1]["epoch"] % self.every == 0:
            self._write()

    def _require_sound(self, epoch, logs):
        """Raise a `ValueError` if losses or weights are not finite, or if the loss is far above the untrained one."""
        own = {mean.name for mean in self.model.metrics}
        ruined = {name: v for name, v in logs.items() if name.removeprefix("val_") in own and not math.isfinite(v)}
        largest = _limit(self.rows[0].get("loss") or 0.0) if self._largest is None and self.rows else self._largest
        if largest is not None:
            ruined |= {name: logs[name] for name in ("loss", "val_loss") if abs(logs.get(name, 0.0)) > largest}
        received = [f"{name}={value:.4g}" for name, value in ruined.items()]
        received += [f"weights of {name} that are not" for name in infinite_weights(self.model)][:1]
        if received:
            half = any(layer.compute_dtype == "float16" for layer in self.model._flatten_layers())
            raise ValueError(
                f"Training diverged in epoch {epoch + 1}, which is not kept. Expected: finite losses and weights, "
                + (f"and a loss of at most {largest:.4g}, " if largest is not None else "")
                + "by a lower learning rate or smaller weights of penalties"
                + (", or by bfloat16 or float32: float16 ends at 65,504" if half else "")
                + f". Received: {', '.join(received)}"
            )

    def _write(self):
        if self.settings is not None and not (self.folder / SETTINGS).exists():  # somebody has removed the folder
            self.settings.write(self.folder)
        history = self.folder / HISTORY
        if self._written is not None and history.exists() and history.read_bytes() != self._written:
            raise ValueError(
                f"'{history}' has been written by another process or run since the last epoch. Expected: one writer to "
                "a folder, and another folder for this run"
            )
        with atomic_write(history) as path:
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, fieldnames=self._names())
                writer.writeheader()
                writer.writerows(self.rows)
            self._written = path.read_bytes()
        self.model.save(self.model_path)


def _limit(loss):
    """The largest absolute loss of a training that began with `loss` and has not diverged."""
    return _DIVERGED * max(1.0, abs(loss))


def _read_rows(path):
    """The rows of a history by their epoch, a dict of dicts; of an epoch that is there twice, the last."""
    if not path.exists():
        return {}
    try:
        if not path.is_file():
            raise ValueError("not a file")
        with path.open(newline="") as file:
            rows = [
                {name: float(value) if value else "" for name, value in row.items()} for row in csv.DictReader(file)
            ]
        return {int(row["epoch"]): {**row, "epoch": int(row["epoch"])} for row in rows}
    except (ValueError, KeyError, TypeError, OverflowError, csv.Error) as error:
        reason = f"no column {error}" if isinstance(error, KeyError) else error
        raise ValueError(
            f"'{path}' is damaged: {reason}. Expected: the table that the run wrote, or no file: the run goes on "
            "without it"
        ) from None
