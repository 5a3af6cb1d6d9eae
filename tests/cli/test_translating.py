import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen import load_model
from keras_gen.data.image_sources import image_source

SMALL = ["--size", 8, "--width", 0.03, "--blocks", 1, "--pool-size", 3, "--batch-size", 2]


@pytest.fixture
def folders(tmp_path):
    """Two folders of smooth images, of which one file of the first is none."""
    rng = np.random.default_rng(0)
    for side, n in (("x", 5), ("y", 3)):
        (tmp_path / side).mkdir()
        for number in range(n):
            image = Image.fromarray(rng.integers(0, 256, (3, 3, 3), "uint8")).resize((12, 12))
            image.save(tmp_path / side / f"{side}{number}.jpg")
    (tmp_path / "x" / "broken.jpg").write_bytes(b"none")
    return tmp_path / "x", tmp_path / "y"


def test_a_run_is_trained_resumed_and_translates(run, folders, tmp_path):
    """Two epochs, one more resumed, equal three, pool included; each image becomes a file of its name."""
    x, y = folders
    given, states = ["--x", x, "--y", y, "--skip"], []
    for folder, lengths in (("parts", (2, 3)), ("whole", (3,))):
        for epochs in lengths:
            options = [*given, *SMALL] if epochs == lengths[0] else []  # a resumed run knows its folders
            code, out, err = run(
                "train", "cyclegan", *options, "--epochs", epochs, "--out", tmp_path / folder, "--resume"
            )
            assert code == 0, err
            assert "Warning: 1 of 6 images of `x` cannot be read and are left out:" in err and "broken.jpg" in err
        states.append(load_model(tmp_path / folder / "model.keras"))
    assert "After epoch 3: generators_loss" in out
    for left, right in zip(*([*s.variables, *s.optimizer.variables] for s in states), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())
    assert int(states[0].pool_x.stored) == 3
    assert any(isinstance(layer, keras.layers.Concatenate) for layer in states[0].generator_xy.layers), "--skip"
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert names == {"model.keras", "history.csv", "settings.json", "history.png", "x-to-y.png", "y-to-x.png"}
    assert json.loads((tmp_path / "whole" / "settings.json").read_text())["arguments"]["images"] == [5, 3]

    (y / "notes.txt").write_text("")
    for to, images, count in (("y", x, 5), ("x", y / "y1.jpg", 1)):
        made = tmp_path / f"to-{to}"
        code, out, err = run("translate", tmp_path / "whole", images, "--to", to, "--out", made)
        assert code == 0 and f"Wrote {count} images of 8x8 pixels" in out, err
        assert len(list(made.iterdir())) == count
        for path in made.iterdir():
            image = image_source("image", (x if to == "y" else y) / f"{path.stem}.jpg", 8).rows(np.arange(1)).numpy()
            found = np.asarray(Image.open(path)) / 127.5 - 1
            np.testing.assert_allclose(found, states[1].translate(image, to=to)[0], atol=1 / 127)
    whole = tmp_path / "whole"
    assert bad(run, "translate", whole, x, "--to", "z").startswith("Error: Unknown side")
    for place in (x, x / ".." / "x"):
        assert bad(run, "translate", whole, x / "x1.jpg", "--out", place).startswith("Error: --out would overwrite")
    classes = tmp_path / "classes"
    for side in ("one", "two"):
        (classes / side).mkdir(parents=True)
        shutil.copy(x / "x1.jpg", classes / side)
    refused = bad(run, "translate", whole, classes, "--out", classes / "two")
    assert refused.startswith("Error: --out would overwrite")
    clash = tmp_path / "clash"
    code, out, err = run("translate", whole, classes, "--out", clash)
    assert code == 0 and "Warning: Some images have one name" in err and "Wrote 2 images" in out
    assert {path.name for path in clash.glob("*.png")} == {"00000-x1.png", "00001-x1.png"}
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "x1.jpg").symlink_to(x / "x1.jpg")
    refused = bad(run, "translate", whole, tmp_path / "links", "--out", tmp_path / "links")
    assert refused.startswith("Error: --out would overwrite")
    assert bad(run, "evaluate", whole).startswith("Error: `evaluate` is for models of one set")
    assert bad(run, "sample", whole).startswith("Error: This model draws no samples")

    moved = tmp_path / "moved"
    y.rename(moved)
    onwards = ["train", "cyclegan", "--out", whole, "--resume", "--epochs", 3]
    code, out, err = run(*onwards, "--y", f"{moved}/")
    assert code == 0 and "changed" not in err and "Nothing to train" in out, err
    refused = bad(run, *onwards, "--y", x)
    assert refused.startswith("Error: A resumed run keeps its images")
    assert refused.endswith("Received: y of 5 images, 3 when the run began")
    assert bad(run, *onwards, "--size", 16).startswith("Error: A resumed run keeps its settings")
    (x / "x0.jpg").unlink()
    code, _, err = run(*onwards)
    assert code == 0 and "Warning: The files have changed: x of 4 images, 5 when the run began" in err
    (whole / "history.csv").unlink()
    code, out, err = run(*onwards)
    assert code == 0 and out.strip().endswith("settings.json, x-to-y.png, y-to-x.png"), err


def bad(run, *arguments):
    """The line of what is refused."""
    code, _, err = run(*arguments)
    assert code == 1
    return err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--x", "{x}", "--y", "{x}/none"], "`y` must be an image or a folder of images that exists"),
        ([], "--x is missing. Expected: a folder of images, or a set"),
        (["--x", "{x}", "--y", "{y}", "--channels", 2], "`channels` must be 1, 3 or None"),
        (["--x", "{x}"], "`y` must be given. Expected: two arrays or folders"),
        (["--x", "{empty}", "--y", "{y}"], "`x` must hold images"),
        (["--x", "{x}", "--y", "{y}", "--size", 30], "--size must be divisible by 4"),
        (["--x", "{x}", "--y", "{grey}"], "x and y must have the same channels. Expected: --channels 1 or 3 for both. "
         "Received: 3 in x, 1 in y"),
        (["--x", "{x}", "--y", "{y}", "--batch-size", 9, "--pool-size", -1], "`pool_size` must be an integer >= 0"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_leaves_nothing(arguments, message, run, folders, tmp_path):
    x, y = folders
    (tmp_path / "empty").mkdir()
    (tmp_path / "grey").mkdir()
    Image.new("L", (12, 12), 7).save(tmp_path / "grey" / "g.png")
    places = {"x": x, "y": y, "empty": tmp_path / "empty", "grey": tmp_path / "grey"}
    arguments = [text.format(**places) if isinstance(text, str) else text for text in arguments]
    code, out, err = run("train", "cyclegan", *arguments, "--out", tmp_path / "run")
    last = err.strip().splitlines()[-1]
    assert code == 1 and out == "" and last.startswith("Error: ") and message in last, err
    assert not (tmp_path / "run").exists()


def test_grey_and_colour_can_be_made_alike(run, folders, tmp_path):
    x, y = folders
    code, _, err = run(
        "train", "cyclegan", "--x", x, "--y", y, "--channels", 1, *SMALL, "--epochs", 1, "--out", tmp_path / "run"
    )
    assert code == 0, err
    assert load_model(tmp_path / "run" / "model.keras").shape_y == (8, 8, 1)
