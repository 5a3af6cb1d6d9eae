import tracemalloc
import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen import data, presets
from keras_gen.data import stored
from keras_gen.lazy_arrays import LazyArray
from tests.data.test_array_files import mnist_files

RNG = np.random.default_rng(0)


def _pictures(folder, names, size=(6, 4), mode="L"):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new(mode, size, 10 * number if mode == "L" else (10 * number, 0, 255)).save(folder / name)


def test_digits_are_scikit_learns_in_two_disjoint_parts():
    train, test = data.load("digits")
    assert train.x.dtype == np.float32 and (train.x.min(), train.x.max()) == (0, 1)
    assert len(train.x) + len(test.x) == 1797 and len(train.y) == len(train.x)
    assert set(np.unique(train.y)) == set(np.unique(test.y)) == set(range(10))


def test_a_named_set_is_loaded_once_and_protected():
    assert data.load("digits")[0].x is data.load("digits", size=(8, 8), channels=1)[0].x
    with pytest.raises(ValueError, match="read-only"):
        data.load("digits")[0].x[0] = 1


def test_value_range():
    (train, _), (unit, _) = data.load("digits", value_range=(-1, 1)), data.load("digits")
    np.testing.assert_allclose(train.x, unit.x * 2 - 1, atol=1e-6)


def test_folder_of_images_has_no_labels(tmp_path):
    _pictures(tmp_path, [f"{i}.png" for i in range(10)])
    train, test = data.load(tmp_path)
    assert train.x.shape == (8, 4, 6, 1) and test.x.shape == (2, 4, 6, 1) and train.y is None
    levels = np.sort(np.concatenate([train.x, test.x])[:, 0, 0, 0])
    np.testing.assert_allclose(levels, np.arange(10) * 10 / 255, atol=1e-6)


def test_sub_folders_are_classes_in_colour_too(tmp_path):
    for part, count in (("train", 3), ("test", 2)):
        for name in ("cat", "dog"):
            _pictures(tmp_path / part / name, [f"{i}.jpg" for i in range(count)], mode="RGB")
    train, test = data.load(tmp_path)
    assert train.x.shape == (6, 4, 6, 3) and train.y.tolist() == [0, 0, 0, 1, 1, 1] and test.y.tolist() == [0, 0, 1, 1]


def test_both_parts_of_a_file_have_one_scale(tmp_path):
    """Of bytes: a test part of 0 and 1 is as dark as it is in the training part."""
    dark = np.arange(96, dtype="uint8").reshape(6, 4, 4) % 2
    np.savez(tmp_path / "parts.npz", x_train=255 - dark, x_test=dark)
    train, test = data.load(tmp_path / "parts.npz")
    assert train.x.max() == 1 and test.x.max() == np.float32(1 / 255)


def test_npz_and_npy(tmp_path):
    x, y = 2 * np.arange(96, dtype="uint8").reshape(6, 4, 4), np.arange(6) % 2
    np.savez(tmp_path / "parts.npz", x_train=x[:4], y_train=y[:4], x_test=x[4:], y_test=y[4:])
    train, test = data.load(tmp_path / "parts.npz")
    np.testing.assert_allclose(train.x[..., 0], x[:4] / 255, rtol=1e-6)
    assert test.y.tolist() == [0, 1]
    np.savez(tmp_path / "whole.npz", images=x, target=y)
    train, test = data.load(tmp_path / "whole.npz")
    assert len(train.x) == 4 and sorted([*train.y, *test.y]) == [0, 0, 0, 1, 1, 1]
    np.save(tmp_path / "x.npy", x.astype("float64") / 255)
    assert data.load(tmp_path / "x.npy")[0].x.dtype == np.float32


