import functools
import json
from types import SimpleNamespace

import filelock
import pytest

from keras_gen import load_model, presets
from keras_gen.runs.settings import Settings
from keras_gen.tuning.best import BestModel


def test_only_a_better_model_replaces_the_one_that_is_kept_by_whichever_process(tmp_path):
    models = {size: presets.build("autoencoder", (4,), latent_dim=size, units=()) for size in (1, 2, 3)}
    trials = ((5.0, 4, 1, 1), (6.0, 1, 2, 1), (5.0, 5, 2, 1), (5.0, 3, 3, 3), (4.0, 6, 2, 2), (4.0, 7, 1, 2))
    for score, trial, size, kept in trials:
        best = BestModel(tmp_path)  # of another process
        best.keep_if_better(score, trial, models[size], Settings("autoencoder", options={"latent_dim": size}))
        assert load_model(tmp_path).code_shape == (kept,)
        assert json.loads((tmp_path / "settings.json").read_text())["arguments"]["latent_dim"] == kept
    assert BestModel(tmp_path).rank == (4, 6)


def test_no_process_compares_while_another_writes(tmp_path, monkeypatch):
    settings = Settings("autoencoder", options={})

    def saved(path):
        with pytest.raises(filelock.Timeout):
            BestModel(tmp_path).keep_if_better(1.0, 2, None, settings)

    monkeypatch.setattr(filelock, "FileLock", functools.partial(filelock.FileLock, timeout=0))
    BestModel(tmp_path).keep_if_better(2.0, 1, SimpleNamespace(save=saved), settings)
    assert BestModel(tmp_path).rank == (2, 1)
