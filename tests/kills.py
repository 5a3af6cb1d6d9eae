"""Keras callbacks that end processes in the middle of a training, which workers of a search import."""

import os
import signal
from pathlib import Path

import keras


class Kill(keras.callbacks.Callback):
    """Note each training in a file, and kill a process in the first one.

    Args:
        folder: The folder of the notes, one per training, named by its process.
        parent: Whether the parent of the training process is killed, instead of that itself.
    """

    def __init__(self, folder, parent=False):
        super().__init__()
        self.folder, self.parent = folder, parent

    def on_train_begin(self, logs=None):
        place = len(list(Path(self.folder).glob("*")))
        (Path(self.folder) / f"{place}-{os.getpid()}").touch()
        try:
            os.close(os.open(f"{self.folder}.killed", os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        os.kill(os.getppid() if self.parent else os.getpid(), signal.SIGKILL)
        if self.parent:
            signal.pause()  # until this process ends because its parent has
