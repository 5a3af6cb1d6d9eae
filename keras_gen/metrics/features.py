"""Feature extractors: from examples to the vectors that the metrics compare."""

import re
import urllib.error

import keras
import numpy as np
from keras import ops

from keras_gen import backend, cache, checks
from keras_gen.policies import dtype_policy
from keras_gen.seeds import seeded
from keras_gen.value_ranges import rescaled


class FeatureExtractor:
    """Features of examples, by a network or without one, in which metrics compare real examples and samples.

    Images are converted to the size, the number of channels (grey to colour) and the range of values that the network
    takes. The last result is cached by the content of its images, so metrics of the same samples compute it once.

    Args:
        name: Name of the features, a part of the metrics' names: letters, digits, `_`, `-` and `.`.
        network: Keras model from `(batch, height, width, channels)`, or another shape of examples, to
            `(batch, features)`; `None` takes the examples as they are, flattened. Defaults to `None`.
        head: Keras model from `(batch, features)` to class probabilities `(batch, classes)`, for the classifier score;
            `None` if there is none. Defaults to `None`.
        value_range: The pair (lowest, highest) of the values that the network takes. Defaults to (0, 1).
        batch_size: Examples that go through the network at once, an integer >= 1. Defaults to 250.

    Example:

    >>> network = keras.Sequential([keras.Input((2, 2, 3)), keras.layers.GlobalAveragePooling2D()])
    >>> FeatureExtractor("average", network)(np.ones((5, 2, 2, 1))).tolist()[0]
    [1.0, 1.0, 1.0]
    """

    def __init__(self, name, network=None, head=None, value_range=(0, 1), batch_size=250):
        if not re.fullmatch(r"[\w.-]+", str(name)):
            raise ValueError(
                f"`name` must be a name of files and metrics. Expected: only letters, digits, _, - and . "
                f"Received: name={name!r}"
            )
        self.name, self.network, self.head, self.value_range = name, network, head, value_range
        self.batch_size = checks.integer("batch_size", batch_size)
        identity_of = [name, value_range]
        if network is not None:
            self._compute = backend.compiled(lambda x: ops.cast(network(x, training=False), "float32"))
            probe = np.random.default_rng(0).uniform(*value_range, (2, *network.input_shape[1:]))
            # The output for a fixed input distinguishes networks of equal weights, or of none
            features = ops.convert_to_numpy(self._compute(ops.convert_to_tensor(probe, "float32")))
            identity_of += [features, *network.get_weights()]
        self.key = cache.fingerprint(*identity_of)
        self._last = (None, None)

    @classmethod
    def of_classifier(cls, classifier, layer=None, name=None):
        """The output of a layer of a classifier as features, with the layers after it as the head.

        Args:
            classifier: A `models.Classifier`.
            layer: Name of a layer of its network that gives vectors. Defaults to `None`: the last but one.
            name: Name of the features. Defaults to `None`: that of the network.

        Returns:
            A `FeatureExtractor`.

        Example:

        >>> from keras_gen import models, networks
        >>> classifier = models.Classifier(networks.lenet5((8, 8, 1), 10), value_range=(0, 1))
        >>> FeatureExtractor.of_classifier(classifier)(np.ones((5, 8, 8, 1))).shape
        (5, 84)
        """
        network = classifier.network
        if layer is None:
            output = network.layers[-1].input
        else:
            checks.choice("layer", layer, [each.name for each in network.layers])
            output = network.get_layer(layer).output
        if len(output.shape) != 2:
            raise ValueError(f"`layer` must give vectors. Expected: shape (batch, features). Received: {output.shape}")
        features = keras.Model(network.inputs, output, name="features")
        head = keras.Model(output, ops.softmax(network.outputs[0]), name="head")
        return cls(name or network.name, features, head, classifier.value_range or (0, 1))

    def __deepcopy__(self, memo):
        return self  # shared, as a constant: KerasTuner copies callbacks, and with them their metrics

    def __call__(self, x, value_range=(0, 1)):
        """Features of examples.

        Args:
            x: Finite array `(n, *shape)` that the network takes. Values outside of the range by up to half of its width
                are clipped, as in a picture.
            value_range: The pair (lowest, highest) of the values of `x`; not used without a network. Defaults to
                (0, 1).

        Returns:
            Array `(n, features)`: float32 from a network, else of the dtype of `x`. It may be shared: copy it before
            changing it.
        """
        x = np.asarray(x)
        checks.array("x", x)
        if self.network is None:
            return x.reshape(len(x), -1)
        low, high = checks.interval("value_range", value_range)
        margin = (high - low) / 2
        if x.min() < low - margin or x.max() > high + margin:
            raise ValueError(
                f"`x` is far out of its range. Expected: values in [{low}, {high}], or the `value_range` that they "
                f"have. Received: values in [{x.min():g}, {x.max():g}]"
            )
        known = cache.fingerprint(x, value_range)
        if self._last[0] != known:
            starts = range(0, len(x), self.batch_size)
            # One batch after another: 10,000 images at InceptionV3's size would fill 10 GB
            parts = (self._adapted(x[start : start + self.batch_size], low, high) for start in starts)
            self._last = known, np.concatenate([ops.convert_to_numpy(self._compute(part)) for part in parts])
        return self._last[1]  # (n, features)

    def probabilities(self, features):
        """Class probabilities of features `(n, features)` by the head, float32 `(n, classes)`."""
        self.require_head()
        return ops.convert_to_numpy(self.head(ops.convert_to_tensor(features, "float32"), training=False))

    def require_head(self):
        """Raise a ValueError unless there is a head."""
        if self.head is None:
            raise ValueError(
                f"Class probabilities need features with a `head`. Expected: such as from `of_classifier`. "
                f"Received: {self.name!r}, which has none"
            )

    def _adapted(self, x, low, high):
        """A batch as the network takes it."""
        wanted = self.network.input_shape[1:]
        x = np.clip(x.astype("float32"), low, high)
        x = rescaled(x, (low, high), self.value_range, overwrite=True)
        if len(wanted) == 3 and x.ndim == 4:
            if x.shape[3] == 1:
                x = np.repeat(x, wanted[2], axis=3)
            if x.shape[1:3] != wanted[:2]:
                x = ops.image.resize(x, wanted[:2], antialias=True, data_format="channels_last")
        if tuple(x.shape[1:]) != wanted:
            raise ValueError(
                f"`x` does not fit the features {self.name!r}. Expected: examples of shape {wanted}. "
                f"Received: {tuple(x.shape[1:])}"
            )
        return ops.convert_to_tensor(x)


