"""The calls of the training function in an epoch: how many batches each takes, what is counted and shown."""

import math

import keras


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
        batches: The `Batches` that it trains on.
    """

    def __init__(self, owner, batches):
        super().__init__()
        self.owner, self.pipeline, self.own_order = owner, batches.pipeline, batches.own_order

    def with_others(self, callbacks, verbose):
        """The callbacks with this one in front, and with a progress bar behind them unless they come as a whole.

        Args:
            callbacks: A callback, a list of them, a `keras.callbacks.CallbackList`, or `None`.
            verbose: As in `keras.Model.fit`.

        Returns:
            What `keras.Model.fit` takes as `callbacks`.
        """
        if isinstance(callbacks, keras.callbacks.CallbackList):
            others = [callback for callback in callbacks.callbacks if not isinstance(callback, EpochCounter)]
            callbacks.callbacks = [self, *others]
            return callbacks
        callbacks = keras.tree.flatten(callbacks or [])
        has_bar = verbose in (0, "0") or any(isinstance(one, keras.callbacks.ProgbarLogger) for one in callbacks)
        return [self, *callbacks, *([] if has_bar else [ProgressBar()])]

    def on_epoch_begin(self, epoch, logs=None):
        if self.pipeline is not None:
            if self.own_order:
                self.pipeline.reseed(self.owner.order_seed)
            self.pipeline.epoch.assign(self.owner.epochs_completed)

    def on_epoch_end(self, epoch, logs=None):
        self.owner.epochs_completed += 1


class ProgressBar(keras.callbacks.ProgbarLogger):
    """Keras's progress bar, which does not run past the end where the last call takes fewer batches than the others."""

    async_safe = True  # as Keras's own, which runs in a thread of its own

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch if self.target is None else min(batch, self.target - 1), logs)
