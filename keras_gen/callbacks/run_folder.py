"""A training run's folder: after every epoch it holds a complete model and its history."""

import csv
import math
from pathlib import Path

import keras

from keras_gen import checks
from keras_gen.files import MODEL, atomic_write

HISTORY = "history.csv"


class RunFolder(keras.callbacks.Callback):
    """Keep `history.csv` and `model.keras` of a run up to date: complete and consistent at any moment.

    The history is written first: if the run is killed between the two, `resume` drops the row that the model has not
    seen. Put it last among the callbacks, so it records what the others add to the logs.

    Args:
        folder: The run's folder; made if missing.
        every: Epochs between two writings, an integer >= 1; the last epoch of a `fit` is always written. Defaults to 1.

    Raises:
        ValueError: At the end of an epoch whose loss is not finite.

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
        self.folder, self.every = Path(folder), checks.integer("every", every)
        self.rows = []

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
        """Read the rows of the epochs that the saved model has finished."""
        path = self.folder / HISTORY
        if path.exists():
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
            if rows and "epoch" not in rows[0]:
                raise ValueError(f"'{path}' must be a history. Expected: a column 'epoch'. Received: {list(rows[0])}")
            self.rows = [{**row, "epoch": int(row["epoch"])} for row in rows if int(row["epoch"]) <= epochs_completed]

    def on_epoch_end(self, epoch, logs=None):
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            raise ValueError(
                f"Training diverged: the loss is not finite in epoch {epoch + 1}, which is not kept. "
                f"Expected: a lower learning rate, or smaller weights of penalties. Received: loss={loss}"
            )
        self.rows.append({"epoch": self.model.epochs_completed, **{k: float(v) for k, v in (logs or {}).items()}})
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if last or self.rows[-1]["epoch"] % self.every == 0:
            self._write()

    def _write(self):
        with atomic_write(self.folder / HISTORY) as path, path.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=self._names())
            writer.writeheader()
            writer.writerows(self.rows)
        self.model.save(self.model_path)
