"""Saving within an epoch, for epochs that take hours."""

from pathlib import Path

import keras

from keras_gen import checks
from keras_gen.training.soundness import infinite_weights


class StepCheckpoint(keras.callbacks.Callback):
    """Save the model every so many steps with its place in the epoch, from which `fit` goes on after a load.

    A `fit` of the loaded model on the same arrays or `data.Pipeline`, with the same batch size, begins with the next
    batch of the epoch and ends, bit for bit, as an unbroken one; of that epoch, metrics of `compile` count the batches
    that are left. The end of an epoch is not saved: `RunFolder` or
    `keras.callbacks.ModelCheckpoint` does that. Put it after the callbacks that change the model in each step.

    Args:
        path: Path of the file, which ends in `.keras`.
        every: Steps between two savings, an integer >= 1.
        verbose: 1 for a line when `fit` goes on within an epoch, 0 for silence. Defaults to 0.

    Raises:
        ValueError: When weights are not finite; the older file stays. In `fit` on another dataset than arrays or a
            pipeline of `keras_gen.data`.

    Example:

    >>> import tempfile, numpy as np
    >>> from keras_gen import load_model, presets
    >>> path, vae = f"{tempfile.mkdtemp()}/vae.keras", presets.build("vae", (8, 8, 1), width=0.1)
    >>> history = vae.fit(np.zeros((70, 8, 8, 1)), batch_size=10, callbacks=[StepCheckpoint(path, every=3)], verbose=0)
    >>> load_model(path).place_in_epoch.steps > 0
    True
    """

    def __init__(self, path, every, verbose=0):
        super().__init__()
        self.path, self.every, self.verbose = Path(path), checks.integer("every", every), verbose

    def on_epoch_begin(self, epoch, logs=None):
        if not self.model.place_in_epoch.size:
            raise ValueError(
                "`StepCheckpoint` needs data whose order it can find again. Expected: arrays, or a pipeline of "
                "`keras_gen.data`. Received: another dataset"
            )
        self._saved = self.model.epoch_begun_at
        if self.verbose and self._saved:
            print(f"Continues with step {self._saved + 1} of epoch {self.model.epochs_completed + 1}", flush=True)

    def on_train_batch_end(self, batch, logs=None):
        place, done = self.model.place_in_epoch, self.model.epoch_begun_at + batch + 1
        is_last = self.params["steps"] is None or done >= self.params["steps"]
        if is_last or done // self.every == self._saved // self.every:
            return
        if names := infinite_weights(self.model):
            raise ValueError(
                f"Training diverged after {done} steps of the epoch, which are not kept. Expected: finite weights, by "
                f"a lower learning rate. Received: weights of {names[0]} that are not"
            )
        self.model.place_in_epoch = place._replace(steps=done)
        try:
            self.model.save(self.path)
        finally:
            self.model.place_in_epoch = place
        self._saved = done
