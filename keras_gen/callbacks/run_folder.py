"""A training run's folder: after every epoch it holds a whole model and the history up to it."""

import csv
from pathlib import Path

import keras

from keras_gen.files import written_beside

MODEL, HISTORY = "model.keras", "history.csv"


class RunFolder(keras.callbacks.Callback):
    """Keep `history.csv` and `model.keras` of a run up to date, at every moment complete and in step.

    The history is written first: if the run is killed between the two, `resume` drops the row that the model has not
    seen. Put it last among the callbacks, so that it records what the others add to the logs.

    Args:
        folder: The run's folder; made if missing.

    Example:

    >>> import tempfile, numpy as np
    >>> from keras_gen import presets
    >>> vae, run = presets.build("vae", (8, 8, 1), width=0.1), RunFolder(tempfile.mkdtemp())
    >>> history = vae.fit(np.zeros((64, 8, 8, 1)), epochs=2, callbacks=[run], verbose=0)
    >>> [row["epoch"] for row in run.rows]
    [1, 2]
    """

    def __init__(self, folder):
        super().__init__()
        self.folder = Path(folder)
        self.rows = []

    @property
    def model_path(self):
        """Where the model is."""
        return self.folder / MODEL

    def history(self):
        """The rows as a dict from a name to a list, as `fit` returns it."""
        return {name: [float(row[name]) for row in self.rows] for name in (self.rows or [{}])[0] if name != "epoch"}

    def resume(self, epochs_completed):
        """Take up the rows of the epochs that the saved model has finished."""
        path = self.folder / HISTORY
        if path.exists():
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
            self.rows = [{**row, "epoch": int(row["epoch"])} for row in rows if int(row["epoch"]) <= epochs_completed]

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append({"epoch": self.model.epochs_completed, **{k: float(v) for k, v in (logs or {}).items()}})
        with written_beside(self.folder / HISTORY) as path, path.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(self.rows[0]), extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self.rows)
        self.model.save(self.model_path)
