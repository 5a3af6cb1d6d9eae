"""Pictures while a model trains."""

import math
from pathlib import Path

import keras
import numpy as np

from keras_gen import checks, plots
from keras_gen.files import atomic_write
from keras_gen.reports import counted
from keras_gen.training.tasks import require_task

_CLASSES, _COLUMNS = 40, 10  # rows of samples of one class, and the samples in each
_WIDEST = 32  # samples of one class in a row of its own


class SampleImages(keras.callbacks.Callback):
    """Write a grid of samples every few epochs, always from the same latents, so the pictures can be compared.

    Args:
        folder: Where `samples-0001.png`, ... are written, by the number of finished epochs; made if missing.
        every: Epochs between two pictures, an integer >= 1. Defaults to 1.
        n: Number of samples, an integer >= 1. Defaults to 64.
        seed: Integer of the latents. Defaults to 0.
        value_range: The pair (black, white) of the samples. Defaults to `None`, the model's own.
        class_names: Names of the classes 0, 1, ... of a conditional model: instead of `n` samples, each of the first 40
            classes has a row of ten with its name. Defaults to (): no rows.

    Raises:
        ValueError: As `fit` begins, if the model does not sample, or has fewer classes.

    Example:

    >>> import tempfile, numpy as np
    >>> from keras_gen import presets
    >>> folder = tempfile.mkdtemp()
    >>> vae = presets.build("vae", (8, 8, 1), width=0.1)
    >>> history = vae.fit(np.zeros((64, 8, 8, 1)), epochs=2, callbacks=[SampleImages(folder, every=2)], verbose=0)
    >>> [path.name for path in Path(folder).iterdir()]
    ['samples-0002.png']
    """

    def __init__(self, folder, every=1, n=64, seed=0, value_range=None, class_names=()):
        super().__init__()
        self.folder, self.value_range, self.class_names = Path(folder), value_range, tuple(class_names)
        self.every, self.n = checks.integer("every", every), checks.integer("n", n)
        self.seed = checks.integer("seed", seed, minimum=0)

    def on_train_begin(self, logs=None):
        require_task("`SampleImages`", self.model, "sample")
        classes = self.model.num_classes if self.model.uses_labels else 0
        if len(self.class_names) > classes:
            raise ValueError(
                f"`class_names` must be those of the model's classes. Expected: at most {classes} names. "
                f"Received: {len(self.class_names)}"
            )

    def on_epoch_end(self, epoch, logs=None):
        done = self.model.epochs_completed
        if done % self.every == 0:
            figure = sample_grid(self.model, self.n, self.seed, self.class_names, self.value_range)
            with atomic_write(self.folder / f"samples-{done:04d}.png") as path:
                figure.savefig(path)


def sample_grid(model, n=64, seed=None, class_names=(), value_range=None):
    """A figure of samples, with the arguments of `SampleImages`."""
    names = tuple(class_names[:_CLASSES])
    if not names:
        return sample_rows(model, n, seed, value_range=value_range)
    labels = np.tile(np.arange(len(names)), _COLUMNS)
    return sample_rows(model, len(labels), seed, labels, names, value_range)


def sample_rows(model, n, seed=None, labels=None, class_names=(), value_range=None):
    """A figure of n samples, titled with the model and its epochs; each of two to 40 classes has a row.

    Args:
        model: A model that samples.
        n: Number of samples, an integer >= 1.
        seed: Integer of the latents, or `None`. Defaults to `None`.
        labels: The labels `(n,)` of classes in turn, for a conditional model. Defaults to `None`.
        class_names: The names of these classes, in their order. Defaults to ().
        value_range: The pair (black, white) of the samples. Defaults to `None`, the model's own.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    images = model.sample(n, seed=seed, **({} if labels is None else {"labels": labels}))
    value_range = value_range or model.value_range or (0, 1)
    title = f"samples of {type(model).__name__} after {counted(model.epochs_completed, 'epoch')}"
    names = [str(name) for name in class_names[:n]]  # those that have a sample
    classes = len(names)
    if classes == 1:
        title += f", class {names[0]}"
    elif classes > _CLASSES:
        title += f", classes in turn: {', '.join(names[:_COLUMNS])}, ..."
    if not 2 <= classes <= _CLASSES:
        return plots.image_grid(images, None, value_range, title)
    rows = math.ceil(n / classes / _WIDEST)  # of each class
    columns = math.ceil(n / classes / rows)
    sheet = np.full((classes, rows * columns, *images.shape[1:]), value_range[1], images.dtype)  # white, as paper
    for place in range(classes):
        own = images[place::classes]
        sheet[place, : len(own)] = own
    row_names = [text for name in names for text in (name, *[""] * (rows - 1))]
    return plots.image_grid(sheet.reshape(-1, *images.shape[1:]), columns, value_range, title, row_names)


class TranslationImages(keras.callbacks.Callback):
    """Write a CycleGAN's translations of the same images every few epochs: to the other set, and back.

    Args:
        folder: Where `x-to-y-0001.png`, `y-to-x-0001.png`, ... are written, by the number of finished epochs; made if
            missing.
        x, y: Arrays `(n, *shape)` of a few images of each set.
        every: Epochs between two pictures, an integer >= 1. Defaults to 1.

    Raises:
        ValueError: As `fit` begins, if the model does not translate such images.

    Example:

    >>> import tempfile
    >>> from keras_gen import presets
    >>> x, y, folder = np.zeros((2, 8, 8, 1)), np.full((2, 8, 8, 1), -1.0), tempfile.mkdtemp()
    >>> gan = presets.build("cyclegan", (8, 8, 1), width=0.05, blocks=1)
    >>> gan.fit(x - 0.5, y, batch_size=1, callbacks=[TranslationImages(folder, x, y)], verbose=0).epoch
    [0]
    >>> sorted(path.name for path in Path(folder).iterdir())
    ['x-to-y-0001.png', 'y-to-x-0001.png']
    """

    def __init__(self, folder, x, y, every=1):
        super().__init__()
        self.folder, self.every = Path(folder), checks.integer("every", every)
        self.x, self.y = np.asarray(x, "float32"), np.asarray(y, "float32")

    def on_train_begin(self, logs=None):
        require_task("`TranslationImages`", self.model, "translate")
        try:
            self.model.data_description.check(self.x, self.y)
        except ValueError as error:
            raise ValueError(f"`TranslationImages` got images that do not fit. {error}") from None

    def on_epoch_end(self, epoch, logs=None):
        done = self.model.epochs_completed
        if done % self.every == 0:
            for name, figure in plots.translations(self.model, self.x, self.y).items():
                with atomic_write(self.folder / f"{name}-{done:04d}.png") as path:
                    figure.savefig(path)
