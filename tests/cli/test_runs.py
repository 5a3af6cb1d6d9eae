"""Adversarial models on the command line; the rest of it is in test_cli.py."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from keras_gen import data, load_model, presets

SMALL = ["--width", "0.05", "--batch-size", "120", "--epochs", "2"]


@pytest.fixture
def conditional(run, tmp_path):
    folder = tmp_path / "run"
    code, out, err = run("train", "conditional-gan", *SMALL, "--sample-every", 2, "--out", folder)
    assert code == 0, err
    return folder, out


@pytest.mark.parametrize("name", sorted(set(presets.ADVERSARIAL) - {"conditional-gan"}))
def test_every_adversarial_model_trains_and_leaves_samples(run, tmp_path, name):
    moves = ["--n-critic", 2] if "wgan" in name else []
    code, out, err = run("train", name, *SMALL, *moves, "--out", tmp_path / "run")
    assert code == 0, err
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert files == {"model.keras", "history.csv", "settings.json", "samples.png", "history.png"}
    assert "On test images after epoch 2: " in out and "generator_loss" in out
    steps = int(load_model(tmp_path / "run").steps_done)
    assert steps == 2 * -(-1437 // (240 if moves else 120)), "--batch-size is that of one move"


def test_a_conditional_run_draws_a_class_a_row_and_what_is_asked_for(conditional, run, tmp_path):
    folder, _ = conditional
    assert (folder / "samples-0002.png").exists()
    out = tmp_path / "a.png"
    pictures = []
    for labels in (["--labels", "3"], ["--labels", "7"], []):
        code, told, err = run("sample", folder, "--n", 9, "--seed", 1, *labels, "--out", out)
        assert code == 0 and "Wrote" in told, err
        pictures.append(np.asarray(Image.open(out)))
    assert (pictures[0] != pictures[1]).any()
    assert pictures[0].shape != pictures[2].shape, "the classes asked for are told above the picture"


def test_ways_between_samples_are_rows_of_a_picture(conditional, run, tmp_path):
    folder, _ = conditional
    for path in ("linear", "spherical"):
        options = ["--rows", 2, "--steps", 5, "--path", path, "--labels", "1,2", "--seed", 0]
        code, _, err = run("interpolate", folder, *options, "--out", tmp_path / "way.png")
        assert code == 0, err
        assert np.asarray(Image.open(tmp_path / "way.png")).std() > 0


def test_a_resumed_run_equals_an_unbroken_one(conditional, run, tmp_path):
    folder, _ = conditional
    code, out, err = run("train", "conditional-gan", "--epochs", 3, "--out", folder, "--resume")
    assert code == 0 and "after epoch 3" in out, err
    run("train", "conditional-gan", *SMALL[:-1], "3", "--out", tmp_path / "whole")
    models = [load_model(f / "model.keras") for f in (folder, tmp_path / "whole")]
    for left, right in zip(*(model.variables for model in models), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


def test_evaluate_measures_samples_in_the_names_that_say_how(run, tmp_path):
    run("train", "dcgan", *SMALL, "--out", tmp_path / "run")
    options = ["--metrics", "frechet,precision", "--samples", 100, "--features", "identity"]
    code, out, err = run("evaluate", tmp_path / "run", *options)
    assert code == 0, err
    lines = dict(line.split(": ", 1) for line in out.splitlines())
    assert {"discriminator_loss", "generator_loss", "frechet[identity,n=100]", "precision[identity,k=3,n=100]"} < set(
        lines
    )
    assert float(lines["frechet[identity,n=100]"].split()[0]) > 1, "of a generator of two epochs"


def test_data_of_other_ranges_are_brought_to_the_generators(run, tmp_path):
    code, _, err = run("train", "dcgan", *SMALL, "--learning-rate", 1e-3, "--out", tmp_path / "run")
    assert code == 0, err
    model = load_model(tmp_path / "run")
    assert model.value_range == (-1, 1) and model.sample(50, seed=0).min() < -0.1
    assert float(model.optimizer["generator"].learning_rate) == pytest.approx(1e-3)
    assert json.loads((tmp_path / "run" / "settings.json").read_text())["arguments"]["learning_rate"] == 1e-3


def test_too_few_images_for_the_moves_leave_nothing(run, tmp_path):
    np.savez(tmp_path / "few.npz", x=np.random.default_rng(0).random((5, 8, 8, 1)))
    code, _, err = run("train", "wgan-gp", "--data", tmp_path / "few.npz", *SMALL, "--out", tmp_path / "run")
    assert code == 1 and "5 moves of a step. Expected: examples >= 5. Received: examples=4" in err
    assert not (tmp_path / "run" / "model.keras").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "gan", "--binarization", "dynamic"), "--binarization is for models of a likelihood. Received: gan"),
        (("train", "gan", "--adversarial-loss", "wasserstein"), "Unknown adversarial_loss"),
        (("train", "wgan", "--clip", "0"), "`clip` must be a finite number > 0"),
        (("train", "conditional-gan", "--num-classes", "5"), "`labels` must be in 0..4. Received: 5, 6, 7, 8, 9"),
        (("train", "dcgan", "--filters", "0"), "`filters` must be an integer >= 1"),
        (("tune", "gan", "--search", "latent_dim=2:4"), "Unknown model"),
    ],
)
def test_bad_options_are_one_line_before_training(run, tmp_path, arguments, message):
    code, _, err = run(*arguments, "--width", "0.05", "--out", tmp_path / "run")
    assert code == 1 and len(err.strip().splitlines()) == 1
    assert re.search(message, err), err
    assert not (tmp_path / "run" / "model.keras").exists()


def test_what_a_run_cannot_do_is_said(conditional, run, tmp_path):
    folder, _ = conditional
    x, _ = data.load("digits")[0]
    np.save(tmp_path / "unlabelled.npy", x[:300])
    run("train", "vae", "--width", "0.02", "--epochs", 1, "--out", tmp_path / "vae")
    for arguments, message in (
        (("reconstruct", folder), "This model reconstructs nothing"),
        (("sample", folder, "--labels", "a"), "--labels must be whole numbers with commas between"),
        (("sample", folder, "--labels", "12"), "`labels` must be in 0..9. Received: 12"),
        (("sample", tmp_path / "vae", "--labels", "1"), "--labels are for a conditional model"),
        (("interpolate", folder, "--path", "round"), "Unknown path"),
        (("evaluate", folder, "--nll-samples", 5), "has no likelihood"),
        (("evaluate", folder, "--metrics", "fid", "--features", "identity"), "Unknown metric"),
        (("evaluate", folder, "--metrics", "frechet", "--features", "vgg"), "Unknown features"),
        (("train", "conditional-gan", *SMALL, "--data", tmp_path / "unlabelled.npy", "--out", tmp_path / "n"),
         "needs labels"),
    ):  # fmt: skip
        code, _, err = run(*arguments)
        assert code == 1 and message in err and len(err.strip().splitlines()) == 1, err


def test_a_vae_has_ways_between_samples_too(run, tmp_path):
    run("train", "vae", "--width", "0.02", "--epochs", 1, "--out", tmp_path / "vae")
    code, out, err = run("interpolate", tmp_path / "vae", "--rows", 2, "--steps", 4, "--out", tmp_path / "way.png")
    assert code == 0 and "Wrote" in out, err
