import math
import weakref
from types import SimpleNamespace

import keras_tuner
import numpy as np
import pytest

from keras_gen import data, tuning
from keras_gen.runs.settings import Settings
from keras_gen.tuning.hypermodel import PresetHyperModel, standard_error
from keras_gen.tuning.objectives import objective_of


def test_of_one_training_it_is_the_examples_alone():
    errors = np.random.default_rng(0).random((1, 50))
    assert standard_error(errors) == pytest.approx(errors.std(ddof=1) / math.sqrt(50))


def test_of_several_it_is_how_a_mean_of_means_scatters():
    """Errors = a part of the example + a part of the training: the deviation over many such tables."""
    rng = np.random.default_rng(1)
    tables = rng.normal(0, 2, (2000, 1, 40)) + rng.normal(0, 0.5, (2000, 3, 1))
    reported = math.sqrt(np.mean([standard_error(table) ** 2 for table in tables]))
    assert reported == pytest.approx(tables.mean(axis=(1, 2)).std(), rel=0.05)


class Model:
    """What is trained, in place of a model."""


def trial_of(monkeypatch, tmp_path, errors, parts):
    """A trial whose trainings, on `parts` parts each time, have these errors; what was kept, and what is measured."""
    kept, alive = [], []

    def trained(self, model, *_, **__):
        alive.append(weakref.ref(model))
        assert sum(one() is not None for one in alive) <= 3, "the first, the best and the one that trains"
        return {"error": np.array(errors[len(alive) - 1], "float64")}

    def keep(score, trial, model, settings):
        kept.append((score, trial, next(place for place, one in enumerate(alive) if one() is model)))

    monkeypatch.setattr(PresetHyperModel, "_trained", trained)
    monkeypatch.setattr(PresetHyperModel, "build", lambda *_: Model())
    table = SimpleNamespace(objective=objective_of("error"), curve_of=lambda values: values["error"])
    best = SimpleNamespace(folder=tmp_path, keep_if_better=keep)
    settings, parts = Settings("autoencoder", options={}), [None] * parts
    hypermodel = PresetHyperModel(settings, parts, [], table, None, best, len(errors) // len(parts))
    found = hypermodel.fit(keras_tuner.HyperParameters(), Model(), number=7, epochs=1, callbacks=[None])
    return found, kept


def test_of_all_trainings_of_a_trial_only_the_best_model_stays(monkeypatch, tmp_path):
    found, kept = trial_of(monkeypatch, tmp_path, [[3.0], [5.0], [1.0], [4.0], [2.0], [6.0]], parts=1)
    assert kept == [(3.5, 7, 2)] and found["error"] == 3.5


def test_a_mean_over_folds_is_one_over_their_examples(monkeypatch, tmp_path):
    found, kept = trial_of(monkeypatch, tmp_path, [[0.0, 0.0, 1.0], [5.0], [1.0, 1.0, 2.0], [6.0]], parts=2)
    assert found["error"] == found["objective"] == 2 and kept == [(2, 7, 0)]
    table = np.array([[0, 0, 1, 5], [1, 1, 2, 6]])
    assert found["standard_error"] == pytest.approx(standard_error(table))


def test_each_repeat_draws_its_own_binary_images_in_its_own_order(digits, tmp_path, monkeypatch):
    seen, pipeline = [], data.Pipeline

    def noted(*arguments, **options):
        found = pipeline(*arguments, **options)
        seen.append(np.concatenate([np.asarray(batch) for batch in found.dataset()]))
        return found

    monkeypatch.setattr(data, "Pipeline", noted)
    options = {"preset": "vae", "width": 0.05, "latent_dim": 2, "trials": 1, "epochs": 1, "repeats": 2, "verbose": 0}
    tuning.search(digits, [tuning.Range("binarization", choices=["static"])], tmp_path, **options)
    _, first, second = seen  # after the step that tries the ranges out
    assert len(first) == len(second) and not np.array_equal(first.sum(axis=(1, 2, 3)), second.sum(axis=(1, 2, 3)))
    assert not np.array_equal(first.sum(axis=0), second.sum(axis=0)), "the draws differ, not the order alone"
