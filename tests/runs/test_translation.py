import contextlib
import functools
import json
import shutil
import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen import load_model, models, networks, presets, runs
from keras_gen.data.image_sources import image_source
from keras_gen.runs.loading import load_run
from keras_gen.runs.training import with_defaults
from keras_gen.runs.translation import _side, set_names
from tests.images import image_folders

SMALL = {"size": 8, "width": 0.03, "blocks": 1, "pool_size": 3}


@pytest.fixture
def folders(tmp_path):
    """Two folders of smooth images, of which one file of the first is none."""
    x, y = image_folders(tmp_path, {"x": 5, "y": 3})
    (x / "broken.jpg").write_bytes(b"none")
    return x, y


def train(folder, x, y, epochs=1, given=(), resume=True, new_data=False, **options):
    """Train, and take the warnings of a damaged image for granted."""
    options = {**SMALL, "x": str(x), "y": str(y), **options}
    settings = runs.Settings("cyclegan", "pairs", epochs, 2, options=options)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="1 of . files")
        return runs.train(settings, folder, resume, given, new_data=new_data)


def translate(folder, images, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="1 of . files")
        return runs.translate(folder, images, **options)


@contextlib.contextmanager
def refused(message):
    with pytest.raises(ValueError, match=message):
        yield


@pytest.fixture
def nothing_to_learn(monkeypatch):
    """Networks of one convolution, for tests of what a run keeps, not of what it learns."""

    def network(shape, *_, name, channels=3, activation="tanh", **options):
        convolution = keras.layers.Conv2D(channels, 3, padding="same", activation=activation)
        return keras.Sequential([keras.Input(shape), convolution], name=name)

    monkeypatch.setattr(networks, "resnet_generator", network)
    discriminator = functools.partial(network, channels=1, activation=None)
    monkeypatch.setattr(networks, "patchgan_discriminator", discriminator)


@pytest.mark.usefixtures("nothing_to_learn", "blank_pictures")
def test_a_resumed_run_equals_an_unbroken_one_and_keeps_to_its_images(folders, tmp_path):
    """One epoch and one more equal two, pool included; folders may move, their images may not change."""
    (x, y), states, whole = folders, [], tmp_path / "whole"
    for folder, lengths in ((tmp_path / "parts", (1, 2)), (whole, (2,))):
        for epochs in lengths:
            trained = train(folder, x, y, epochs, given={"epochs"})
        states.append(load_model(folder))
    assert (trained.epochs, trained.new) == (2, 2)
    assert set(trained.figures) >= {"loss", "generators_loss", "cycle", "discriminators_loss"}
    for left, right in zip(*([*s.variables, *s.optimizer.variables] for s in states), strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())
    assert int(states[0].pool_x.stored) == 3
    assert trained.files == ["history.png", "x-to-y.png", "y-to-x.png"]
    assert json.loads((whole / "settings.json").read_text())["arguments"]["images"] == [5, 3]

    assert with_defaults(load_run(whole).settings).images == (5, 3), "settings of a run serve another one"
    moved = tmp_path / "moved"
    y.rename(moved)
    assert train(whole, x, f"{moved}/", 2, given={"x", "y"}).new == 0
    with refused("A resumed run keeps its data.* Received: 5 images of y, 3 when the run began"):
        train(whole, x, x, 2, given={"y"})
    with refused("A resumed run keeps its settings. Expected: --size 8. Received: 16"):
        train(whole, x, moved, 2, given={"size"}, size=16)
    (x / "x0.jpg").unlink()
    with refused("or --new-data. Received: 4 images of x, 5 when the run began"):
        train(whole, x, moved, 2)
    assert train(whole, x, moved, 2, new_data=True).settings.images == (4, 3)
    (whole / "history.csv").unlink()
    with pytest.warns(UserWarning, match="history.csv' lacks 2 epochs of the 2 that the model has finished"):
        again = train(whole, x, moved, 2)
    assert again.files == ["x-to-y.png", "y-to-x.png"] and again.figures == {}


