import json
import re
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen import load_model, presets, runs
from keras_gen.runs.training import TrainingResult, with_defaults
from keras_gen.runs.training_options import options_of
from tests.images import image_folders


@pytest.fixture
def calls(monkeypatch):
    """What the command line hands to `runs.train`, which trains nothing here."""
    found = []

    def stub(settings, folder, resume, given, new_data, strategy):
        assert strategy is None
        found.append((settings, folder, resume, given))
        figures = {"loss": 2.5, "accuracy": 0.75}
        return TrainingResult(folder, ["a.png"], with_defaults(settings), settings.epochs, 1, figures, {})

    monkeypatch.setattr(runs, "train", stub)
    return found


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_option_of_a_model_reaches_its_settings(name, run, calls):
    """Each option is given another value than its default; the stated ones are told from the others."""
    words, expected = [], {}
    for option, argument in options_of(name).items():
        flag, default = f"--{option.replace('_', '-')}", argument.default
        if default is None and argument.annotation != int | None:
            continue
        if isinstance(default, bool):
            words, expected = [*words, flag], {**expected, option: True}
        elif argument.choices:
            words, expected = [*words, flag, argument.choices[-1]], {**expected, option: argument.choices[-1]}
        elif isinstance(default, tuple):
            words, expected = [*words, flag, "5,3"], {**expected, option: (5, 3)}
        else:
            value = f"{default}x" if isinstance(default, str) else (default or 0) + 1
            words, expected = [*words, flag, str(value)], {**expected, option: value}
    code, out, err = run("train", name, *words, "--epochs", 7, "--out", "here", "--resume")
    assert code == 0, err
    ((settings, folder, resume, given),) = calls
    assert settings.options == expected and settings.model == name and settings.epochs == 7
    assert (str(folder), resume, given) == ("here", True, {*expected, "epochs"})
    assert "In here: model.keras, history.csv, settings.json, a.png" in out


def test_defaults_and_the_line_at_the_end(run, calls):
    results = {
        "vae": "Validation loss after epoch 50: 2.500 nats",
        "autoencoder": "Validation loss after epoch 50: 2.500",
        "gan": "On test images after epoch 50: accuracy 0.750",
        "cyclegan": "After epoch 200: accuracy 0.750",
        "pix2pix": "After epoch 200: accuracy 0.750",
        "srgan": "After epoch 100: accuracy 0.750",
    }
    for name, line in results.items():
        translates = "translate" in presets.PRESETS[name].model.tasks
        code, out, err = run("train", name, *(["--x", "photos:trainA"] if translates else []))
        assert code == 0 and out.splitlines()[-1] == line, err
    facts = [(one.data, one.epochs, one.batch_size, one.binarization, one.seed, str(folder), resume)
             for one, folder, resume, _ in calls]  # fmt: skip
    assert facts[0] == ("digits", 50, 100, "none", 0, "saved_models/vae-digits", False)
    assert facts[3] == ("pairs", 200, 1, "none", 0, "saved_models/cyclegan-photos", False)
    assert facts[5] == ("pairs", 100, 16, "none", 0, "saved_models/srgan-photos", False)
    assert calls[3][3] == {"x"} and calls[0][0].options == {}
    code, _, err = run("train", "cyclegan", "--data", "digits")
    assert code == 2 and "--data" in err


def test_an_interrupted_command_says_how_to_go_on(run, tmp_path, monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "train", interrupt)
    code, _, err = run("train", "vae", "--out", tmp_path)
    assert code == 130 and "--resume continues" in err
    monkeypatch.setattr("keras_gen.tuning.search", interrupt)
    code, _, err = run("tune", "autoencoder", "--search", "corruption=0:0.5", "--out", tmp_path / "a")
    assert code == 130 and "the same command continues" in err


