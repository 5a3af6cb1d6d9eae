import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_gen import load_model

SMALL = ["--width", "0.02", "--batch-size", "256", "--epochs", "2"]


@pytest.fixture(scope="module")
def made_once():
    return {}


@pytest.fixture
def trained(run, tmp_path, tmp_path_factory, made_once):
    """A run of the test's own: a copy of one that is trained once."""
    folder = tmp_path / "run"
    if not made_once:
        original = tmp_path_factory.mktemp("trained") / "run"
        code, out, err = run("train", "vae", *SMALL, "--out", original)
        assert code == 0, err
        made_once.update(original=original, out=out)
    shutil.copytree(made_once["original"], folder)
    return folder, made_once["out"].replace(str(made_once["original"]), str(folder))


def test_train_leaves_a_whole_run(trained):
    folder, out = trained
    names = {path.name for path in folder.iterdir()}
    pictures = {"samples.png", "reconstructions.png", "latent.png", "history.png"}
    assert names == {"model.keras", "history.csv", "settings.json", *pictures}
    assert str(folder) in out and "Validation loss after epoch 2: " in out
    settings = json.loads((folder / "settings.json").read_text())
    assert settings["arguments"]["latent_dim"] == 2 and settings["arguments"]["seed"] == 0
    assert set(settings["versions"]) >= {"python", "keras", "tensorflow", "keras_gen"}


