"""The calls of the training function in an epoch: how many batches each takes, what is counted and shown."""

import contextlib
import math
import warnings

import keras

from keras_gen.training.persistence import NOT_BEGUN, PlaceInEpoch


def execution_steps(limit, batches=None, steps=None):
    """Number of batches per call, 1 to `limit`, for calls of about equal length.

    `batches` is the number in an epoch, if known; `steps` is the `steps_per_epoch` that the user asked for, which the
    result divides, because Keras makes whole calls.
    """
    if steps is not None:
        return next(number for number in range(min(limit, steps), 0, -1) if steps % number == 0)
    if not batches:
        return limit
    return math.ceil(batches / math.ceil(batches / limit))


@contextlib.contextmanager
def resumed_epoch(first):
    """Hide Keras's warning of an epoch with fewer batches than the others, if a `fit` begins with the batch `first`."""
    with warnings.catch_warnings() if first else contextlib.nullcontext():
        if first:
            warnings.filterwarnings("ignore", "Your input ran out of data")
        yield


class EpochCounter(keras.callbacks.Callback):
    """Keep the count of finished epochs of a model, its `owner`, from which the pipeline takes each epoch's order.

    It runs before the user's callbacks, so that what they save at the end of an epoch counts that epoch.
    """

    def __init__(self, owner, batches):
        super().__init__()
        self.owner, self.pipeline, self.own_order = owner, batches.pipeline, batches.own_order
        self._first = batches.first

    def callback_list(self, callbacks, verbose):
        """The `callbacks` of `fit` with this one first, and a progress bar last unless they are a `CallbackList`."""
        if isinstance(callbacks, keras.callbacks.CallbackList):
            others = [callback for callback in callbacks.callbacks if not isinstance(callback, EpochCounter)]
            callbacks.callbacks = [self, *others]
            return callbacks
        callbacks = keras.tree.flatten(callbacks or [])
        has_bar = verbose == 0 or any(isinstance(one, keras.callbacks.ProgbarLogger) for one in callbacks)
        return [self, *callbacks, *([] if has_bar else [ProgressBar()])]

    def on_train_begin(self, logs=None):
        self.owner.place_in_epoch = NOT_BEGUN

    def on_epoch_begin(self, epoch, logs=None):
        if self.pipeline is not None:
            if self.own_order:
                self.pipeline.reseed(self.owner.order_seed)
            self.pipeline.epoch.assign(self.owner.epochs_completed)
            self.pipeline.first.assign(self._first)
            self.owner.place_in_epoch = PlaceInEpoch(0, self.pipeline.size, self.pipeline.batch_size)
        if self._first:  # the means of an epoch that is resumed, which Keras has reset
            for variable, value in zip(self.owner.means_of_epoch(), self.owner.saved_means, strict=True):
                variable.assign(value)
        self.owner.epoch_begun_at, self._first = self._first, 0

    def on_epoch_end(self, epoch, logs=None):
        self.owner.epochs_completed += 1
        self.owner.place_in_epoch = NOT_BEGUN


class ProgressBar(keras.callbacks.ProgbarLogger):
    """Keras's progress bar, which does not run past the end if the last call takes fewer batches than the others."""

    async_safe = True  # as Keras's own bar, which may run in its own thread

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch if self.target is None else min(batch, self.target - 1), logs)
