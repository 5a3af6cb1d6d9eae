import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen import models, networks, runs
from keras_gen.input_optimization import style_networks


@pytest.fixture
def folder(tmp_path):
    """A run of an untrained classifier of digits."""
    network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    models.Classifier(network).save(tmp_path / "model.keras")
    runs.Settings("lenet5").write(tmp_path)
    return tmp_path


def test_attack_prints_its_report_and_writes_its_picture(folder, run, tmp_path):
    keras.config.disable_interactive_logging()
    out = tmp_path / "attacked.png"
    code, printed, _ = run("attack", folder, "--n", 20, "--epsilon", 0.2, "--out", out)
    lines = dict(line.split(": ") for line in printed.splitlines() if ": " in line)
    assert code == 0
    assert float(lines["mean largest change of a pixel"]) == pytest.approx(0.2, abs=1e-4)
    assert {"error before the attack", "success", "success after JPEG"} <= set(lines)
    assert printed.endswith(f"Wrote {out}\n")
    assert np.asarray(Image.open(out).convert("L")).std() > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("attack {run} --epsilon 3", "`epsilon` must be a number in [0, 1], the width of the range"),
        ("attack {run} --method deepfool --target 3", "--target is for some methods."),
        ("attack {run} --out {run}", "--out is not the name of a picture."),
        ("attack {run}/none", "No run in that folder"),
    ],
)
def test_errors_are_one_line(folder, refused, words, message):
    assert message in refused(*(word.format(run=folder) for word in words.split()))


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Two pictures, and a few random filters in place of VGG-19, which cannot be downloaded in a test."""
    bank = networks.random_filter_bank(filters=2, kernel_sizes=(3,))
    monkeypatch.setattr(style_networks, "default_network", lambda: bank)
    keras.config.disable_interactive_logging()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (16, 20, 3), "uint8")).save(tmp_path / name)
    return tmp_path / "a.png", tmp_path / "b.png"


@pytest.mark.compiled
def test_textures_and_styles_are_written(pictures, run, tmp_path):
    a, b = pictures
    for command, size in (
        (("texture", a, "--size", 24), (24, 24)),
        (("style", a, b, "--side", 16, "--keep-colors"), (16, 13)),
    ):
        out = tmp_path / "made.png"
        code, printed, _ = run(*command, "--steps", 2, "--out", out)
        assert (code, printed.splitlines()[-1]) == (0, f"Wrote {out}")
        assert Image.open(out).size == size


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("texture none.png", "No image at that path."),
        ("style {a} none.png", "No image at that path."),
        ("style {a} {a} --out here", "--out is not the name of a picture."),
        ("texture {a} --weights none.npz", "No file of weights at that path. Expected: an .npz file."),
        ("dream {a} --run none", "No run in that folder"),
        ("texture {text}", "cannot be read"),
    ],
)
def test_errors_of_pictures_are_one_line(pictures, refused, words, message, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    names = {"a": pictures[0], "text": tmp_path / "text.png"}
    assert message in refused(*(word.format(**names) for word in words.split()))


def test_visualize_writes_its_pictures_into_the_runs_folder(folder, run, tmp_path):
    code, printed, _ = run("visualize", folder, "--n", 2, "--steps", 1)
    names = ["attribution.png", "filters.png", "typical.png"]
    assert code == 0 and printed.endswith("".join(f"Wrote {folder / name}\n" for name in names))
    assert "1/1" in printed, "a progress bar"
    code, _, _ = run("visualize", folder, "--n", 2, "--steps", 1, "--out", tmp_path / "seen")
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == names