def test_a_search_leaves_a_table_and_a_run_and_goes_on(run, refused, tmp_path):
    folder = tmp_path / "search"
    command = ("tune", "autoencoder", "--search", "latent_dim=2:5,corruption=0:0.5", "--units", "6", "--epochs", 1,
               "--batch-size", 1500, "--out", folder)  # fmt: skip
    code, out, err = run(*command, "--trials", 1)
    assert code == 0 and "Smallest latent_dim within one standard error of the best: " in out, err
    assert re.match(r"Trial 1/1 \([\d.]+ s\): latent_dim \d, corruption [\d.]+: error [\d.]+; best so far: ", out), out
    first = (folder / "trials.csv").read_text().splitlines()
    code, out, err = run(*command, "--trials", 2)
    assert out.startswith("Trial 2/2 ("), "no other line of KerasTuner or Keras"
    pictures = "error_against_corruption.png, error_against_latent_dim.png"
    assert code == 0 and f"In {folder}: model.keras, settings.json, trials.csv, {pictures}\n" in out, err
    assert (folder / "trials.csv").read_text().splitlines()[:2] == first and len(first) == 2
    assert "Test error of the best: " in out, err
    settings = json.loads((folder / "settings.json").read_text())["arguments"]
    assert (settings["model"], settings["data"], settings["units"]) == ("autoencoder", "digits", [6])
    assert load_model(folder).code_shape == (settings["latent_dim"],)
    assert "holds another search" in refused(*command, "--trials", 2, "--seed", 1)
    code, out, err = run("reconstruct", folder, "--n", 3, "--out", tmp_path / "a.png")
    assert code == 0 and np.asarray(Image.open(tmp_path / "a.png")).std() > 0, err
    code, out, err = run("evaluate", folder)
    assert code == 0 and out.startswith("loss: "), err
    for command in (("interpolate", folder, "--between", "3,4"), ("plane", folder, "--n", 3)):
        code, out, err = run(*command, "--out", tmp_path / "b.png")
        assert code == 0 and np.asarray(Image.open(tmp_path / "b.png")).std() > 0, err
    assert "holds a search, which `keras-gen tune` continues. Expected: a new folder" in refused(
        "train", "autoencoder", "--out", folder, "--resume"
    )
    assert "`translate` needs a model with the task 'translate'" in refused("translate", folder, tmp_path)
    assert "`sample` needs a model with the task 'sample'" in refused("sample", folder)


def test_a_search_takes_images_of_the_size_and_channels_asked_for(run, tmp_path):
    command = ("tune", "autoencoder", "--search", "latent_dim=2:5", "--units", "6", "--epochs", 1, "--trials", 1)
    code, out, err = run(*command, "--size", 4, "--channels", 3, "--out", tmp_path / "search")
    assert code == 0 and "Test error of the best: " in out, err
    assert load_model(tmp_path / "search").example_shape == (4, 4, 3)


def test_a_cyclegan_is_trained_and_translates(run, refused, tmp_path):
    x, y = image_folders(tmp_path, {"photos": 3, "paintings": 2}, size=(12, 17))
    (x / "broken.jpg").write_bytes(b"none")
    options = ["--size", 8, "--width", 0.03, "--blocks", 1, "--pool-size", 3, "--batch-size", 3, "--epochs", 1]
    folder = tmp_path / "run"
    code, out, err = run("train", "cyclegan", "--x", x, "--y", y, *options, "--skip", "--out", folder)
    assert code == 0 and "After epoch 1: generators_loss" in out, err
    assert "Warning: 1 of 4 files of `x` are left out:" in err and "broken.jpg" in err
    layers = load_model(folder).generator_xy.layers
    assert any(isinstance(layer, keras.layers.Concatenate) for layer in layers), "--skip"
    code, out, err = run("translate", folder, x, "--out", tmp_path / "made")
    sides = "12x16 pixels into", "(3 resized to the nearest sides divisible by 4)"
    assert code == 0 and f"Wrote 3 images of {sides[0]} {tmp_path / 'made'} {sides[1]}" in out, err
    assert {Image.open(path).size for path in (tmp_path / "made").iterdir()} == {(12, 16)}
    code, out, err = run("translate", folder, y, "--to", "x", "--size", 8, "--out", tmp_path / "made-x")
    assert code == 0 and f"Wrote 2 images of 8x8 pixels into {tmp_path / 'made-x'}\n" in out, err
    assert "--size must be divisible by 4. Expected: such as 8. Received: 10" in refused(
        "translate", folder, y, "--size", 10, "--out", tmp_path / "n"
    )
    assert "`evaluate` is for models of one set" in refused("evaluate", folder)
    assert "`sample` needs a model with the task 'sample'" in refused("sample", folder)
    assert "Unknown set for --to. Did you mean 'paintings'?" in refused("translate", folder, x, "--to", "painting")
    code, out, err = run("translate", folder, x, "--to", "paintings", "--out", tmp_path / "made-named")
    assert code == 0 and len(list((tmp_path / "made-named").iterdir())) == 3, err
    assert "--x is missing" in refused("train", "cyclegan", "--out", tmp_path / "n")
    assert not (tmp_path / "n").exists()


