"""Stopping training after a given time, and estimates of the time that it takes."""

import time

import keras

from keras_gen import checks
from keras_gen.callbacks.epoch_lines import ends_open_line
from keras_gen.reports import counted

_ENOUGH = 1.0  # seconds of steps that give an estimate
_LONG = 2.0  # minutes from which training is worth an estimate


class StopAfter(keras.callbacks.Callback):
    """End training after a given time, or estimate the time that it takes.

    Args:
        seconds: Seconds from the start of training, a number >= 0; the batch in which they run out is the last.
            Defaults to `None`: no limit.
        verbose: 1 to print an estimate, a second or more after the first batch: how many epochs there is time for or,
            without a limit, how long training takes if that is more than two minutes; 0 for silence. Defaults to 0.
        advice: Text to print after the estimate, without a limit. Defaults to `""`.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> vae = presets.build("vae", (8, 8, 1), width=0.1)
    >>> vae.fit(np.zeros((64, 8, 8, 1)), epochs=1000, verbose=0, callbacks=[StopAfter(0)]).epoch
    [0]
    """

    def __init__(self, seconds=None, verbose=0, advice=""):
        super().__init__()
        self.seconds = None if seconds is None else checks.number("seconds", seconds)
        self.verbose, self.advice = verbose, advice

    def on_train_begin(self, logs=None):
        self.start, self._first, self._estimated = time.perf_counter(), None, not self.verbose

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        now = time.perf_counter()
        if self.seconds is not None and now - self.start >= self.seconds:
            self.model.stop_training = self._estimated = True
        if self._first is None:
            self._first = now, batch
        elif not self._estimated and self.params.get("steps") and now - self._first[0] >= _ENOUGH:
            self._estimated = True
            self._estimate(now, (now - self._first[0]) / (batch - self._first[1]))

    def on_epoch_end(self, epoch, logs=None):
        if not self._estimated:
            self._first = None  # the next epoch counts its batches from 0

    def _estimate(self, now, seconds_of_a_batch):
        """Print an estimate; the first batch, which is compiled, took longer than the others."""
        steps, asked = self.params["steps"], self.params["epochs"]
        if self.seconds is None:
            epochs = asked - self._epoch
            minutes = epochs * steps * seconds_of_a_batch / 60
            if minutes < _LONG:
                return
            text = f"about {minutes:.0f} minutes for {counted(epochs, 'epoch')}.{self.advice and ' '}{self.advice}"
        else:
            epochs = min((self.start + self.seconds - now) / seconds_of_a_batch / steps, asked)
            text = (
                f"time for about {epochs:.2g} of {counted(asked, 'epoch')}, {counted(round(epochs * steps), 'step')}."
            )
        print(f"{ends_open_line(self.params)}About {seconds_of_a_batch:.2g} s per step: {text}", flush=True)