@pytest.fixture
def folder(_untrained, monkeypatch):
    """A run of an untrained CycleGAN for images of 8x8 pixels, which is loaded once."""
    monkeypatch.setattr(runs.translation, "load_run", _loaded)
    return _untrained


_loaded = functools.cache(load_run)


@pytest.fixture(scope="module")
def _untrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("untrained")
    options = {name: value for name, value in SMALL.items() if name != "size"}
    presets.build("cyclegan", (8, 8, 3), **options).save(folder / "model.keras")
    runs.Settings("cyclegan", "pairs").write(folder)
    return folder


def test_images_keep_their_own_size(folder, folders, tmp_path):
    """Of sides 12 and 14 and the multiple 4: the height becomes 16, for 14 / 4 is nearer to 4 than to 3."""
    (x, y), model = folders, load_model(folder)
    done = translate(folder, x, out=tmp_path / "made")
    assert done == (5, {(16, 12)}, "5 resized to the nearest sides divisible by 4")
    Image.new("RGB", (24, 8), (200, 30, 90)).save(y / "y9.png")
    assert translate(folder, y, to="x", out=tmp_path / "more").sizes == {(16, 12), (8, 24)}
    for place, files, to, sides in (("made", x, "y", (16, 12)), ("more", y, "x", (16, 12))):
        made = list((tmp_path / place).glob("[xy][0-5].png"))
        sources = [image_source("image", files / f"{path.stem}.jpg", sides) for path in made]
        images = np.concatenate([source.rows(np.arange(1)) for source in sources])
        found = np.stack([np.asarray(Image.open(path)) / 127.5 - 1 for path in made])
        np.testing.assert_allclose(found, model.translate(images, to=to), atol=1 / 127)
    assert len(list((tmp_path / "made").iterdir())) == 5 and len(list((tmp_path / "more").iterdir())) == 4


def test_a_very_large_image_is_reduced(folder, folders, tmp_path, monkeypatch):
    monkeypatch.setattr(runs.translation, "_LARGEST", 400)
    Image.new("RGB", (80, 20)).save(tmp_path / "wide.png")
    done = translate(folder, tmp_path / "wide.png", out=tmp_path / "made")
    assert done == (1, {(8, 40)}, "1 resized to the nearest sides divisible by 4, of at most 400 pixels")


def test_a_size_is_forced_or_refused(folder, folders, tmp_path):
    x, _ = folders
    assert translate(folder, x, out=tmp_path / "made", size=8) == (5, {(8, 8)}, "")
    assert translate(folder, x / "x1.jpg", out=tmp_path / "one", size=20).sizes == {(20, 20)}
    assert Image.open(tmp_path / "one" / "x1.png").size == (20, 20)
    with refused("--size must be divisible by 4. Expected: such as 8. Received: 10"):
        translate(folder, x, out=tmp_path / "n", size=10)
    assert not (tmp_path / "n").exists()


def test_generators_of_one_size_translate_at_that_size(folders, tmp_path):
    def dense(name):
        inputs = keras.Input((4, 4, 3))
        hidden = keras.layers.Dense(48, "tanh", name="all")(keras.layers.Flatten()(inputs))
        return keras.Model(inputs, keras.layers.Reshape((4, 4, 3))(hidden), name=name)

    def patches(name):
        inputs = keras.Input((4, 4, 3))
        return keras.Model(inputs, keras.layers.Conv2D(1, 3)(inputs), name=name)

    model = models.CycleGAN(dense("xy"), dense("yx"), patches("a"), patches("b"), pool_size=0)
    model.compile("adam")
    model.save(tmp_path / "run" / "model.keras")
    runs.Settings("cyclegan", "pairs").write(tmp_path / "run")
    done = translate(tmp_path / "run", folders[0], out=tmp_path / "made")
    assert (done.count, done.sizes) == (5, {(4, 4)})
    assert done.note.startswith("the model's size: `xy` cannot take images of another size") and "`all`" in done.note
    assert translate(tmp_path / "run", folders[0], out=tmp_path / "made", size=4).sizes == {(4, 4)}
    with refused("`xy` cannot take images of another size"):
        translate(tmp_path / "run", folders[0], out=tmp_path / "made", size=8)


