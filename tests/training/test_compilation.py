"""Trainings that break off while Python reads their batches ahead."""

import contextlib
import gc
import threading

import keras
import numpy as np
import pytest

from keras_gen.lazy_arrays import LazyArray
from tests import contract
from tests.test_contract import MODELS, SHAPE


class Break(keras.callbacks.Callback):
    """Ends a training after its first step, as `StopAfter` does or by an error."""

    def __init__(self, by_error):
        super().__init__()
        self.by_error = by_error

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = True
        if self.by_error:
            raise InterruptedError


def _collects_garbage_while_it_reads(by_error):
    """Whether the collection ends of which the iterator that reads ahead is a part."""
    collected, broken_off = threading.Event(), threading.Event()

    def read(rows):
        if rows[0] >= 16:  # one of the batches to come
            broken_off.wait(60)
            gc.collect()
            collected.set()
        return np.zeros((len(rows), *SHAPE), "float32")

    images = LazyArray(read, (64, *SHAPE), (0, 1), "images")
    model = contract.built(MODELS["vae"], keras.optimizers.SGD(0.01))
    with contextlib.suppress(InterruptedError):
        model.fit(images, batch_size=8, shuffle=False, callbacks=[Break(by_error)], verbose=0)
    broken_off.set()
    return collected.wait(20)


@pytest.mark.compiled
@pytest.mark.parametrize("by_error", [False, True])
def test_garbage_that_is_collected_by_the_reader_itself_does_not_block_it(by_error):
    assert contract.in_fresh_process(_collects_garbage_while_it_reads, by_error)