def test_the_arrays_are_the_only_large_ones_in_memory():
    x = np.full((100, 64, 64), 255, "uint8")
    data.load(x[:5], value_range=(-1, 1))
    tracemalloc.start()
    splits = data.load(x, value_range=(-1, 1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * sum(split.x.nbytes for split in splits) and {split.x.max() for split in splits} == {1}


def test_integers_of_0_and_1_are_a_binarised_set(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((5, 2, 2), "uint8"))
    assert data.load(tmp_path / "x.npy")[0].x.max() == 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_of_arrays_is_that_of_files(mode, tmp_path):
    pixels, folder = np.random.default_rng(0).integers(0, 256, (3, 4, 6, len(mode)), "uint8"), tmp_path / "files"
    folder.mkdir()
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{number}.png")
    np.savez(tmp_path / "a.npz", x=pixels)
    for ours, files in zip(data.load(tmp_path / "a.npz"), data.load(folder), strict=True):
        assert ours.x.shape[-1] == len(mode) - 1
        np.testing.assert_array_equal(ours.x, files.x)
    assert data.load(np.zeros((2, 4, 6, len(mode)), "uint8"), size=2)[0].x.min() == 1, "a clear image is white"


def test_arrays_are_a_set_and_labels_are_numbered():
    x = np.linspace(0, 1, 20 * 16).reshape(20, 4, 4)
    train, test = data.load((x, np.repeat([[3.0], [7.0]], 10, axis=0)))
    assert train.x.shape == (16, 4, 4, 1) and set(train.y) == {0, 1} and test.class_names == ("3", "7")
    for part in (train, test):
        np.testing.assert_array_equal(part.y, (part.x[:, 0, 0, 0] > 0.49).astype(int))
    assert x.flags.writeable and data.load(x)[0][1:] == (None, None)


def test_every_class_has_an_image_to_train_with(tmp_path):
    """Of 5 classes of one image, the held-out fifth would leave one without."""
    train, test = data.load((np.zeros((10, 4, 4)), [*"abcd", *"eeeeee"]))
    assert set(train.y) == set(range(5)) and set(test.y) == {4}


def test_classes_that_are_not_trained_are_left_out_of_the_test_part(tmp_path):
    x = np.zeros((6, 4, 4))
    np.savez(tmp_path / "a.npz", x_train=x, y_train=[0, 1] * 3, x_test=x[:3], y_test=[1, 8, 9])
    with pytest.warns(UserWarning, match="Left out of .*a.npz': 2 test images of classes that no training image has"):
        train, test = data.load(tmp_path / "a.npz")
    assert test.y.tolist() == [1] and len(test.x) == 1 and train.class_names == ("0", "1")


@pytest.mark.parametrize("kind", ["arrays", "folder"])
def test_without_a_known_test_class_the_images_are_kept_and_the_labels_left_out(kind, tmp_path):
    for name in ("train/cat", "train/dog", "test/unknown"):
        _pictures(tmp_path / name, ["0.png", "1.png"])
    place = tmp_path
    if kind == "arrays":
        x, place = np.zeros((4, 4, 6)), tmp_path / "a.npz"
        np.savez(place, x_train=x, y_train=[0, 1] * 2, x_test=x[:2], y_test=[-1, -1])
    with pytest.warns(UserWarning, match="The labels of .* are left out, because no test image has a training class"):
        train, test = data.load(place)
    assert len(train.x) == 4 and len(test.x) == 2 and {train.y, test.y, test.class_names} == {None}


def test_a_class_folder_of_the_test_part_alone_is_left_out(tmp_path):
    for name in ("train/cat", "train/dog", "test/dog", "test/cow"):
        _pictures(tmp_path / name, ["0.png", "1.png"])
    with pytest.warns(UserWarning, match="Left out of .*: 2 test images of classes that no training image has"):
        assert data.load(tmp_path)[1].y.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [([0.5] * 6, "Labels must be classes. .* such as 0.5"), (np.zeros((6, 4)), "one for each example")],
)
def test_labels_that_are_no_classes_are_left_out(labels, message):
    with pytest.warns(UserWarning, match=f"The labels of the arrays are left out. .*{message}"):
        assert data.load((np.zeros((6, 4, 4)), labels))[0].y is None


def test_labels_of_one_part_alone_are_left_out(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=np.zeros((3, 4, 4)), y_train=[0, 1, 0], x_test=np.zeros((1, 4, 4)))
    with pytest.warns(UserWarning, match="The labels of .* are left out, because one of its parts has none"):
        assert data.load(tmp_path / "a.npz")[0].y is None


def test_white_is_that_of_the_whole_set(tmp_path):
    """Of 8 bits, of 16, and of two parts, of which one is dark; what else integers mean is not guessed."""
    for white, kind in ((255, "uint8"), (65535, "uint16")):
        bright, dark = np.full((3, 2, 2), white, kind), np.full((2, 2, 2), white // 5, kind)
        np.savez(tmp_path / "a.npz", x_train=bright, x_test=dark)
        train, test = data.load(tmp_path / "a.npz")
        assert (train.x.max(), test.x.max()) == (1, np.float32(0.2))
    for highest in (16, 100, 1023, 4095):
        with pytest.raises(ValueError, match=f"such as x / {highest}. Received: integers in 0..{highest}"):
            data.load(np.array([0, highest]).reshape(2, 1, 1))
    with pytest.raises(ValueError, match="Received: integers in -1..255"):
        data.load(np.array([-1, 255]).reshape(2, 1, 1))
    for highest in (2, 126):
        with pytest.warns(UserWarning, match=f"pixels of the arrays are dark: at most {highest} of 255. .* x / N"):
            train, _ = data.load(np.full((5, 1, 1), highest, "uint8"))
        assert train.x.max() == np.float32(highest) / 255, "of 8 bits, however dark"
    (tmp_path / "dark").mkdir()
    _pictures(tmp_path / "dark", ["a.png", "b.png"])
    assert max(part.x.max() for part in data.load(tmp_path / "dark")) == np.float32(10 / 255), "files say what white is"


def test_a_folder_of_mnists_files(tmp_path):
    (tmp_path / "MNIST").mkdir()
    _, labels = mnist_files(tmp_path / "MNIST")
    with pytest.warns(UserWarning, match="The pixels of .*MNIST' are dark: at most"):
        data.load(tmp_path / "MNIST")
    for images in sorted((tmp_path / "MNIST").glob("*images*")):
        content = images.read_bytes()
        images.write_bytes(content[:-1] + b"\xff")
    train, test = data.load(tmp_path / "MNIST")
    assert train.x.shape == test.x.shape == (3, 4, 4, 1) and train.y.tolist() == labels.tolist()
    assert train.x[1, 0, 0, 0] == np.float32(16 / 255) and train.class_names == ("0", "1", "2")


def test_any_images_are_brought_to_a_size_and_channels(tmp_path):
    for folder, size, mode in (("one", (30, 20), "L"), ("two", (9, 12), "RGB")):
        _pictures(tmp_path / folder, ["a.png", "b.png", "c.webp"], size, mode)
    train, test = data.load(tmp_path, size=8)
    assert train.x.shape == (4, 8, 8, 3) and train.class_names == ("one", "two") and test.x.shape == (2, 8, 8, 3)
    assert data.load(tmp_path, size=(4, 6), channels=1)[0].x.shape == (4, 4, 6, 1)
    assert data.load("digits", size=16, channels=3)[0].x.shape == (1437, 16, 16, 3)
    with pytest.warns(UserWarning, match="have 2 sizes, such as 30x20"):
        assert data.load(tmp_path)[0].x.shape == (4, 8, 8, 3)
    assert data.load(tmp_path / "one")[0].class_names is None, "one folder is no class"


def test_what_cannot_be_read_is_left_out_with_its_label(tmp_path):
    _pictures(tmp_path / "cat", ["1.png", "2.png", "3.png"])
    _pictures(tmp_path / "dog", ["1.png", "2.png"])
    _pictures(tmp_path / "none", ["1.png"])
    for name in ("cat/2.png", "none/1.png"):
        (tmp_path / name).write_bytes(b"no image")
    (tmp_path / "notes.txt").touch()
    with pytest.warns(UserWarning, match=r"^3 of 7 files of .* are left out: .*cat/2.png \(its.*none/1.*notes.txt \("):
        train, test = data.load(tmp_path)
    assert sorted([*train.y, *test.y]) == [0, 0, 1, 1] and train.class_names == ("cat", "dog")
    for part in (train, test):
        np.testing.assert_allclose(part.x[part.y == 0, 0, 0, 0] * 255 % 20, 0, atol=1e-4)


def _bad_cases(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "broken" / name).write_bytes(b"no image")
    _pictures(tmp_path / "single", ["a.png"])
    np.savez(tmp_path / "short.npz", x=np.zeros((4, 2, 2)), y=np.zeros(3))
    np.save(tmp_path / "range.npy", np.full((4, 2, 2), 255.0))
    np.save(tmp_path / "nan.npy", np.full((4, 2, 2), np.nan))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("empty", "must hold images. Expected: a folder of images; .*Received: an empty folder"),
        ("broken", "broken' must hold images that can be read. Received: 2 that cannot: .*a.png"),
        ("single", "must hold at least two images"),
        ("short.npz", "a label for each image. Expected: 4. Received: 3"),
        ("range.npy", "Expected: values in \\[0, 1\\]. Received: values in \\[255, 255\\]. .*x / 255"),
        ("nan.npy", "must be finite"),
        ("zzz.csv", "No data at that path. Expected: an existing folder"),
        ("brokn", "No data at that path. Did you mean '.*broken'"),
    ],
)
def test_bad_paths(name, message, tmp_path):
    _bad_cases(tmp_path)
    with pytest.raises(ValueError, match=message):
        data.load(tmp_path / name)