def test_a_resumed_run_equals_an_unbroken_one(trained, run, tmp_path):
    folder, _ = trained
    code, out, err = run("train", "vae", "--epochs", 4, "--out", folder, "--resume")
    assert code == 0 and "after epoch 4" in out, err
    whole = tmp_path / "whole"
    run("train", "vae", *SMALL[:-1], "4", "--out", whole)
    assert (folder / "history.csv").read_text() == (whole / "history.csv").read_text()
    for left, right in zip(*(load_model(f / "model.keras").variables for f in (folder, whole)), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


def test_a_finished_run_is_left_as_it_is(trained, run):
    folder, _ = trained
    before = (folder / "model.keras").read_bytes()
    code, out, _ = run("train", "vae", *SMALL, "--out", folder, "--resume")
    assert code == 0 and "after epoch 2" in out and (folder / "model.keras").read_bytes() == before
    assert "Nothing to train: 2 epochs are done, 2 asked for." in out


def test_a_resumed_run_keeps_its_length_unless_told(trained, run):
    folder, _ = trained
    code, out, err = run("train", "vae", "--out", folder, "--resume")
    assert code == 0 and "after epoch 2" in out, err
    assert json.loads((folder / "settings.json").read_text())["arguments"]["epochs"] == 2


def test_sample_reconstruct_and_evaluate(trained, run, tmp_path):
    folder, _ = trained
    for command in (("sample", folder, "--n", 9, "--seed", 1), ("reconstruct", folder, "--n", 4)):
        code, out, err = run(*command, "--out", tmp_path / "a.png")
        assert code == 0 and "Wrote" in out, err
        assert np.asarray(Image.open(tmp_path / "a.png")).std() > 0
    code, out, err = run("evaluate", folder, "--nll-samples", 5)
    assert code == 0, err
    assert [line.split(":")[0] for line in out.splitlines()] == [
        "kl",
        "loss",
        "reconstruction",
        "nll[importance,samples=5]",
    ]


def test_every_option_of_train_reaches_the_model(run, tmp_path):
    code, _, err = run(
        "train", "burda-vae", *SMALL, "--out", tmp_path / "a", "--latent-dim", 5, "--importance-samples", 3,
        "--learning-rate", 0.01, "--binarization", "dynamic", "--sample-every", 1,
    )  # fmt: skip
    assert code == 0, err
    model = load_model(tmp_path / "a" / "model.keras")
    assert (model.latent_dim, model.importance_samples, float(model.optimizer.learning_rate)) == (
        5,
        3,
        np.float32(0.01),
    )
    assert {path.name for path in (tmp_path / "a").glob("samples-*.png")} == {"samples-0001.png", "samples-0002.png"}
    code, _, err = run("train", "vae", *SMALL, "--out", tmp_path / "b", "--beta", 4, "--kl-warmup", 4, "--seed", 3)
    assert code == 0, err
    model = load_model(tmp_path / "b" / "model.keras")
    assert model.beta == 4 and float(model.kl_weight) == 1.0


def test_list_names_every_model(run):
    code, out, _ = run("list")
    assert code == 0 and all(name in out for name in ("vae", "convolutional-vae", "burda-vae", "digits", "mnist"))


def test_the_command_writes_its_own_lines_alone():
    command = Path(sys.executable).with_name("keras-gen")
    done = subprocess.run([command, "list"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("Models:") and done.stderr == ""


def test_help_shows_the_defaults(run):
    code, out, _ = run("train", "vae", "--help")
    text = " ".join(out.split())
    text = re.sub("[│ ]+", " ", text)
    assert code == 0 and "[default: 50]" in text and "[default: digits]" in text and "[default: 400,100]" in text
    assert "k of the importance-weighted bound." in text and "--pretrain-epochs" not in text
    code, out, _ = run("train", "--help")
    assert code == 0 and all(name in out for name in ("stacked", "burda-vae"))


@pytest.mark.parametrize("model", ["autoencoder", "convolutional-autoencoder", "stacked", "sparse", "contractive"])
def test_autoencoders_train_resume_and_reconstruct(run, tmp_path, model):
    folder = tmp_path / "run"
    extras = ("--pretrain-epochs", 1) if model == "stacked" else ()
    options = {"autoencoder": ("--units", "40,20"), "sparse": ("--sparsity", "l1"), "contractive": ()}
    options = options.get(model, ("--width", 0.1))
    code, out, err = run(
        "train", model, "--epochs", 1, "--batch-size", 256, "--latent-dim", 10, *options, *extras, "--out", folder
    )
    assert code == 0, err
    assert "Validation loss after epoch 1" in out
    assert {"model.keras", "latent.png", "reconstructions.png"} <= {path.name for path in folder.iterdir()}
    code, out, err = run("train", model, "--epochs", 2, "--out", folder, "--resume")
    assert code == 0 and "after epoch 2" in out, err
    for command in (("reconstruct", folder, "--out", tmp_path / "a.png"), ("evaluate", folder)):
        assert run(*command)[0] == 0
    code, _, err = run("sample", folder)
    assert code == 1 and f"draws no samples. Expected: a run of a VAE or a GAN. Received: {model}" in err
    code, _, err = run("evaluate", folder, "--nll-samples", 5)
    assert code == 1 and "has no likelihood" in err


def test_options_are_read_off_the_preset():
    from keras_gen import presets
    from keras_gen.cli.options import options_of

    options = {option.name: option for option in options_of(presets.vae)}
    assert options["units"].value("30, 20,10") == (30, 20, 10)
    assert options["latent_dim"].help == "Width of the code."
    for preset in presets.PRESETS.values():
        assert all(option.help for option in options_of(preset))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("train", "vea"), 1, "Unknown model. Did you mean 'vae'?"),
        (("train", "vae", "--data", "fashion_mnst"), 1, "Did you mean 'fashion_mnist'?"),
        (("train", "vae", "--data", "nowhere/x.npz"), 1, "No data at that path."),
        (("train", "vae", "--data", "nowhere/"), 1, "No data at that path."),
        (("train", "vae", "--importance-samples", "5", "--beta", "2"), 1, "`beta` must be 1"),
        (("train", "vae", "--reconstruction", "gauss"), 1, "Unknown reconstruction. Did you mean 'gaussian'?"),
        (("train", "vae", "--binarization", "sometimes"), 1, "Unknown binarization."),
        (("train", "burda-vae", "--importance-samples", "5", "--kl-warmup", "3"), 1, "--kl-warmup needs a separate KL"),
        (("train", "vae", "--units", "4,b"), 1, "--units must be whole numbers with commas between."),
        (("train", "sparse", "--sparsity", "l2"), 1, "Unknown sparsity."),
        (("train", "autoencoder", "--noise", "1.5"), 1, "`noise` must be a number in [0, 1)"),
        (("train", "stacked", "--pretrain-noise", "1.5"), 1, "`noise` must be a number in [0, 1)"),
        (("train", "stacked", "--pretrain-epochs", "-1"), 1, "`epochs` must be an integer >= 1"),
        (("train", "vae", "--kl-warmup", "-1"), 1, "`epochs` must be an integer >= 1"),
        (("train", "autoencoder", "--width", "0"), 1, "`width` must be a finite number > 0"),
        (("train", "vae", "--learning-rate", "-1"), 1, "`learning_rate` must be a finite number >= 0"),
        (("tune", "autoencodr", "--search", "noise=0:0.5"), 1, "Unknown model. Did you mean 'autoencoder'?"),
        (("tune", "autoencoder"), 2, "Missing option '--search'"),
        (("tune", "autoencoder", "--search", "bottlenek=2:4"), 1, "Unknown search range. Did you mean 'bottleneck'?"),
        (("tune", "autoencoder", "--search", "bottleneck=4:2"), 1, "The search range of `latent_dim` is empty."),
        (("tune", "autoencoder", "--search", "noise=0:2"), 1, "`noise` must be a number in [0, 1)"),
        (("tune", "stacked", "--search", "noise=0:0.5", "--objective", "accuracy"), 1, "Unknown objective."),
        (("train", "vae", "--epochs", "0"), 2, "Invalid value for '--epochs'"),
        (("sample", "nowhere"), 1, "No run in that folder."),
        (("evaluate", "nowhere"), 1, "No run in that folder."),
    ],
)
def test_bad_input_is_one_line_and_a_code(arguments, code, message, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, _, err = run(*arguments)
    assert found == code and message in err and "Traceback" not in err
    assert code == 2 or (len(err.strip().splitlines()) == 1 and err.startswith("Error: "))
    assert not list(tmp_path.rglob("*")), "a refused command must leave nothing"


def test_a_folder_with_a_model_is_not_overwritten(trained, run):
    folder, _ = trained
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, _, err = run("train", "vae", *SMALL, "--out", folder)
    assert code == 1 and "already holds a model. Expected: a new folder for --out, or --resume" in err
    code, _, err = run("train", "vae", "--latent-dim", 3, "--out", folder, "--resume")
    assert code == 1 and "A resumed run keeps its settings. Expected: --latent-dim 2. Received: 3" in err
    code, _, err = run("train", "burda-vae", "--out", folder, "--resume")
    assert code == 1 and "Expected: model vae. Received: burda-vae" in err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_damaged_run_is_told(trained, run):
    folder, _ = trained
    (folder / "model.keras").write_bytes(b"cut")
    code, _, err = run("sample", folder)
    assert code == 1 and "cut short" in err
    (folder / "settings.json").write_text("{")
    code, _, err = run("sample", folder)
    assert code == 1 and "settings.json is damaged" in err


def test_an_interrupted_run_says_so_and_can_be_resumed(run, tmp_path, monkeypatch):
    from keras_gen.callbacks import RunFolder

    def interrupt(self, epoch, logs=None):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "on_epoch_end", interrupt)
        code, _, err = run("train", "vae", *SMALL, "--out", tmp_path / "a")
    assert code == 130 and "--resume goes on" in err
    code, out, err = run("train", "vae", *SMALL, "--out", tmp_path / "a", "--resume")
    assert code == 0 and "after epoch 2" in out, err


