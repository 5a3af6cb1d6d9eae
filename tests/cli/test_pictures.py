import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def images(tmp_path):
    """Two image files of other sizes and kinds than the data."""
    Image.new("RGB", (20, 30), (250, 10, 0)).save(tmp_path / "a.jpg")
    Image.new("LA", (8, 5)).save(tmp_path / "b.png")
    return tmp_path / "a.jpg", tmp_path / "b.png"


def test_every_command_writes_its_picture(folder, images, run, tmp_path):
    a, b = images
    for command in (
        ("sample", folder, "--n", 3, "--seed", 1),
        ("interpolate", folder, "--rows", 1, "--steps", 2, "--seed", 1),
        ("interpolate", folder, "--between", "3,17", "--steps", 3),
        ("interpolate", folder, "--from", a, "--to", b, "--steps", 3, "--path", "linear"),
        ("plane", folder, "--axes", "2,0", "--n", 2),
        ("reconstruct", folder, "--n", 2),
        ("reconstruct", folder, a, b),
    ):
        out = tmp_path / "made" / "picture.png"
        assert run(*command, "--out", out) == (0, f"Wrote {out}\n", "")
        assert np.asarray(Image.open(out).convert("L")).std() > 0
        assert [path.name for path in out.parent.iterdir()] == ["picture.png"]


@pytest.mark.parametrize("name", ["new", "new/", "empty", "with.dot/"])
def test_samples_as_single_images_in_a_folder(name, folder, run, tmp_path):
    (tmp_path / "empty").mkdir()
    out = f"{tmp_path}/{name}"
    assert run("sample", folder, "--n", 2, "--out", out) == (0, f"Wrote 2 images into {out}\n", "")
    assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["00000.png", "00001.png"]


def test_a_picture_may_replace_an_older_one_of_its_kind(folder, run, tmp_path):
    (tmp_path / "a.png").write_bytes(b"old")
    assert run("plane", folder, "--n", 2, "--out", tmp_path / "a.png")[0] == 0
    assert np.asarray(Image.open(tmp_path / "a.png")).std() > 0


def test_nothing_is_written_over(folder, refused, tmp_path):
    before = contents(tmp_path)
    for out in (folder, f"{folder}/", folder / "model.keras"):
        assert "Error: " in refused("sample", folder, "--out", out)
    assert f"'{folder}' is not empty. Expected: a new or an empty folder for --out" in refused(
        "sample", folder, "--out", folder
    )
    (folder / "folder.png").mkdir()
    assert "--out is not the name of a picture." in refused("plane", folder, "--out", folder / "folder.png")
    (folder / "folder.png").rmdir()
    assert contents(tmp_path) == before


def contents(folder):
    """The bytes of all files, by path."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("interpolate {run} --between 3", "--between is for two test images, --from and --to for two files."),
        ("interpolate {run} --between a,b", "--between must be whole numbers separated by commas"),
        ("interpolate {run} --between 3,400", "--between takes numbers of test images. Expected: 0 to 359."),
        ("interpolate {run} --between 3,4 --from a.png", "Received: --between 3,4 with --from or --to"),
        ("interpolate {run} --from {a}", "--from and --to must be given together."),
        ("interpolate {run} --from {a} --to none.png", "No image at that path. Expected: an image file."),
        ("interpolate {run} --between 3,4 --seed 1", "--seed is for paths between samples."),
        ("interpolate {run} --data digits", "--data is for paths between test images."),
        ("plane {run} --axes 0,3", "--axes are two different coordinates. Expected: two of 0 to 2"),
        ("plane {run} --axes x,y", "--axes must be whole numbers separated by commas"),
        ("reconstruct {run} none.png", "No image at that path."),
        ("reconstruct {run} {a} --n 3", "--data and --n are for test images."),
        ("reconstruct {run} {run}/settings.json", "must hold images that can be read. Received: 1 that cannot"),
        ("plane {run} --out plane", "--out is not the name of a picture. Expected: one that ends in .jpeg"),
        ("plane {run} --out plane.doc", "--out is not the name of a picture."),
        ("plane {run} --out {run}/model.keras", "--out is not the name of a picture."),
        ("sample {run} --out 0.5", "--out is not the name of a picture."),
    ],
)
def test_bad_input_is_one_line(words, message, folder, images, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)
    assert message in refused(*words.format(run=folder, a=images[0]).split())
    assert contents(tmp_path) == before


def test_a_gan_has_no_way_to_files(conditional, images, refused):
    a, b = images
    assert "`interpolate` between images needs a model with the task 'encode'" in refused(
        "interpolate", conditional, "--from", a, "--to", b
    )
