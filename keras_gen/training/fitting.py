"""What `fit` does with its data before Keras's own loop begins."""

import itertools
import math

import keras
import numpy as np
from keras import ops


def unpacked(x, y=None):
    """The pair (x, y) of `fit(x)`, `fit(x, y)` and `fit((x, y))` alike; sample weights are refused.

    Raises:
        ValueError: If there is no data, or there are sample weights.
    """
    if isinstance(x, list) and not any(is_array(part) for part in x):
        x = np.asarray(x)
    if x is None:
        raise ValueError("`x` must be given. Expected: an array or a dataset. Received: None")
    if isinstance(x, (tuple, list)) and y is None and x and is_array(x[0]):
        if len(x) > 2:
            refuse_weights()
        x, y = (*x, None)[:2]
        y = np.asarray(y) if isinstance(y, list) else y
    return x, y


def refuse_weights():
    """Raise, for no loss of the library is weighted by example."""
    raise ValueError("`sample_weight` is not supported. Expected: x, or x and labels. Received: sample weights")


def is_array(x):
    """Whether `x` is one plain array (numpy, a tensor), not an iterable of batches."""
    return hasattr(x, "__array__") and hasattr(x, "shape")


def first_batch(data):
    """The pair (x, y) of the first batch, as numpy, of what can be read again; `y` is `None` where there is none.

    Args:
        data: A `tf.data.Dataset`, a `keras.utils.PyDataset` or another iterable of batches.

    Returns:
        (x, y), or `None` for a generator, which would lose the batch.

    Raises:
        ValueError: If there is no batch, or it has sample weights.
    """
    if isinstance(data, keras.utils.PyDataset):
        batch = None if data.num_batches == 0 else data[0]
    elif iter(data) is data:
        return None
    else:
        batch = next(itertools.islice(iter(data), 1), None)
    if batch is None:
        raise ValueError("The dataset must hold at least one batch. Received: an empty dataset")
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(batch)
    if sample_weight is not None:
        refuse_weights()
    return keras.tree.map_structure(np.asarray, x), None if y is None else keras.tree.map_structure(np.asarray, y)


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
    if not is_array(x):
        raise ValueError("`validation_split` needs arrays. Received: a dataset; give `validation_data` instead")

    def parts(array):
        if array is None:
            return None, None
        cut = math.floor(len(array) * (1 - fraction))
        if not 0 < cut < len(array):
            raise ValueError(
                f"`validation_split` must leave examples on both sides. Expected: a number in (0, 1). "
                f"Received: {fraction} of {len(array)} examples"
            )
        return array[:cut], array[cut:]

    return tuple(zip(parts(x), parts(y), strict=True))


def never_empty(tensor):
    """The tensor, or one example of zeros where it has none, which layers need not expect.

    Example:

    >>> never_empty(ops.ones((2, 3))).shape[0], never_empty(ops.ones((0, 3))).shape[0]
    (2, 1)
    """
    substitute = ops.zeros((1, *tensor.shape[1:]), tensor.dtype)
    return ops.concatenate([tensor, substitute[ops.shape(tensor)[0] :]])


def execution_steps(most, batches=None, steps=None):
    """Batches a call of the training function, so that the calls of an epoch are of about equal length.

    Args:
        most: The largest number allowed.
        batches: Batches of an epoch, where they are known. Defaults to `None`.
        steps: Batches of an epoch that the user asked for of a longer dataset; Keras makes whole calls, so that the
            number must divide them. Defaults to `None`.

    Returns:
        Integer from 1 to `most`.

    Example:

    >>> execution_steps(32, batches=33), execution_steps(32, steps=50), execution_steps(32)
    (17, 25, 32)
    """
    if steps is not None:
        return next(number for number in range(min(most, steps), 0, -1) if steps % number == 0)
    if not batches:
        return most
    return math.ceil(batches / math.ceil(batches / most))


class EpochCounter(keras.callbacks.Callback):
    """Keep the model's count of finished epochs, from which the pipeline takes each epoch's order.

    It runs before the user's callbacks, so that what they save at the end of an epoch counts that epoch.

    Args:
        owner: The model.
        pipeline: The `Pipeline` that it trains on, or `None` for another kind of data.
        own_order: Whether the pipeline's seed is the model's, which a callback may restore as training begins.
    """

    def __init__(self, owner, pipeline, own_order):
        super().__init__()
        self.owner, self.pipeline, self.own_order = owner, pipeline, own_order

    def first_of(self, callbacks):
        """The callbacks with this one in front, in the form in which they came."""
        if isinstance(callbacks, keras.callbacks.CallbackList):
            others = [callback for callback in callbacks.callbacks if not isinstance(callback, EpochCounter)]
            callbacks.callbacks = [self, *others]
            return callbacks
        return [self, *keras.tree.flatten(callbacks or [])]

    def on_epoch_begin(self, epoch, logs=None):
        if self.pipeline is not None:
            if self.own_order:
                self.pipeline.reseed(self.owner.order_seed)
            self.pipeline.epoch.assign(self.owner.epochs_completed)

    def on_epoch_end(self, epoch, logs=None):
        self.owner.epochs_completed += 1
