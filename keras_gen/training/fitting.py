"""What `fit` does with its data before Keras's own loop begins."""

import itertools

import keras
import numpy as np

from keras_gen.data.pipelines import Pipeline


def is_arrays(x):
    """Whether `x` is plain arrays (numpy, tensors, lists of numbers), not an iterable of batches."""
    if isinstance(x, (tuple, list)):
        return all(is_arrays(part) or np.isscalar(part) for part in x)
    return hasattr(x, "__array__") and not isinstance(x, (Pipeline, keras.utils.PyDataset))


def first_batch(data):
    """The pair (x, y) of the first batch, as numpy, of what can be read twice; `y` is `None` where there is none.

    Args:
        data: A `tf.data.Dataset`, a `keras.utils.PyDataset` or another iterable of batches.

    Returns:
        (x, y); of a generator, which would lose the batch, nothing is read and an empty tuple returned.

    Raises:
        ValueError: If there is no batch.
    """
    if isinstance(data, keras.utils.PyDataset):
        batch = data[0] if data.num_batches else None
    elif data is None or iter(data) is data:
        return ()
    else:
        batch = next(itertools.islice(iter(data), 1), None)
    if batch is None:
        raise ValueError("The dataset must hold at least one batch. Received: an empty dataset")
    x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
    return keras.tree.map_structure(np.asarray, (x, y))


def split_validation(x, y, fraction):
    """The first part of arrays for training, the last `fraction` for validation, as Keras splits them.

    Args:
        x: Array `(n, ...)`.
        y: Labels, or `None`.
        fraction: Number in (0, 1).

    Returns:
        The pair of pairs `((x, y), (x, y))`.

    Raises:
        ValueError: If `x` is no array, or a part would be empty.
    """
    if not is_arrays(x):
        raise ValueError("`validation_split` needs arrays. Received: a dataset; give `validation_data` instead")
    cut = int(np.floor(len(x) * (1 - fraction)))
    if not 0 < cut < len(x):
        raise ValueError(
            f"`validation_split` must leave examples on both sides. Expected: a number in (0, 1). "
            f"Received: {fraction} of {len(x)} examples"
        )
    labels = (None, None) if y is None else (y[:cut], y[cut:])
    return (x[:cut], labels[0]), (x[cut:], labels[1])


class EpochCounter(keras.callbacks.Callback):
    """Keep the model's count of finished epochs, from which the pipeline takes each epoch's order.

    It runs before the user's callbacks, so that what they save at the end of an epoch counts that epoch.
    """

    def __init__(self, owner, pipeline=None):
        super().__init__()
        self.owner, self.pipeline = owner, pipeline

    def first_of(self, callbacks):
        """The callbacks with this one in front, in the form in which they came."""
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.callbacks.insert(0, self)
            return callbacks
        return [self, *keras.tree.flatten(callbacks or [])]

    def on_epoch_begin(self, epoch, logs=None):
        if self.pipeline is not None:
            self.pipeline.epoch.assign(self.owner.epochs_completed)

    def on_epoch_end(self, epoch, logs=None):
        self.owner.epochs_completed += 1
