"""Sets of images that have a name: scikit-learn's digits and those of tensorflow-datasets."""

import logging
import math
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_gen import checks
from keras_gen.data.image_files import StoredImage
from keras_gen.data.record_files import AFTER, BEFORE

DIGITS = "digits"
_SIDE = 64  # about that of images whose sizes differ


def read_digits():
    """The one part of scikit-learn's digits, a list of a pair (images, labels)."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return [((digits.images / 16).astype("float32"), digits.target)]


def image_shape(name):
    """The shape (height, width, channels) of the images of a set, with `None` for sides that differ."""
    return (8, 8, 1) if name == DIGITS else tfds_builder(name).info.features["image"].shape


def normalized(name):
    """A set's name as tensorflow-datasets writes it: "Fashion-MNIST" is "fashion_mnist"; configurations are kept."""
    first, *rest = name.split("/")
    return "/".join([first.lower().replace("-", "_").replace(" ", "_"), *rest])


def is_known(name):
    """Whether tensorflow-datasets has a set of that name."""
    return normalized(name).split("/")[0] in _known()


def nearest(name):
    """The question " Did you mean ...?" about a name that no set has, or an empty text."""
    return checks.did_you_mean(normalized(name), [DIGITS, *_known()])


def tfds_builder(name):
    """The `tfds.core.DatasetBuilder` of a set of images whose data are on this machine, downloaded if need be.

    A `ValueError` says that there is no such set of images, a `ConnectionError` that it cannot be downloaded.
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
    from tensorflow_datasets.core.download.util import DownloadError

    name = normalized(name)
    if not is_known(name):
        checks.choice("data set", name, [DIGITS, *_known()])
    builder = tfds.builder(name)
    if "image" not in builder.info.features:
        raise ValueError(
            f"Data set {name!r} must have images. Expected: a feature 'image'. Received: {list(builder.info.features)}"
        )
    if not builder.data_path.exists():
        _require_network(name, builder)
        try:
            builder.download_and_prepare()
        except (DownloadError, NonMatchingChecksumError) as error:
            raise ConnectionError(f"Data set {name!r} cannot be downloaded: {error}") from None
    return builder


def read_tfds(name):
    """The parts of a set of tensorflow-datasets: pairs (images, labels or `None`), and the names of its labels.

    Images of several sizes come as lists of encoded images.
    """
    import tensorflow_datasets as tfds

    builder = tfds_builder(name)
    features = builder.info.features
    encoded = None in features["image"].shape
    decoders = {"image": tfds.decode.SkipDecoding()} if encoded else None
    splits = []
    for part in _parts(builder):
        if encoded:
            examples = list(builder.as_dataset(split=part, decoders=decoders).as_numpy_iterator())
            images = [example["image"] for example in examples]
            labels = np.array([example["label"] for example in examples]) if "label" in features else None
        else:
            dataset = builder.as_dataset(split=part, batch_size=-1)
            images, labels = dataset["image"].numpy(), dataset["label"].numpy() if "label" in dataset else None
        splits.append((images, labels))
    return splits, _label_names(builder)


def expected_sizes(name, size, channels):
    """About how many values each part of a set of tensorflow-datasets has, with the arguments of `data.load`."""
    builder, shape = tfds_builder(name), image_shape(name)
    values = math.prod(size or (side or _SIDE for side in shape[:2])) * (channels or shape[2])
    return [values * builder.info.splits[part].num_examples for part in _parts(builder)]


def stored_tfds(name):
    """As `read_tfds`, but with lists of `StoredImage`s: every record is read once, for its place and its label."""
    builder = tfds_builder(name)
    if (kind := builder.info.file_format.value) != "tfrecord":
        raise ValueError(
            f"Data set {name!r} must be stored as TFRecords to be read in part. Expected: tfrecord, or in_memory=True. "
            f"Received: {kind}"
        )
    splits = []
    for part in _parts(builder):
        images, labels = [], []
        for path in map(str, builder.info.splits[part].filepaths):
            place = BEFORE
            for content in tf.data.TFRecordDataset(path).as_numpy_iterator():
                images.append(StoredImage(path, place, len(content)))
                place += len(content) + AFTER + BEFORE
                if "label" in builder.info.features:
                    features = tf.train.Example.FromString(content).features
                    labels.append(features.feature["label"].int64_list.value[0])
        splits.append((images, np.array(labels) if labels else None))
    return splits, _label_names(builder)


def _parts(builder):
    """The names of the parts that are used."""
    return [part for part in ("train", "test") if part in builder.info.splits] or list(builder.info.splits)[:1]


def _label_names(builder):
    features = builder.info.features
    return getattr(features["label"], "names", None) if "label" in features else None


def _known():
    logging.getLogger("absl").setLevel(logging.ERROR)
    import tensorflow_datasets as tfds

    return tfds.list_builders(with_community_datasets=False)


def _require_network(name, builder):
    """Raise within seconds where tfds would try for minutes: if a file is missing and its host cannot be reached."""
    from tensorflow_datasets.core.download import resource

    downloads = Path(builder.data_path).parents[1] / "downloads"
    downloads = downloads if downloads.exists() else Path(builder.data_path).parents[2] / "downloads"
    present = {path.name for path in downloads.rglob("*")} if downloads.exists() else set()
    for url, info in builder.url_infos.items():
        if resource.get_dl_fname(url, info.checksum) in present:
            continue
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=8).close()
        except urllib.error.HTTPError:
            return  # the host can be reached, even if it refuses a HEAD request
        except OSError as error:
            raise ConnectionError(
                f"Data set {name!r} is not on this machine and cannot be downloaded ({error}). Expected: internet, or "
                f"the prepared set in {builder.data_path}; TFDS_DATA_DIR says where sets are kept. Or use 'digits'."
            ) from None
        return
