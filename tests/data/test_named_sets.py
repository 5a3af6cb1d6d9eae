import numpy as np
import pytest
import tensorflow as tf

from keras_gen import data
from keras_gen.data import loading, named_sets


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Make a set of tensorflow-datasets that is called "tiny", of images of a shape and labels with names."""
    import tensorflow_datasets as tfds

    def make(shape, images, names=("cow", "cat")):
        features = tfds.features.FeaturesDict(
            {"image": tfds.features.Image(shape=shape), "label": tfds.features.ClassLabel(names=names)}
        )
        examples = [{"image": image, "label": number % 2} for number, image in enumerate(images)]

        def split(rows):
            spec = {"image": tf.TensorSpec(shape, "uint8"), "label": tf.TensorSpec((), "int64")}
            return tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=spec)

        tfds.dataset_builders.store_as_tfds_dataset(
            name="tiny", version="1.0.0", data_dir=tmp_path, features=features, disable_shuffling=True,
            split_datasets={"train": split(examples[:-1]), "test": split(examples[-1:])},
        )  # fmt: skip
        builder = tfds.builder("tiny", data_dir=tmp_path)
        loading._load_named.cache_clear()
        monkeypatch.setattr(tfds, "list_builders", lambda **_: ["tiny"])
        monkeypatch.setattr(tfds, "builder", lambda name: builder)

    return make


def test_sets_come_through_tfds_with_the_names_of_their_labels(prepared):
    prepared((4, 4, 1), [np.full((4, 4, 1), level, "uint8") for level in (0, 51, 255, 153)])
    train, test = data.load("Tiny")
    np.testing.assert_allclose(train.x[:, 0, 0, 0], [0, 0.2, 1], atol=1e-6)
    assert train.y.tolist() == [0, 1, 0] and test.y.tolist() == [1] and test.class_names == ("cow", "cat")
    assert data.load("TINY")[0].x is train.x, "whatever the case"
    assert data.load("tiny", size=4, channels=1)[0].x is train.x, "its own shape is no other set"
    assert data.load("tiny", size=8, channels=3)[0].x.shape == (3, 8, 8, 3)


def test_images_of_several_sizes_are_decoded_as_files_are(prepared):
    prepared((None, None, 3), [np.full((8 * n, 10, 3), 50 * n, "uint8") for n in (1, 2, 3)])
    with pytest.warns(UserWarning, match="Images of 'tiny' have 3 sizes, .* resized to 8x8"):
        train, test = data.load("tiny")
    np.testing.assert_allclose(train.x, np.broadcast_to([[[[50]]], [[[100]]]], (2, 8, 8, 3)) / 255, atol=1e-6)
    assert test.y.tolist() == [0] and test.class_names == ("cow", "cat")


@pytest.mark.parametrize("shape", [(4, 4, 1), (None, None, 3)])
def test_large_sets_stay_in_their_records(prepared, monkeypatch, shape):
    images = [np.full((shape[0] or 8 * n, 4 if shape[0] else 10, shape[2]), 50 * n, "uint8") for n in (1, 2, 3, 4)]
    prepared(shape, images)
    expected = data.load("tiny", (-1, 1), size=4)
    monkeypatch.setattr("keras_gen.data.stored._IN_MEMORY", 4 * 4 * 4 * shape[2] * 4 - 1)
    loading._load_named.cache_clear()
    for options in ({}, {"in_memory": False}):
        for one, other in zip(expected, data.load("tiny", (-1, 1), size=4, **options), strict=True):
            assert isinstance(other.x, data.LazyArray) and other.class_names == one.class_names
            np.testing.assert_allclose(other.x[:], one.x, atol=1e-6)
            np.testing.assert_array_equal(other.y, one.y)
    assert isinstance(data.load("tiny", (-1, 1), size=4, in_memory=True)[0].x, np.ndarray)


def test_only_records_can_be_read_in_part(prepared, monkeypatch):
    prepared((4, 4, 1), [np.zeros((4, 4, 1), "uint8")] * 3)
    builder = named_sets.tfds_builder("tiny")
    monkeypatch.setattr(builder.info, "set_file_format", None)
    monkeypatch.setattr(type(builder.info), "file_format", type("Format", (), {"value": "array_record"}))
    with pytest.raises(ValueError, match="Expected: tfrecord, or in_memory=True. Received: array_record"):
        data.load("tiny", in_memory=False)


def test_names_are_normalized():
    assert named_sets.normalized("Fashion-MNIST") == "fashion_mnist"
    assert named_sets.normalized("MNIST_corrupted/Identity") == "mnist_corrupted/Identity"
    assert named_sets.is_known("CIFAR10") and not named_sets.is_known("photos")
    assert data.load("Digits")[0].x is data.load("digits")[0].x


def test_unknown_name_gives_the_nearest():
    with pytest.raises(ValueError, match="no file or folder 'fashion_mnst', and no data set of that name. Did you mean "
                       "'fashion_mnist'.*Expected: an existing path, 'digits'"):  # fmt: skip
        data.load("fashion_mnst")
    with pytest.raises(ValueError, match="Unknown data set. Did you mean 'fashion_mnist'"):
        named_sets.tfds_builder("fashion_mnst")


def test_a_missing_network_is_reported_at_once_with_what_to_do(tmp_path, monkeypatch):
    def unreachable(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(named_sets.urllib.request, "urlopen", unreachable)
    import tensorflow_datasets as tfds

    builder = tfds.builder("fashion_mnist", data_dir=tmp_path)
    monkeypatch.setattr(builder, "download_and_prepare", None)  # must not be reached
    monkeypatch.setattr(tfds, "builder", lambda name: builder)
    with pytest.raises(
        ConnectionError, match="'fashion_mnist' is not on this machine.*no route.*TFDS_DATA_DIR.*'digits'"
    ):
        data.load("fashion_mnist")
