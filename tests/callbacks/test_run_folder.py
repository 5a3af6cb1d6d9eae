import csv
import os
import shutil

import keras
import numpy as np
import pytest

from keras_gen import callbacks, data, load_model, presets, runs


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


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"epo\n1\n", "no column 'epoch'"),
        (b"epoch,loss\n1,two\n", "could not convert string to float: 'two'"),
        (b"epoch,loss\n1,2,3\n", "float.. argument must be a string"),
        (b"epoch,loss\n1.5e999,2\n", "cannot convert float infinity"),
        (b"\xff\xfe\x00", "can't decode byte"),
        (None, "not a file"),
    ],
)
def test_a_file_that_is_no_history_is_refused(content, reason, tmp_path):
    path = tmp_path / "history.csv"
    os.mkfifo(path) if content is None else path.write_bytes(content)
    with pytest.raises(ValueError, match=f"history.csv' is damaged: .*{reason}.* Expected: the table .*, or no file"):
        callbacks.RunFolder(tmp_path).resume(1)


@pytest.mark.parametrize("content", ["", "epoch,loss\n", "epoch,loss\n2,5\n2,6\n1,4\n4,1\n"])
def test_the_model_knows_how_many_epochs_there_are(content, tmp_path):
    """Rows that are lost are told, those that are there twice or of later epochs are dropped."""
    (tmp_path / "history.csv").write_text(content)
    run = callbacks.RunFolder(tmp_path)
    expected = [4, 6] if content.count("\n") > 1 else []
    with pytest.warns(UserWarning, match=f"lacks {3 - len(expected)} epochs? of the 3 that the model has finished"):
        run.resume(epochs_completed=3)
    assert [row["loss"] for row in run.rows] == expected


def test_a_folder_that_is_removed_comes_back_whole(digits, tmp_path):
    model, run = presets.build("vae", (8, 8, 1), width=0.02), callbacks.RunFolder(tmp_path / "run")
    run.settings = runs.Settings("vae")
    model.fit(digits, callbacks=[run], verbose=0)
    shutil.rmtree(run.folder)
    model.fit(digits, epochs=2, initial_epoch=1, callbacks=[run], verbose=0)
    assert runs.load_run(run.folder).model.epochs_completed == 2 and len(rows(run.folder)) == 2


def test_an_epoch_that_diverged_ends_the_run_and_is_not_kept(digits, tmp_path):
    model, run = presets.autoencoder((8, 8, 1), 2, units=(4,)), callbacks.RunFolder(tmp_path)
    model.fit(digits, callbacks=[run], verbose=0)
    model.optimizer.learning_rate = float("inf")
    with pytest.raises(
        ValueError,
        match="Training diverged in epoch 2, .*Expected: finite losses .*a lower learning rate.*Received: loss=",
    ):
        model.fit(digits, batch_size=8, epochs=3, initial_epoch=1, callbacks=[run], verbose=0)
    kept = load_model(run.model_path)
    assert kept.epochs_completed == 1 and np.isfinite(kept.reconstruct(digits)).all()
    assert [row["epoch"] for row in rows(tmp_path)] == ["1"]


@pytest.mark.parametrize("ruin", ["val_loss", "weights", "size"])
def test_no_ruined_epoch_is_kept(ruin, digits, tmp_path):
    """Losses and weights that are not finite, or a loss that only a diverged training can have."""
    model, run = presets.autoencoder((8, 8, 1), 2, units=(4,)), callbacks.RunFolder(tmp_path)
    run.try_out(model, data.Pipeline(digits, batch_size=8))
    assert not list(tmp_path.iterdir())
    model.fit(digits, callbacks=[run], verbose=0)
    run.set_model(model)
    run.set_params({"epochs": 9})
    if ruin == "weights":
        model.trainable_variables[0].assign(np.inf * np.ones(model.trainable_variables[0].shape))
    logs = {"loss": 1.0, "val_loss": {"val_loss": np.nan, "size": 9e21}.get(ruin, 1.0), "other": np.nan}
    received = {"weights": "weights of '.*kernel' that are not", "val_loss": "val_loss=nan", "size": r"val_loss=9e\+21"}
    with pytest.raises(ValueError, match=f"diverged in epoch 2, .* Received: {received[ruin]}"):
        run.on_epoch_end(1, logs)
    assert load_model(run.model_path).epochs_completed == 1 and len(rows(tmp_path)) == 1


def test_a_loss_far_above_that_of_the_first_epoch_is_a_divergence(digits, tmp_path):
    """Also where nobody has measured the untrained model."""
    model, run = presets.autoencoder((8, 8, 1), 2, units=(4,)), callbacks.RunFolder(tmp_path)
    run.set_model(model)
    run.set_params({"epochs": 9})
    run.on_epoch_end(0, {"loss": 200.0})
    run.on_epoch_end(1, {"loss": 1.9e6})
    with pytest.raises(
        ValueError, match=r"finite losses and weights, and a loss of at most 2e\+06, by .*loss=2.1e\+06"
    ):
        run.on_epoch_end(2, {"loss": 2.1e6})
    assert len(rows(tmp_path)) == 2


def test_of_two_writers_one_stops(digits, tmp_path):
    """The first to find that the history is not what it has written."""
    model = presets.autoencoder((8, 8, 1), 2, units=(4,))
    first, second = (callbacks.RunFolder(tmp_path) for _ in range(2))
    for run in first, second:
        run.set_model(model)
        run.set_params({"epochs": 9})
    first.on_epoch_end(0, {"loss": 1.0})
    second.on_epoch_end(0, {"loss": 2.0})
    second.on_epoch_end(1, {"loss": 3.0})
    with pytest.raises(
        ValueError, match="history.csv' has been written by another process or run .*Expected: one writer"
    ):
        first.on_epoch_end(1, {"loss": 4.0})
    second.on_epoch_end(2, {"loss": 5.0})
    assert [float(row["loss"]) for row in rows(tmp_path)] == [2.0, 3.0, 5.0]


def test_a_divergence_in_half_precision_says_so(digits, tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    model, run = presets.autoencoder((8, 8, 1), 2, units=(4,)), callbacks.RunFolder(tmp_path)
    run.set_model(model)
    expected = (
        "finite losses and weights, by a lower learning rate .*, or by bfloat16 or float32: float16 ends at 65,504"
    )
    with pytest.raises(ValueError, match=f"{expected}. Received: loss=nan"):
        run.on_epoch_end(0, {"loss": float("nan")})


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(ValueError, match="`folder` is not the name of a folder"):
            callbacks.RunFolder(path)