def test_no_image_is_overwritten(folder, folders, tmp_path):
    x, _ = folders
    classes, links = tmp_path / "classes", tmp_path / "links"
    for side in ("one", "two"):
        (classes / side).mkdir(parents=True)
        shutil.copy(x / "x1.jpg", classes / side)
    links.mkdir()
    (links / "x1.jpg").symlink_to(x / "x1.jpg")
    shutil.copy(x / "x1.jpg", tmp_path / "x1.png")
    files = ((x / "x1.jpg", x), (tmp_path / "x1.png", tmp_path / "x1.png"))
    for images, out in (*files, (x, x / ".." / "x"), (classes, classes / "two"), (links, links)):
        with refused("--out would overwrite images"):
            translate(folder, images, out=out)
    with pytest.warns(UserWarning, match="Several images have the same name"):
        assert translate(folder, classes, out=tmp_path / "made").count == 2
    assert {path.name for path in (tmp_path / "made").iterdir()} == {"00000-x1.png", "00001-x1.png"}
    assert translate(folder, x / "x1.jpg", out=tmp_path / "one.png").count == 1
    assert (tmp_path / "one.png").is_file()
    with refused(r"--out must be a folder, because a file holds one image. Received: '.*two.png'"):
        translate(folder, x, out=tmp_path / "two.png")
    with refused(r"Unknown set for --to. Expected: one of \['x', 'y'\]. Received: 'z'"):
        translate(folder, x, to="z")


@pytest.mark.parametrize(
    ("x", "y", "sides"),
    [
        ("/a/photo", "/b/monet", {"photo": "x", "monet": "y", "x": "x", "y": "y"}),
        ("cycle_gan/monet2photo:trainA", "/b/monet/", {"trainA": "x", "monet": "y"}),
        ("cycle_gan/monet2photo", "", {"trainA": "x", "trainB": "y"}),
        ("/a/y", "/b/x", {"x": "x", "y": "y"}),  # x is always the first set
        ("/a/train", "/b/train", {"train": None, "y": "y"}),
        (None, None, {"y": "y", "monet": None}),
    ],
)
def test_a_set_is_named_by_its_folder(x, y, sides):
    options = {"x": x, "y": y}
    for name, side in sides.items():
        if side is None:
            with refused("Unknown set for --to"):
                _side(name, options)
        else:
            assert _side(name, options) == side


def test_sets_have_names_if_there_are_two_that_differ():
    assert set_names({"x": "/a/photo", "y": "/b/monet"}) == {"x": "photo", "y": "monet"}
    for options in ({"x": "/a/photo"}, {"x": "/a/one", "y": "/b/one"}, {"x": "/", "y": "/b/monet"}, {}):
        assert set_names(options) == {}, options  # such as a run of one set, which is enlarged


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": "{x}/none"}, "`y` must be an image or a folder of images that exists"),
        ({"x": ""}, "--x is missing. Expected: a folder of images, or a set"),
        ({"channels": 2}, "`channels` must be 1, 3 or None"),
        ({"y": ""}, "`y` must be given. Expected: two arrays or folders"),
        ({"x": "{empty}"}, "empty' must hold images"),
        ({"size": 30}, "--size must be divisible by 4"),
        ({"y": "{grey}"}, "x and y must have the same channels. Expected: --channels 1 or 3 for both. "
         "Received: 3 in x, 1 in y"),
        ({"pool_size": -1}, "`pool_size` must be an integer >= 0"),
        ({"skp": True}, "Unknown option. Did you mean 'skip'"),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_nothing(options, message, folders, tmp_path):
    places = {"x": folders[0], "y": folders[1]}
    for name in ("empty", "grey"):
        places[name] = tmp_path / name
        places[name].mkdir()
    Image.new("L", (12, 12), 7).save(tmp_path / "grey" / "g.png")
    options = {name: value.format(**places) if isinstance(value, str) else value for name, value in options.items()}
    with refused(message):
        train(tmp_path / "run", **{"x": folders[0], "y": folders[1], **options})
    assert not (tmp_path / "run").exists()