def test_tune_leaves_a_table_and_goes_on(run, tmp_path):
    folder = tmp_path / "search"
    command = ("tune", "autoencoder", "--search", "bottleneck=2:5,corruption=0:0.5", "--units", "6", "--epochs", 1,
               "--batch-size", 512, "--out", folder)  # fmt: skip
    code, out, err = run(*command, "--trials", 1)
    assert code == 0 and "In " in out and "Smallest latent_dim within one standard error of the best: " in out, err
    assert {"trials.csv", "best.keras", "error_against_latent_dim.png", "error_against_noise.png"} <= {
        path.name for path in folder.iterdir()
    }
    first = (folder / "trials.csv").read_text().splitlines()
    code, out, err = run(*command, "--trials", 2)
    assert code == 0 and "Test error of the best: " in out, err
    assert (folder / "trials.csv").read_text().splitlines()[:2] == first and len(first) == 2
    assert load_model(folder / "best.keras").encoder.get_layer("encoder_1").units == 6
    code, _, err = run(*command, "--trials", 2, "--seed", 1)
    assert code == 1 and "holds another search" in err


def test_an_interrupted_search_says_so(run, tmp_path, monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_gen.tuning.search", interrupt)
    code, _, err = run("tune", "autoencoder", "--search", "noise=0:0.5", "--out", tmp_path / "a")
    assert code == 130 and "the same command goes on" in err


def test_a_run_is_not_put_into_the_folder_of_a_search(run, tmp_path):
    (tmp_path / "search.json").write_text("[]")
    code, _, err = run("train", "vae", *SMALL, "--out", tmp_path)
    assert code == 1 and "holds a search. Expected: a new folder for --out" in err
    assert [path.name for path in tmp_path.iterdir()] == ["search.json"]
