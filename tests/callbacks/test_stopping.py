import types

import keras
import numpy as np
import pytest

from keras_gen import callbacks, presets
from keras_gen.callbacks import stopping


def test_the_batch_in_which_the_time_runs_out_is_the_last(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(stopping, "time", types.SimpleNamespace(perf_counter=lambda: next(clock)))
    seen = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    model = presets.build("autoencoder", (4,), latent_dim=2, units=(3,))
    model.compile("adam", run_eagerly=True)
    model.fit(np.zeros((80, 4)), batch_size=8, epochs=5, verbose=0, callbacks=[callbacks.StopAfter(13), count])
    assert len(seen) == 13 and seen[-1] == 2, "ten batches of the first epoch, three of the second"


def test_a_time_that_is_none_is_refused():
    with pytest.raises(ValueError, match="`seconds` must be a finite number >= 0"):
        callbacks.StopAfter(-1)
