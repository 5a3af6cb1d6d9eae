import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen import models, runs


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
