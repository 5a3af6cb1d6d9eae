import dataclasses

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen import backend, callbacks, load_model, presets
from keras_gen.callbacks import RunFolder
from keras_gen.data import stored
from keras_gen.locks import sole_writer
from keras_gen.runs import Settings, load_run, train

pytestmark = pytest.mark.usefixtures("blank_pictures")
SMALL = {"width": 0.02, "latent_dim": 2}
SUB_FOLDERS = "Expected: a folder with one sub-folder of images for each class, or a data set with labels. Received: "


def settings(epochs=1, model="convolutional-autoencoder", **options):
    return Settings(model, epochs=epochs, batch_size=720, options={**SMALL, **options})


def test_a_run_that_stopped_in_the_middle_ends_as_an_unbroken_one(tmp_path, monkeypatch):
    saved, on_epoch_end = [], RunFolder.on_epoch_end

    def interrupted(self, epoch, logs=None):
        if saved:
            raise KeyboardInterrupt
        on_epoch_end(self, epoch, logs)
        saved.append(epoch)

    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "on_epoch_end", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(settings(2), tmp_path / "parts")
    assert load_model(tmp_path / "parts").epochs_completed == 1
    parts = train(settings(2), tmp_path / "parts", resume=True)
    whole = train(settings(2), tmp_path / "whole")
    assert (parts.new, whole.new, parts.epochs, whole.epochs) == (1, 2, 2, 2) and parts.figures == whole.figures
    assert (parts.folder / "history.csv").read_text() == (whole.folder / "history.csv").read_text()
    for left, right in zip(*(load_model(one.folder).variables for one in (parts, whole)), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())
    again = train(settings(1), tmp_path / "whole", resume=True)
    assert again.new == 0 and again.epochs == 2 and again.figures == whole.figures


