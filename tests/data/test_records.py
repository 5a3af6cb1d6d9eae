import json
import warnings

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gen import data
from keras_gen.data import record_files
from keras_gen.lazy_arrays import LazyArray

RNG = np.random.default_rng(0)
AGAIN = "`keras-gen records` or `data.write_records` writes the set again, into a new folder.$"


def photographs(folder):
    """A folder of 16 images of two classes and two sizes."""
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(8):
            pixels = RNG.integers(0, 256, (9 + number % 2, 12, 3), "uint8")
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def grey(folder):
    """A folder of 11 grey images without classes."""
    folder.mkdir()
    for number in range(11):
        Image.fromarray(RNG.integers(0, 256, (5, 6), "uint8")).save(folder / f"{number}.png")
    return folder


def digits(folder):
    """Values that are not those of 8 bits."""
    return "digits"


@pytest.mark.parametrize("options", [{}, {"size": 4}, {"size": (6, 8), "channels": 1}])
@pytest.mark.parametrize("make", [photographs, grey, digits])
def test_the_set_is_that_which_was_written(make, options, tmp_path):
    source = make(tmp_path / "source")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the size
        sizes = data.write_records(source, tmp_path / "records", shards=3, **options)
        expected = data.load(source, value_range=(-1, 1), **options)
    for in_memory in (None, False):
        found = data.load(tmp_path / "records", value_range=(-1, 1), in_memory=in_memory)
        for one, other, size in zip(expected, found, sizes, strict=True):
            assert isinstance(other.x, LazyArray) == (in_memory is False) and len(other.x) == size
            np.testing.assert_array_equal(one.x, other.x)
            assert one.class_names == other.class_names and (one.y is None or (one.y == other.y).all())
    assert len(list((tmp_path / "records").glob("train-*-of-00003.tfrecord"))) == 3


def test_other_programs_read_the_records(tmp_path):
    data.write_records(photographs(tmp_path / "source"), tmp_path / "records", shards=2, size=8)
    train, _ = data.load(tmp_path / "records")
    features = {"image": tf.io.FixedLenFeature((), "string"), "label": tf.io.FixedLenFeature((), "int64")}
    read = tf.data.TFRecordDataset(sorted(map(str, (tmp_path / "records").glob("train-*"))))
    for number, record in enumerate(read):
        example = tf.io.parse_single_example(record, features)
        np.testing.assert_array_equal(tf.io.decode_png(example["image"]) / np.float32(255), train.x[number])
        assert example["label"] == train.y[number]
    assert number == len(train.x) - 1


def test_records_are_resized_as_arrays_are(tmp_path):
    data.write_records(photographs(tmp_path / "source"), tmp_path / "records", size=16)
    assert data.load(tmp_path / "records", size=8, channels=1, in_memory=False)[0].x.shape == (12, 8, 8, 1)


def test_what_was_interrupted_is_no_set_and_is_written_again(tmp_path, monkeypatch):
    source, folder = grey(tmp_path / "source"), tmp_path / "records"
    with monkeypatch.context() as patched:
        patched.setattr(record_files, "atomic_write", None)  # the shards are written, the index is not
        with pytest.raises(TypeError):
            data.write_records(source, folder)
    assert any(folder.iterdir())
    with pytest.raises(ValueError, match=f"is not a whole set of records: .*records.json'. {AGAIN}"):
        data.load(folder)
    assert data.write_records(source, folder, shards=2) == (8, 3)
    assert len(data.load(folder)[0].x) == 8


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda folder: next(folder.glob("train-00001*")).unlink(),
            "Expected: 5, .* Received: 4, without train-00001",
        ),
        (lambda folder: cut(next(folder.glob("test-00000*"))), r"is not what was written. Expected: [\d,]+ bytes"),
        (lambda folder: (folder / "records.json").write_text("{"), "is not a whole set of records"),
        (lambda folder: (folder / "places.npz").unlink(), "is not a whole set of records: .*No such file"),
        (lambda folder: (folder / "places.npz").write_bytes(b"PK"), "is not a whole set of records"),
        (lambda folder: newer(folder / "records.json"), "is not a whole set of records: version 2, where 1 is known"),
    ],
)
def test_what_is_missing_or_cut_is_named(damage, message, tmp_path):
    data.write_records(grey(tmp_path / "source"), tmp_path / "records", shards=3)
    damage(tmp_path / "records")
    with pytest.raises(ValueError, match=f"{message}.*\\. {AGAIN}"):
        data.load(tmp_path / "records")


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def newer(path):
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2}))


@pytest.mark.parametrize(
    "damage", [lambda content: bytes(len(content)), lambda c: c.replace(b"\x89PNG", b"GNP\x89", 1)]
)
def test_a_damaged_record_is_named(damage, tmp_path):
    """A record that is none, and one whose image is none."""
    data.write_records(grey(tmp_path / "source"), tmp_path / "records", shards=1)
    path = next((tmp_path / "records").glob("train*"))
    path.write_bytes(damage(path.read_bytes()))
    message = r"train-00000-of-00001.tfrecord, byte \d+' cannot be read as an image: (?!'the image').*\. " + AGAIN
    with pytest.raises(ValueError, match=message):
        data.load(tmp_path / "records")


def test_only_a_new_folder_takes_records(tmp_path):
    source = grey(tmp_path / "source")
    data.write_records(source, tmp_path / "records")
    (tmp_path / "file").touch()
    cases = {
        "records": "already holds records",
        "source": "Received: one with '0.png'",
        "file": "Received: the file '.*file'",
    }
    for name, message in cases.items():
        with pytest.raises(ValueError, match=message):
            data.write_records(source, tmp_path / name)
    with pytest.raises(ValueError, match="`shards` must be an integer >= 1"):
        data.write_records(source, tmp_path / "new", shards=0)
    assert not (tmp_path / "new").exists()