def test_few_labels_are_trained_with(run, tmp_path):
    """The doctor, the pictures and a resumed run too."""
    options = ["--width", 0.05, "--labelled", 20, "--out", tmp_path / "run"]
    code, out, err = run("train", "semi-supervised-vae", *options, "--epochs", 1)
    assert code == 0 and "confusion.png" in out, err
    code, out, err = run("train", "semi-supervised-vae", *options, "--epochs", 2, "--resume")
    assert code == 0 and "after epoch 2" in out, err
    code, out, err = run("evaluate", tmp_path / "run")
    assert code == 0 and "error: " in out and "have changed" not in out + err


def test_pairs_are_trained_on_and_translated(run, refused, tmp_path):
    x, y = image_folders(tmp_path, {"pair": 3}, (16, 16))[0], tmp_path / "counterparts"
    shutil.copytree(x, y)
    options = ["--size", 16, "--width", 0.05, "--batch-size", 2, "--out", tmp_path / "run"]
    code, out, err = run("train", "pix2pix", "--x", x, "--y", y, *options, "--epochs", 1)
    assert code == 0 and "After epoch 1: reconstruction" in out and "x-to-y.png" in out, err
    code, out, err = run("train", "pix2pix", "--x", x, "--y", y, *options, "--epochs", 2, "--resume")
    assert code == 0 and "After epoch 2: reconstruction" in out, err
    code, out, err = run("translate", tmp_path / "run", x, "--out", tmp_path / "made")
    assert code == 0 and {Image.open(path).size for path in (tmp_path / "made").iterdir()} == {(16, 16)}, err
    assert "Unknown set for --to. Expected: one of ['counterparts', 'y']" in refused(
        "translate", tmp_path / "run", x, "--to", "x", "--out", tmp_path / "n"
    )
    (y / "pair1.jpg").unlink()
    found = refused("train", "pix2pix", "--x", x, "--y", y, "--out", tmp_path / "n")
    assert "must have the same names. Received: without a counterpart: 'pair1 in x'" in found


def test_images_are_enlarged(run, refused, tmp_path):
    (x,) = image_folders(tmp_path, {"photos": 3}, (16, 16))
    options = ["--size", 16, "--scale", 2, "--width", 0.1, "--blocks", 1, "--batch-size", 2]
    for name in ("srresnet", "srgan"):
        code, out, err = run("train", name, "--x", x, *options, "--epochs", 1, "--out", tmp_path / name)
        assert code == 0 and "After epoch 1: reconstruction" in out and "x-to-y.png" in out, err
    Image.new("RGB", (10, 6)).save(tmp_path / "small.png")
    code, out, err = run("translate", tmp_path / "srgan", tmp_path / "small.png", "--out", tmp_path / "made")
    assert code == 0 and Image.open(tmp_path / "made" / "small.png").size == (20, 12), err
    assert "Wrote 1 image of 20x12 pixels" in out
    for option, message in (
        (["--scale", 3], "--scale` must be a power of two. Expected: 2, 4, 8, ... Received: --scale=3"),
        (["--scale", 8, "--crop", 20], "--crop must be divisible by 8. Expected: such as 16. Received: 20"),
        (["--size", 30, "--scale", 4], "--size must be divisible by 4. Expected: such as 32. Received: 30"),
        (["--size", 32, "--crop", 64], "--size must hold --crop. Expected: at least 64. Received: 32"),
    ):
        assert message in refused("train", "srresnet", "--x", x, *option, "--out", tmp_path / "n")
    assert "--x is missing" in refused("train", "srgan", "--out", tmp_path / "n")