def test_a_run_that_stopped_within_an_epoch_goes_on_there(tmp_path, monkeypatch, capsys):
    def interrupted(self, batch, logs=None):
        if self.model.epochs_completed == 1 and batch == 4:
            raise KeyboardInterrupt

    chosen = dataclasses.replace(settings(3, save_every=2), batch_size=240)  # 6 steps an epoch
    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "on_train_batch_end", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(chosen, tmp_path / "parts", verbose=0)
    assert load_model(tmp_path / "parts").place_in_epoch.steps == 4
    assert "Continues" not in capsys.readouterr().out
    parts, whole = train(chosen, tmp_path / "parts", resume=True), train(chosen, tmp_path / "whole", verbose=0)
    out = capsys.readouterr().out
    assert "Continues with step 5 of epoch 2\nEpoch 2/3 (" in out and out.count("Continues") == 1
    assert (parts.folder / "history.csv").read_text() == (whole.folder / "history.csv").read_text()
    for left, right in zip(*(load_model(one.folder).variables for one in (parts, whole)), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


def test_options_that_are_left_out_have_the_presets_defaults(tmp_path):
    trained = train(settings(filters=(4,)), tmp_path)
    assert trained.settings.options["corruption"] == 0 and trained.settings.options["filters"] == (4,)
    assert Settings.read(tmp_path) == trained.settings
    assert trained.files == ["history.png", "latent.png", "reconstructions.png"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (settings(latent_dims=3), "Unknown option. Did you mean 'latent_dim'"),
        (settings(model="convolutional-autoencodr"), "Unknown model. Did you mean 'convolutional-autoencoder'"),
        (settings(corruption=2.0), r"`corruption` must be a number in \[0, 1\)"),
        (
            Settings("gan", binarization="dynamic"),
            "--binarization is for models that reconstruct. Expected: none. Received: gan",
        ),
        (Settings("vae", data="nowhere/x.npz"), "No data at that path"),
    ],
)
def test_what_is_refused_leaves_nothing(wanted, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train(wanted, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_batch_size_is_that_of_one_update_and_options_reach_the_model(tmp_path):
    trained = train(settings(model="wgan", n_critic=2, learning_rate=1e-3), tmp_path)
    model = load_model(tmp_path)
    assert int(model.steps_done) == -(-1437 // (2 * 720)) and trained.files == ["history.png", "samples.png"]
    assert model.value_range == (-1, 1)
    assert float(model.optimizer["generator"].learning_rate) == pytest.approx(1e-3)
    assert "generator_loss" in trained.figures and "val_generator_loss" in (tmp_path / "history.csv").read_text()


def test_a_stacked_autoencoder_is_pretrained_once(tmp_path, monkeypatch):
    pretrained, single = [], callbacks.GreedyPretraining._fit
    monkeypatch.setattr(
        callbacks.GreedyPretraining, "_fit", lambda self, *args: pretrained.append(args[-1]) or single(self, *args)
    )
    for epochs in (1, 2):
        train(settings(epochs, "stacked", units=(8,), pretrain_epochs=1), tmp_path, resume=True, given={"epochs"})
    assert load_model(tmp_path).epochs_completed == 2
    assert pretrained == ["layer 1 of 2", "layer 2 of 2"]


def few(tmp_path, **arrays):
    """A file of a few images."""
    np.savez(tmp_path / "few.npz", x=np.random.default_rng(0).random((30, 8, 8, 1)), **arrays)
    return str(tmp_path / "few.npz")


def test_classes_are_those_of_the_data_and_keep_their_names(tmp_path):
    """Of labels 3 and 7 there are two classes, not eight."""
    name = few(tmp_path, y=np.where(np.arange(30) % 2, 7, 3))
    options = {**SMALL, "n_critic": 1}
    for model, own in (("conditional-gan", options), ("lenet5", {"width": 0.2})):
        trained = train(Settings(model, name, 1, 30, options=own), tmp_path / model)
        assert load_model(tmp_path / model).num_classes == 2 == trained.settings.options["num_classes"]
        assert Settings.read(tmp_path / model).class_names == ("3", "7")
    assert 0 <= trained.figures["accuracy"] <= 1 and trained.files == ["confusion.png", "history.png"]
    again = train(Settings("lenet5", name, 2, 30, options={"width": 0.2}), tmp_path / "lenet5", True, {"epochs"})
    assert again.settings.class_names == ("3", "7") and again.epochs == 2
    reused = train(load_run(tmp_path / "lenet5").settings, tmp_path / "reused", verbose=0)
    assert reused.settings.class_names == ("3", "7") and reused.epochs == 2
    with pytest.raises(ValueError, match="--num-classes must match the data. Expected: 2, or no .* Received: 8"):
        train(Settings("lenet5", name, 1, 30, options={"num_classes": 8}), tmp_path / "chosen")
    with pytest.raises(ValueError, match="needs two or more classes. .* Received: '0' alone"):
        train(Settings("lenet5", few(tmp_path, y=np.zeros(30, int)), 1, 30), tmp_path / "chosen")
    assert not (tmp_path / "chosen").exists()


def test_images_are_brought_to_the_size_and_channels_that_are_asked_for(tmp_path):
    asked = settings(size=16, channels=3)
    assert load_model(train(asked, tmp_path).folder).example_shape == (16, 16, 3)
    kept = Settings.read(tmp_path).options
    assert (kept["size"], kept["channels"]) == (16, 3)
    assert train(asked, tmp_path, resume=True).new == 0, "a resumed run loads them in the same way"
    with pytest.raises(ValueError, match="A resumed run keeps its settings. Expected: --size 16. Received: 8"):
        train(settings(size=8), tmp_path, resume=True, given={"size"})


def test_a_relative_path_of_data_holds_from_everywhere(tmp_path, monkeypatch):
    few(tmp_path)
    monkeypatch.chdir(tmp_path)
    train(Settings("autoencoder", "few.npz", 1, 30, options=SMALL), "run")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert len(load_run("../run").load_data()[1].x) == 6
    wanted = Settings("autoencoder", "../few.npz", 2, 30, options=SMALL)
    assert train(wanted, "../run", resume=True, given={"data", "epochs"}).epochs == 2


def test_bright_images_are_in_the_range_that_they_were_brought_to(tmp_path):
    """Of a set without any dark image, an adversarial model gets values above the middle of its range alone."""
    np.savez(tmp_path / "bright.npz", x=np.random.default_rng(0).uniform(0.7, 1, (100, 8, 8, 1)))
    trained = train(Settings("gan", str(tmp_path / "bright.npz"), 1, 80, options={"width": 0.02}), tmp_path / "run")
    assert trained.epochs == 1 and "val_loss" in (tmp_path / "run" / "history.csv").read_text()


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("conditional-gan", {}, f"needs labels. {SUB_FOLDERS}"),
        ("lenet5", {}, f"needs labels. {SUB_FOLDERS}"),
        ("semi-supervised-vae", {}, f"needs labels. {SUB_FOLDERS}"),
        ("semi-supervised-vae", {"labelled": 10}, f"needs labels. {SUB_FOLDERS}"),
        ("wgan-gp", {"n_critic": 40}, "40 updates of a step. Expected: examples >= 40. Received: examples=24"),
    ],
)
def test_data_that_do_not_suit_the_model_leave_nothing(model, options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train(Settings(model, few(tmp_path), 1, 8, options={"width": 0.1, **options}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_training_that_diverges_keeps_the_last_good_epoch(tmp_path):
    first = train(settings(), tmp_path)
    kept = (tmp_path / "model.keras").read_bytes()
    model = load_model(tmp_path)
    model.optimizer.optimizers[0].learning_rate = 1e30
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="Training diverged"):
        train(settings(3), tmp_path, resume=True, given=("epochs",))
    assert load_model(tmp_path).epochs_completed == first.epochs and len(kept) > 0
    assert (tmp_path / "history.csv").read_text().count("\n") == 2


def test_a_model_of_another_kind_is_named(tmp_path):
    train(settings(), tmp_path)
    for model, received in (
        (presets.build("gan", (8, 8, 1), width=0.02), "GAN"),
        (keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), "Sequential"),
    ):
        model.save(tmp_path / "model.keras")
        message = f"model.keras' is not the model of its run. Expected: a Autoencoder, .* Received: a {received}"
        for use in (load_run, lambda folder: train(settings(2), folder, resume=True)):
            with pytest.raises(ValueError, match=message):
                use(tmp_path)


def test_a_run_that_stopped_in_its_first_epoch_begins_anew(tmp_path, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "on_epoch_end", killed)
        with pytest.raises(KeyboardInterrupt):
            train(settings(latent_dim=3), tmp_path)
    assert [path.name for path in tmp_path.glob("[!.]*")] == ["settings.json"]
    again = train(settings(filters=(3,)), tmp_path, resume=True, given={"filters"})
    assert again.settings.options["latent_dim"] == 3 and again.settings.options["filters"] == (3,) and again.new == 1
    with pytest.raises(ValueError, match="already holds a model"):
        train(settings(), tmp_path)


def test_a_model_without_its_settings_is_not_resumed_with_others(tmp_path):
    train(settings(), tmp_path)
    (tmp_path / "settings.json").unlink()
    with pytest.raises(ValueError, match="No run in that folder"):
        train(settings(2, latent_dim=3), tmp_path, resume=True)


def test_a_resumed_run_knows_its_data(tmp_path):
    path, run = few(tmp_path, y=np.arange(30) % 3), tmp_path / "run"
    train(Settings("lenet5", path, 1, 8, options={"width": 0.1}), run)
    wanted = Settings("lenet5", path, 2, 8)
    few(tmp_path, y=np.arange(1, 31) % 3)
    with pytest.raises(ValueError, match="run keeps its data. .* or --new-data. Received: other training images"):
        train(wanted, run, resume=True, given={"epochs"})
    assert train(wanted, run, resume=True, given={"epochs"}, new_data=True).new == 1
    assert train(wanted, run, resume=True).new == 0


def test_images_that_stay_on_disk_train_the_same_model_and_are_known_again(tmp_path, monkeypatch):
    folder, finished = tmp_path / "images", []
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.random.default_rng(number).integers(0, 256, (8, 8), "uint8")
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    chosen = Settings("semi-supervised-vae", str(folder), 1, 8, options={**SMALL, "labelled": 4})
    for limit in (stored._IN_MEMORY, 1):
        monkeypatch.setattr(stored, "_IN_MEMORY", limit)
        finished.append(train(chosen, tmp_path / f"{limit}", verbose=0))
    assert finished[0].figures == finished[1].figures and finished[0].settings.contents != finished[1].settings.contents
    for left, right in zip(*(load_model(one.folder).variables for one in finished), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())
    assert train(chosen, tmp_path / "1", resume=True, verbose=0).new == 0
    next(folder.rglob("3.png")).unlink()
    with pytest.raises(ValueError, match="A resumed run keeps its data.* 31 training images, 32 when the run began"):
        train(chosen, tmp_path / "1", resume=True, verbose=0)


def test_one_process_trains_in_a_folder(tmp_path):
    with sole_writer(tmp_path), pytest.raises(ValueError, match="is being written by process"):
        train(settings(), tmp_path)
    train(settings(), tmp_path)


def test_a_picture_that_fails_is_told_and_stops_nothing(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no fonts")

    monkeypatch.setattr("keras_gen.runs.training.reconstructed", fail)
    trained = train(settings(), tmp_path)
    assert trained.failed == {"reconstructions.png": "RuntimeError: no fonts"}
    assert "history.png" in trained.files and load_model(tmp_path).epochs_completed == 1


@pytest.mark.parametrize(
    ("model", "has_units", "precision", "reason"),
    [
        ("convolutional-autoencoder", True, "mixed_bfloat16", "the hardware has units for bfloat16"),
        ("convolutional-autoencoder", False, "float32", "the hardware has no units for bfloat16"),
        ("autoencoder", True, "float32", "the model has no convolutions"),
    ],
)
def test_precision_is_chosen_once_by_units_and_networks(
    model, has_units, precision, reason, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(backend, "has_bfloat16", lambda: has_units)
    automatic = dataclasses.replace(settings(1, model=model), precision="auto")
    assert train(automatic, tmp_path).settings.precision == precision
    assert f"Precision: {precision}; {reason}.\n" in capsys.readouterr().out
    assert {layer.dtype_policy.name for layer in load_run(tmp_path).model.encoder.layers if layer.weights} == {
        precision
    }
    monkeypatch.setattr(backend, "has_bfloat16", lambda: not has_units)
    again = train(dataclasses.replace(automatic, epochs=2), tmp_path, True, {"precision", "epochs"}, verbose=0)
    assert again.settings.precision == precision and again.epochs == 2 and not capsys.readouterr().out


def test_workers_have_no_common_clock(tmp_path):
    with pytest.raises(ValueError, match="--minutes is for one process.* Received: --minutes 0.5"):
        train(settings(minutes=0.5), tmp_path / "run", strategy="multiworker")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("strategy", ["mirrored", "multiworker"])
def test_a_batch_that_devices_cannot_share_is_refused_before_workers_connect(strategy, tmp_path, monkeypatch):
    monkeypatch.setattr(backend, "device_count", {"mirrored": 7, "multiworker": 7}.get)
    monkeypatch.setattr(backend, "strategy", None)
    message = "Expected: a batch that divides among 7 devices, a multiple of 7. Received: batch_size=720"
    with pytest.raises(ValueError, match=message):
        train(settings(), tmp_path / "run", strategy=strategy)
    assert not (tmp_path / "run").exists()
    dataclasses.replace(settings(), batch_size=700).write(tmp_path)
    with pytest.raises(TypeError):  # of a strategy that is None: the batch size is the run's own
        train(settings(), tmp_path, resume=True, strategy=strategy)
    with pytest.raises(ValueError, match=message):
        train(settings(), tmp_path, resume=True, given={"batch_size"}, strategy=strategy)


def test_unknown_strategies_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Unknown strategy. Expected: .*mirrored.*multiworker.* Received: 'several'"):
        train(settings(), tmp_path / "run", strategy="several")
    assert not (tmp_path / "run").exists()
