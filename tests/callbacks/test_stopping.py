import itertools
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


@pytest.mark.parametrize(("seconds", "fitting"), [(6, None), (25, (2.1, 19)), (200, (5, 45))])
def test_an_estimate_leaves_out_the_first_batch(seconds, fitting, monkeypatch, capsys):
    """The first batch takes 5 s, the others 1: after the second, 18 s and the batches of 1.8 epochs are left."""
    times = iter([0, *range(5, 100)])
    monkeypatch.setattr(stopping, "time", types.SimpleNamespace(perf_counter=lambda: next(times)))
    model = presets.build("autoencoder", (4,), latent_dim=2, units=(3,))
    model.compile("adam", run_eagerly=True)
    stop = callbacks.StopAfter(seconds, verbose=1)
    model.fit(np.zeros((72, 4)), batch_size=8, epochs=5, verbose=0, callbacks=[stop])
    expected = fitting and "About 1 s per step: time for about {} of 5 epochs, {} steps.\n".format(*fitting)
    assert capsys.readouterr().out == (expected or "")


@pytest.mark.parametrize(
    ("seconds_of_a_step", "printed"), [(1, ""), (5, "About 5 s per step: about 4 minutes for 5 epochs. Take less.\n")]
)
def test_without_a_limit_a_long_training_is_estimated(seconds_of_a_step, printed, monkeypatch, capsys):
    times = itertools.count(0, seconds_of_a_step)
    monkeypatch.setattr(stopping, "time", types.SimpleNamespace(perf_counter=lambda: next(times)))
    model = presets.build("autoencoder", (4,), latent_dim=2, units=(3,))
    model.compile("adam", run_eagerly=True)
    estimate = callbacks.StopAfter(verbose=1, advice="Take less.")
    history = model.fit(np.zeros((72, 4)), batch_size=8, epochs=5, verbose=0, callbacks=[estimate])
    assert capsys.readouterr().out == printed
    assert len(history.epoch) == 5


def test_a_time_that_is_none_is_refused():
    with pytest.raises(ValueError, match="`seconds` must be a finite number >= 0"):
        callbacks.StopAfter(-1)
