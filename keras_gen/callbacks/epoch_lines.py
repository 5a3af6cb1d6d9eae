"""The progress of a training as plain lines."""

import sys
import time

import keras
import numpy as np


class EpochLines(keras.callbacks.Callback):
    """Print one line after each epoch: its number, its seconds and what was logged.

    Unlike a progress bar, the line has no control characters, so it can be written to a file.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> vae = presets.build("vae", (8, 8, 1), width=0.1)
    >>> history = vae.fit(np.zeros((64, 8, 8, 1)), epochs=2, callbacks=[EpochLines()], verbose=0)  # doctest: +ELLIPSIS
    Epoch 1/2 (...): kl ..., loss ..., reconstruction ...
    Epoch 2/2 (...): kl ..., loss ..., reconstruction ...
    """

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self._start
        print(f"Epoch {epoch + 1}/{self.params['epochs']} ({seconds:.1f} s): {listed(logs or {})}", flush=True)


def listed(values):
    """A dict as text: names, each followed by its value.

    Example:

    >>> listed({"kl": 3.14159, "latent_dim": 2})
    'kl 3.142, latent_dim 2'
    """
    return ", ".join(f"{name} {short(value)}" for name, value in values.items())


def short(value):
    """A value as text; four digits of a float."""
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)


def progress(verbose):
    """The arguments of `fit` that report its progress.

    Args:
        verbose: As in `keras.Model.fit`, except that `"auto"` stands for `EpochLines` if standard output is not a
            terminal.

    Returns:
        The pair (argument `verbose`, list of callbacks) of `fit`.

    Example:

    >>> progress(1)
    (1, [])
    """
    if verbose == "auto" and not sys.stdout.isatty():
        return 0, [EpochLines()]
    return verbose, []


def ends_open_line(params):
    """A line break if a progress bar, which comes after the user's callbacks, has not ended its own line, else ""."""
    return "\n" if params.get("verbose") in (1, "auto") else ""
