"""Pictures while a model trains."""

from pathlib import Path

import keras

from keras_gen import checks, plots
from keras_gen.files import written_beside


class SampleImages(keras.callbacks.Callback):
    """Write a grid of samples every few epochs, always from the same latents, so that the pictures can be compared.

    Args:
        folder: Where `samples-0001.png`, ... are written, by the number of finished epochs; made if missing.
        every: Epochs between two pictures, an integer >= 1. Defaults to 1.
        n: Number of samples, an integer >= 1. Defaults to 64.
        seed: Integer of the latents. Defaults to 0.
        value_range: The pair (black, white) of the samples. Defaults to `None`, the model's own.

    Raises:
        ValueError: If a number is out of range.

    Example:

    >>> import tempfile, numpy as np
    >>> from keras_gen import presets
    >>> folder = tempfile.mkdtemp()
    >>> vae = presets.build("vae", (8, 8, 1), width=0.1)
    >>> history = vae.fit(np.zeros((64, 8, 8, 1)), epochs=2, callbacks=[SampleImages(folder, every=2)], verbose=0)
    >>> [path.name for path in Path(folder).iterdir()]
    ['samples-0002.png']
    """

    def __init__(self, folder, every=1, n=64, seed=0, value_range=None):
        super().__init__()
        self.folder, self.seed, self.value_range = Path(folder), seed, value_range
        self.every, self.n = checks.integer("every", every), checks.integer("n", n)

    def on_epoch_end(self, epoch, logs=None):
        done = self.model.epochs_completed
        if done % self.every == 0:
            value_range = self.value_range or self.model.value_range or (0, 1)
            figure = plots.image_grid(self.model.sample(self.n, seed=self.seed), value_range=value_range)
            with written_beside(self.folder / f"samples-{done:04d}.png") as path:
                figure.savefig(path)
