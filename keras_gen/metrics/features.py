"""What the metrics see of an image: the features that a network computes, or the image itself."""

import contextlib
import urllib.error

import keras
import numpy as np
from keras import ops

from keras_gen import backend, checks, data, networks
from keras_gen.files import atomic_write
from keras_gen.metrics import cache
from keras_gen.metrics.extractor import Features, checked_range
from keras_gen.seeds import seeded
from keras_gen.version import __version__


def identity():
    """The examples themselves, flattened: for points in the plane, and for digits as pixels.

    Returns:
        `Features` of the name `identity`.

    Example:

    >>> identity()(np.ones((5, 8, 8, 1))).shape
    (5, 64)
    """
    return Features("identity")


def inception_v3():
    """Keras's InceptionV3, trained on ImageNet: 2,048 features, 1,000 classes.

    The weights are Keras's, not those of the papers' network, so that figures compare among themselves and not with
    published ones. Grey images become colour; all are scaled to 299x299.

    Returns:
        `Features` of the name `inception_v3`.

    Raises:
        ConnectionError: If the weights are not on this machine and cannot be downloaded.

    Example:

    >>> features = inception_v3()  # doctest: +SKIP
    >>> features(np.zeros((2, 28, 28, 1))).shape  # doctest: +SKIP
    (2, 2048)

    Reference:
        Szegedy et al., 2016, arXiv:1512.00567; as features of images: Salimans et al., 2016, arXiv:1606.03498.
    """
    try:
        with _apart(seed=0):
            network = keras.applications.InceptionV3(weights="imagenet")
    # Keras's `get_file` turns urllib's error into a bare Exception, which no narrower clause catches; others go on
    except Exception as error:
        if not isinstance(error.__context__, urllib.error.URLError):
            raise
        raise ConnectionError(
            f"InceptionV3's weights are not on this machine and cannot be downloaded ({error}). Expected: a network, "
            "or features of a classifier of your own data, `metrics.features.train_classifier`."
        ) from None
    features = keras.Model(network.input, network.get_layer("avg_pool").output)
    inputs = keras.Input(features.output_shape[1:])
    head = keras.Model(inputs, network.get_layer("predictions")(inputs))
    return Features("inception_v3", features, head, value_range=(-1, 1), batch_size=32)


def train_classifier(
    x, y, value_range=(0, 1), epochs=12, batch_size=100, learning_rate=2e-3, seed=0, folder=None, verbose=0
):
    """LeNet-5, trained on the data at hand and kept: its 84 features, and its classes.

    Training is Adam with a learning rate that falls to zero by a cosine, with dropout and without augmentation; on
    MNIST the test error is below 1 %. It is done once: the network is kept on disk under a name made of the data and
    the arguments, and read from there by the next call.

    Args:
        x: Array `(n, height, width, channels)`.
        y: Integers `(n,)`, the classes from 0 on.
        value_range: The pair (lowest, highest) of the values of `x`. Defaults to (0, 1).
        epochs: Integer >= 1. Defaults to 12.
        batch_size: Integer >= 1. Defaults to 100.
        learning_rate: The rate at the start. Defaults to 2e-3.
        seed: Integer >= 0 of weights and order; the caller's random state is not touched. Defaults to 0.
        folder: Where the network is kept. Defaults to `None`: where `KERAS_GEN_CACHE` says, or `~/.cache/keras_gen`.
        verbose: As in `keras.Model.fit`. Defaults to 0.

    Returns:
        `Features` of the name `lenet5`, with a head.

    Raises:
        ValueError: If `x` has another shape or range, `y` does not number at least two classes, or an argument is
            out of range.

    Example:

    >>> import tempfile
    >>> images, labels = data.load("digits")[0]
    >>> lenet5 = train_classifier(images, labels, epochs=1, folder=tempfile.mkdtemp())
    >>> features = lenet5(images)
    >>> features.shape, lenet5.probabilities(features).shape
    ((1437, 84), (1437, 10))

    Reference:
        LeCun, Bottou, Bengio and Haffner, 1998, Gradient-based learning applied to document recognition, section II.B.
    """
    x, y = np.asarray(x), np.asarray(y)
    low, high = checked_range(value_range)
    checks.array("x", x, (None, None, None), value_range)
    if y.shape != (len(x),) or y.dtype.kind not in "iu" or y.min() < 0 or y.max() < 1:
        raise ValueError(
            f"`y` must number the classes of x. Expected: integers of shape ({len(x)},), from 0 on, of two classes or "
            f"more. Received: {y.dtype} of shape {y.shape}"
            + (f" in {y.min()}..{y.max()}" if y.size and y.dtype.kind in "iu" else "")
        )
    epochs, seed = checks.integer("epochs", epochs), checks.integer("seed", seed, minimum=0)
    checks.number("learning_rate", learning_rate)
    settings = (float(low), float(high), epochs, batch_size, learning_rate, seed, keras.__version__, __version__)
    path = cache.folder(folder) / f"lenet5-{cache.fingerprint(x, y, settings)}.keras"
    with _apart(seed):
        if not path.exists():
            scaled = (x.astype("float32") - np.float32(low)) / np.float32(high - low)
            classifier = _trained(scaled, y, epochs, batch_size, learning_rate, seed, verbose)
            with atomic_write(path) as beside:
                classifier.save(beside)
        classifier = keras.models.load_model(path, compile=False)
        network = keras.Model(classifier.input, classifier.get_layer("features").output)
        inputs = keras.Input(network.output_shape[1:])
        head = keras.Model(inputs, ops.softmax(classifier.get_layer("logits")(inputs)))
    return Features("lenet5", network, head)


def _trained(x, y, epochs, batch_size, learning_rate, seed, verbose):
    """A classifier of images in [0, 1]."""
    pipeline = data.Pipeline(x, y, batch_size, seed=seed)
    classifier = networks.lenet5(x.shape[1:], int(y.max()) + 1, dropout=0.2)
    schedule = keras.optimizers.schedules.CosineDecay(float(learning_rate), epochs * pipeline.batches())
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # XLA makes convolutions slower on a CPU
    classifier.compile(keras.optimizers.Adam(schedule), loss, metrics=["accuracy"], jit_compile=not backend.on_cpu())
    order = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: pipeline.epoch.assign(epoch))
    # It is the pipeline that shuffles; asked to, Keras would warn that it cannot
    classifier.fit(pipeline.dataset(), epochs=epochs, shuffle=False, callbacks=[order], verbose=verbose)
    return classifier


@contextlib.contextmanager
def _apart(seed):
    """Build networks in float32, whatever the precision of the model that is measured, and draw from `seed`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        with seeded(seed):
            yield
    finally:
        keras.config.set_dtype_policy(before)
