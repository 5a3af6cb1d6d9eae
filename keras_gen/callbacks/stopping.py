"""Stopping a training after a time."""

import time

import keras

from keras_gen import checks


class StopAfter(keras.callbacks.Callback):
    """End a training after a time, to compare models that were trained equally long.

    Args:
        seconds: Seconds from the start of training, a number >= 0; the batch in which they run out is the last.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> vae = presets.build("vae", (8, 8, 1), width=0.1)
    >>> vae.fit(np.zeros((64, 8, 8, 1)), epochs=1000, verbose=0, callbacks=[StopAfter(0)]).epoch
    [0]
    """

    def __init__(self, seconds):
        super().__init__()
        self.seconds = checks.number("seconds", seconds)

    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if time.perf_counter() - self.start >= self.seconds:
            self.model.stop_training = True
