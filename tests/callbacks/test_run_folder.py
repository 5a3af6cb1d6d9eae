import csv

import keras
import numpy as np
import pytest

from keras_gen import callbacks, load_model, presets


def rows(folder):
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_model_and_history_are_in_step_after_every_epoch(digits, tmp_path):
    model, run = presets.build("vae", (8, 8, 1), width=0.02), callbacks.RunFolder(tmp_path)
    history = model.fit(digits, epochs=3, validation_data=digits, callbacks=[run], verbose=0).history
    found = rows(tmp_path)
    assert [row["epoch"] for row in found] == ["1", "2", "3"]
    assert [float(row["val_loss"]) for row in found] == pytest.approx(history["val_loss"])
    assert load_model(run.model_path).epochs_completed == 3
    assert run.history()["loss"] == pytest.approx(history["loss"])


def test_a_value_of_zero_is_one_and_a_name_not_logged_is_none(tmp_path):
    run = callbacks.RunFolder(tmp_path)
    run.rows = [{"epoch": 1, "identity": 0.0}, {"epoch": 2, "identity": "0.0", "late": ""}, {"epoch": 3, "late": 1.0}]
    found = run.history()
    np.testing.assert_array_equal(found["identity"], [0.0, 0.0, np.nan])
    np.testing.assert_array_equal(found["late"], [np.nan, np.nan, 1.0])


def test_a_row_that_the_saved_model_has_not_seen_is_dropped(digits, tmp_path):
    model, run = presets.build("vae", (8, 8, 1), width=0.02), callbacks.RunFolder(tmp_path)
    model.fit(digits, epochs=3, callbacks=[run], verbose=0)
    again = callbacks.RunFolder(tmp_path)
    again.resume(epochs_completed=2)  # as if killed after the third row, before the third model
    assert [row["epoch"] for row in again.rows] == [1, 2]


def test_a_kill_during_the_save_keeps_the_last_epoch(digits, tmp_path, monkeypatch):
    model, run = presets.build("vae", (8, 8, 1), width=0.02), callbacks.RunFolder(tmp_path)
    model.fit(digits, callbacks=[run], verbose=0)

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras.Model.save", killed)
    with pytest.raises(KeyboardInterrupt):
        model.fit(digits, callbacks=[run], verbose=0)
    assert load_model(run.model_path).epochs_completed == 1
    assert not list(tmp_path.glob(".*"))


def test_epochs_without_validation_leave_a_gap(digits, tmp_path):
    model, run = presets.build("vae", (8, 8, 1), width=0.02), callbacks.RunFolder(tmp_path)
    model.fit(digits, epochs=3, validation_data=digits, validation_freq=2, callbacks=[run], verbose=0)
    assert [row["val_loss"] != "" for row in rows(tmp_path)] == [False, True, False]
    again = callbacks.RunFolder(tmp_path)
    again.resume(epochs_completed=3)
    assert [np.isnan(value) for value in again.history()["val_loss"]] == [True, False, True]


def test_every_few_epochs_and_always_the_last(digits, tmp_path):
    model, run = presets.build("vae", (8, 8, 1), width=0.02), callbacks.RunFolder(tmp_path, every=2)
    written = []
    run._write = lambda: written.append(model.epochs_completed)
    model.fit(digits, epochs=5, callbacks=[run], verbose=0)
    assert written == [2, 4, 5]
    with pytest.raises(ValueError, match="`every` must be an integer >= 1"):
        callbacks.RunFolder(tmp_path, every=0)


def test_an_epoch_in_which_another_callback_stops_is_the_last(digits, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    model, run = presets.build("vae", (8, 8, 1), width=0.02), callbacks.RunFolder(tmp_path, every=25)
    model.fit(digits, epochs=5, callbacks=[Stop(), run], verbose=0)
    assert [row["epoch"] for row in rows(tmp_path)] == ["1", "2"]
    assert load_model(run.model_path).epochs_completed == 2


def test_a_file_that_is_no_history_is_refused(tmp_path):
    (tmp_path / "history.csv").write_text("epo\n1\n")
    with pytest.raises(ValueError, match=r"history.csv' must be a history. Expected: a column 'epoch'.* \['epo'\]"):
        callbacks.RunFolder(tmp_path).resume(1)


def test_an_epoch_that_diverged_ends_the_run_and_is_not_kept(digits, tmp_path):
    model, run = presets.autoencoder((8, 8, 1), 2, units=(4,)), callbacks.RunFolder(tmp_path)
    model.fit(digits, callbacks=[run], verbose=0)
    model.optimizer.learning_rate = float("inf")
    with pytest.raises(ValueError, match="Training diverged: .* in epoch 2, .*Expected: a lower learning rate"):
        model.fit(digits, batch_size=8, epochs=3, initial_epoch=1, callbacks=[run], verbose=0)
    kept = load_model(run.model_path)
    assert kept.epochs_completed == 1 and np.isfinite(kept.reconstruct(digits)).all()
    assert [row["epoch"] for row in rows(tmp_path)] == ["1"]
