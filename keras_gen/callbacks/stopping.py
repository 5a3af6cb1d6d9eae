"""Stopping a training after a time."""

import time

import keras

from keras_gen import checks
from keras_gen.callbacks.epoch_lines import ends_open_line

_ENOUGH = 1.0  # seconds of steps that give an estimate


class StopAfter(keras.callbacks.Callback):
    """End a training after a time, to compare models that were trained equally long.

    Args:
        seconds: Seconds from the start of training, a number >= 0; the batch in which they run out is the last.
        verbose: 1 to print, a second or more after the first batch, how many epochs there is time for; 0 for silence.
            Defaults to 0.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> vae = presets.build("vae", (8, 8, 1), width=0.1)
    >>> vae.fit(np.zeros((64, 8, 8, 1)), epochs=1000, verbose=0, callbacks=[StopAfter(0)]).epoch
    [0]
    """

    def __init__(self, seconds, verbose=0):
        super().__init__()
        self.seconds, self.verbose = checks.number("seconds", seconds), verbose

    def on_train_begin(self, logs=None):
        self.start, self._first, self._estimated = time.perf_counter(), None, not self.verbose

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        if now - self.start >= self.seconds:
            self.model.stop_training = self._estimated = True
        if self._first is None:
            self._first = now, batch
        elif not self._estimated and self.params.get("steps") and now - self._first[0] >= _ENOUGH:
            self._estimated = True
            self._estimate(now, (now - self._first[0]) / (batch - self._first[1]))

    def on_epoch_end(self, epoch, logs=None):
        if not self._estimated:
            self._first = None  # the next epoch counts its batches anew

    def _estimate(self, now, seconds_of_a_batch):
        """Print how many epochs there is time for; the first batch, which is compiled, took longer than the others."""
        batches, asked = (self.start + self.seconds - now) / seconds_of_a_batch, self.params["epochs"]
        epochs = min(batches / self.params["steps"], asked)
        line = f"About {seconds_of_a_batch:.2g} s a step: time for about {epochs:.2g} of {asked} epochs."
        print(ends_open_line(self.params) + line)