def test_a_worker_that_has_written_nothing_says_nothing(run, monkeypatch):
    def stub(settings, folder, *_, strategy, **__):
        assert strategy == "multiworker"
        return TrainingResult(folder, [], with_defaults(settings), 1, 1, {"loss": 2.5}, {}, written=False)

    monkeypatch.setattr(runs, "train", stub)
    assert run("train", "vae", "--strategy", "multiworker") == (0, "", "")


def test_a_picture_that_failed_shows_in_the_exit_code(run, monkeypatch):
    def stub(settings, folder, *_, **__):
        return TrainingResult(folder, [], with_defaults(settings), 1, 1, {"loss": 2.5}, {"a.png": "OSError: full"})

    monkeypatch.setattr(runs, "train", stub)
    code, out, err = run("train", "vae", "--out", "here")
    assert code == 1 and "loss after epoch 1: 2.500" in out
    assert err.strip() == "Error: a.png could not be drawn; the model is whole. Received: OSError: full"


def test_a_search_of_a_gan_ends_with_its_floor_and_a_test_measure(run, tmp_path):
    command = ("tune", "dcgan", "--search", "augmentation=none|flip", "--width", 0.1, "--epochs", 1, "--trials", 1)
    options = ("--batch-size", 720, "--objective", "recall", "--features", "identity", "--samples", 40)
    code, out, err = run(*command, *options, "--out", tmp_path / "search")
    assert code == 0, err
    number = r"\d\.?\d*"
    assert re.search(rf"^Best: augmentation \w+: recall {number} \(training images: recall {number}\)$", out, re.M), out
    assert re.search(rf"^Test recall of the best: {number} \(training images: recall {number}\)$", out, re.M), out
    code, out, err = run("sample", tmp_path / "search", "--n", 4, "--out", tmp_path / "a.png")
    assert code == 0, err


def test_a_search_of_a_classifier_ends_with_its_test_error(run, tmp_path):
    command = ("tune", "lenet5", "--search", "dropout=0:0.5", "--width", 0.2, "--epochs", 1, "--trials", 1)
    code, out, err = run(*command, "--batch-size", 720, "--folds", 2, "--out", tmp_path / "search")
    assert code == 0, err
    assert re.search(r"^Test error of the best: 0\.\d+$", out, re.M), out
    code, out, err = run("evaluate", tmp_path / "search")
    assert code == 0 and "error: " in out, err


def test_options_of_a_search_reach_it(run, monkeypatch):
    found = {}
    monkeypatch.setattr("keras_gen.tuning.search", lambda *given, **options: found.update(options, given=given))
    options = ("--folds", 3, "--features", "identity", "--samples", 9, "--workers", 2, "--objective", "nll=1,recall=-2")
    code, out, err = run("tune", "vae", "--search", "beta=1:2", *options, "--beta", 3, "--out", "here")
    assert code == 0 and "the chief writes the result" in out, err
    assert [found[name] for name in ("folds", "features", "samples", "workers")] == [3, "identity", 9, 2]
    assert found["objective"] == {"nll": 1.0, "recall": -2.0} and found["beta"] == 3 and found["preset"] == "vae"
