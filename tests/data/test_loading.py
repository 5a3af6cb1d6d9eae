import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gen import data
from keras_gen.data import loading


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
    assert data.load("digits")[0].x is data.load("digits")[0].x
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


def test_npz_and_npy(tmp_path):
    x, y = np.arange(96, dtype="uint8").reshape(6, 4, 4), np.arange(6)
    np.savez(tmp_path / "parts.npz", x_train=x[:4], y_train=y[:4], x_test=x[4:], y_test=y[4:])
    train, test = data.load(tmp_path / "parts.npz")
    np.testing.assert_allclose(train.x[..., 0], x[:4] / 255, rtol=1e-6)
    assert test.y.tolist() == [4, 5]
    np.savez(tmp_path / "whole.npz", images=x, target=y)
    train, test = data.load(tmp_path / "whole.npz")
    assert len(train.x) == 4 and sorted([*train.y, *test.y]) == list(range(6))
    np.save(tmp_path / "x.npy", x.astype("float64") / 255)
    assert data.load(tmp_path / "x.npy")[0].x.dtype == np.float32


def test_integers_of_0_and_1_are_a_binarised_set(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((5, 2, 2), "uint8"))
    assert data.load(tmp_path / "x.npy")[0].x.max() == 1


def test_tfds_sets_come_through_tfds(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    features = tfds.features.FeaturesDict(
        {"image": tfds.features.Image(shape=(4, 4, 1)), "label": tfds.features.ClassLabel(num_classes=2)}
    )
    examples = [{"image": np.full((4, 4, 1), 51 * i, "uint8"), "label": i % 2} for i in range(4)]

    def split(rows):
        spec = {"image": tf.TensorSpec((4, 4, 1), "uint8"), "label": tf.TensorSpec((), "int64")}
        return tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=spec)

    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny", version="1.0.0", data_dir=tmp_path, features=features, disable_shuffling=True,
        split_datasets={"train": split(examples[:3]), "test": split(examples[3:])},
    )  # fmt: skip
    builder = tfds.builder("tiny", data_dir=tmp_path)
    monkeypatch.setattr(tfds, "list_builders", lambda **_: ["tiny"])
    monkeypatch.setattr(tfds, "builder", lambda name: builder)
    train, test = data.load("tiny")
    np.testing.assert_allclose(train.x[:, 0, 0, 0], [0, 0.2, 0.4], atol=1e-6)
    assert test.y.tolist() == [1]


def test_unknown_name_gives_the_nearest():
    with pytest.raises(ValueError, match="Unknown data set. Did you mean 'fashion_mnist'.*Received: 'fashion_mnst'"):
        data.load("fashion_mnst")


def test_a_missing_network_is_reported_at_once_with_what_to_do(tmp_path, monkeypatch):
    def unreachable(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(loading.urllib.request, "urlopen", unreachable)
    import tensorflow_datasets as tfds

    builder = tfds.builder("fashion_mnist", data_dir=tmp_path)
    monkeypatch.setattr(builder, "download_and_prepare", None)  # must not be reached
    monkeypatch.setattr(tfds, "builder", lambda name: builder)
    with pytest.raises(
        ConnectionError, match="'fashion_mnist' is not on this machine.*no route.*TFDS_DATA_DIR.*'digits'"
    ):
        data.load("fashion_mnist")


def _bad_cases(tmp_path):
    (tmp_path / "empty").mkdir()
    _pictures(tmp_path / "mixed", ["a.png", "b.png"])
    _pictures(tmp_path / "mixed", ["c.png"], size=(5, 5))
    _pictures(tmp_path / "broken", ["a.png", "b.png"])
    (tmp_path / "broken" / "b.png").write_bytes(b"no image")
    (tmp_path / "deep").mkdir()
    Image.fromarray(np.full((4, 4), 16000, "uint16")).save(tmp_path / "deep" / "a.png")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.savez(tmp_path / "short.npz", x=np.zeros((4, 2, 2)), y=np.zeros(3))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "short.npz").read_bytes()[:100])
    np.save(tmp_path / "range.npy", np.full((4, 2, 2), 255.0))
    np.save(tmp_path / "nan.npy", np.full((4, 2, 2), np.nan))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("empty", "must hold images .*Received: none"),
        ("mixed", "All images must have one size. Expected: \\(6, 4\\).*Received: \\(5, 5\\) in .*c.png"),
        ("broken", "b.png' cannot be read as an image"),
        ("deep", "a.png' cannot be read as an image: pixels of more than 8 bits"),
        ("other.npz", "must hold 'x_train'.*Received: \\['a'\\]"),
        ("short.npz", "a label for each image. Expected: 4. Received: 3"),
        ("cut.npz", "cannot be read as .npz"),
        ("range.npy", "Expected: values in \\[0, 1\\]. Received: values in \\[255, 255\\]. .*x / 255"),
        ("nan.npy", "must be finite"),
        ("absent.npy", "No data at that path"),
    ],
)
def test_bad_paths(name, message, tmp_path):
    _bad_cases(tmp_path)
    with pytest.raises(ValueError, match=message):
        data.load(tmp_path / name)


@pytest.mark.parametrize("value_range", [(1, 0), 5, (0, 1, 2)])
def test_bad_range(value_range):
    with pytest.raises(ValueError, match=r"`value_range` must be \(lowest, highest\). Received: "):
        data.load("digits", value_range=value_range)