def identity():
    """The `FeatureExtractor` of the examples themselves, flattened: for points in the plane, or pixels.

    Example:

    >>> identity()(np.ones((5, 8, 8, 1))).shape
    (5, 64)
    """
    return FeatureExtractor("identity")


def inception_v3():
    """Keras's InceptionV3, trained on ImageNet: 2,048 features, 1,000 classes.

    The weights are Keras's, not those of the papers' network, so figures cannot be compared with published ones.
    Grey images become colour; all are scaled to 299x299.

    Returns:
        A `FeatureExtractor`.

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
        with dtype_policy("float32"), seeded(0):
            network = keras.applications.InceptionV3(weights="imagenet")
    # Keras's `get_file` turns urllib's error into a bare Exception, which no narrower clause catches; others propagate
    except Exception as error:
        if not isinstance(error.__context__, urllib.error.URLError):
            raise
        raise ConnectionError(
            f"InceptionV3's weights are not on this machine and cannot be downloaded ({error}). Expected: internet, "
            "or features of a classifier of your own data, `metrics.FeatureExtractor.of_classifier`."
        ) from None
    features = keras.Model(network.input, network.get_layer("avg_pool").output)
    inputs = keras.Input(features.output_shape[1:])
    head = keras.Model(inputs, network.get_layer("predictions")(inputs))
    return FeatureExtractor("inception_v3", features, head, value_range=(-1, 1), batch_size=32)