def test_a_missing_folder_is_called_so(tmp_path, monkeypatch):
    (tmp_path / "photographs").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="There is no file or folder 'photographz', .* Did you mean 'photographs'"):
        data.load("photographz")
    for name in ("photographz/", "./mnist", "a/b/c/d"):
        with pytest.raises(ValueError, match=f"No data at that path. .*Received: '{name}'"):
            data.load(name)


@pytest.mark.parametrize("value_range", [(1, 0), 5, (0, 1, 2)])
def test_bad_range(value_range):
    with pytest.raises(ValueError, match=r"`value_range` must be \(lowest, highest\). Received: "):
        data.load("digits", value_range=value_range)


@pytest.mark.parametrize(
    ("options", "message"), [({"size": 0}, "`size` must be"), ({"channels": 2}, "`channels` must")]
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        data.load("digits", **options)
    with pytest.raises(ValueError, match=r"images, or \(images, labels\). Received: 3 arrays"):
        data.load((1, 2, 3))


# Sets that stay on disk


def _classes(folder, counts=(5, 4), size=(9, 8)):
    """A folder of noise in a folder for each class, of which one file is broken."""
    for name, count in zip(("cat", "dog"), counts, strict=True):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(RNG.integers(0, 256, (*size, 3), "uint8")).save(folder / name / f"{number}.png")
    (folder / "cat" / "2.png").write_text("no image")
    return folder


def _parts(folder):
    _classes(folder / "test", (3, 2))
    _classes(folder / "train", (4, 5), (12, 10))
    return folder


def _saved(folder):
    folder.mkdir()
    np.save(folder / "images.npy", RNG.integers(0, 256, (11, 6, 5), "uint8"))
    return folder / "images.npy"


def _transparent(folder):
    folder.mkdir()
    np.save(folder / "images.npy", RNG.integers(0, 256, (11, 6, 5, 4), "uint8"))
    return folder / "images.npy"


@pytest.mark.parametrize("options", [{}, {"size": 4}, {"channels": 1, "value_range": (-1, 1)}])
@pytest.mark.parametrize("make", [_classes, _parts, _saved, _transparent])
def test_a_set_on_disk_is_that_in_memory(make, options, tmp_path):
    place = make(tmp_path / "set")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the broken file, and the size
        inside, outside = (data.load(place, in_memory=in_memory, **options) for in_memory in (True, False))
    for one, other in zip(inside, outside, strict=True):
        assert isinstance(other.x, LazyArray) and other.x.value_range == options.get("value_range", (0, 1))
        assert (one.class_names, one.x.shape) == (other.class_names, other.x.shape)
        np.testing.assert_array_equal(one.x, other.x)
        assert one.y is None or (one.y == other.y).all()


def test_what_is_too_large_for_memory_stays_on_disk(tmp_path, monkeypatch):
    place, file = _classes(tmp_path / "set"), _saved(tmp_path / "saved")
    with pytest.warns(UserWarning, match="1 of 9 files of '.*set' are left out: .*2.png"):
        assert isinstance(data.load(place)[0].x, np.ndarray) and isinstance(data.load(file)[0].x, np.ndarray)
    monkeypatch.setattr(stored, "_IN_MEMORY", 300)
    with pytest.warns(UserWarning, match="1 of 9 files of '.*set' are left out: .*2.png"):
        assert isinstance(data.load(place)[0].x, LazyArray) and isinstance(data.load(file)[0].x, LazyArray)


@pytest.mark.parametrize("name", ["vae", "lenet5"])
def test_a_model_trains_and_is_used_as_on_arrays(name, tmp_path):
    """To the bit, in a seeded order, and never more than a batch is read."""
    place = _classes(tmp_path / "set", (40, 40), (8, 8))
    with pytest.warns(UserWarning, match="1 of 80 files"):
        inside, outside = (data.load(place, in_memory=in_memory)[0] for in_memory in (True, False))
    most, read = [], outside.x._read

    def counted(rows):
        most.append(len(rows))
        return read(rows)

    outside.x._read = counted
    found = []
    for split in (inside, outside):
        keras.utils.set_random_seed(0)
        model = presets.build(name, (8, 8, 3), width=0.1, **({"num_classes": 2} if name == "lenet5" else {}))
        model.fit(split.x, split.y, batch_size=16, epochs=2, validation_data=(split.x, split.y), verbose=0)
        given = model.encode(split.x) if name == "vae" else model.probabilities(split.x)
        found.append([*model.get_weights(), given, model.evaluate(split.x, split.y, verbose=0)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert max(most) <= 64  # of `encode` and `probabilities`; `evaluate` reads 32


def test_a_file_that_is_gone_in_training_is_named(tmp_path):
    place = _classes(tmp_path / "set", (8, 8), (8, 8))
    with pytest.warns(UserWarning, match="1 of 16 files"):
        train, _ = data.load(place, in_memory=False)
    for path in place.rglob("*.png"):
        path.unlink()
    with pytest.raises(Exception, match=r"png' cannot be read as an image: No such file"):
        presets.build("vae", (8, 8, 3), width=0.1).fit(train.x, batch_size=4, verbose=0)


def test_a_damaged_file_of_arrays_is_named(tmp_path):
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY no more")
    with pytest.raises(ValueError, match=r"x.npy' cannot be read as .npy"):
        data.load(tmp_path / "x.npy", in_memory=False)
