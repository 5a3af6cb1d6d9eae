"""Networks as the methods of this folder see them: their images' range, preprocessing, inner layers and logits."""

import dataclasses
import functools
import typing

import keras
import numpy as np
from keras import layers, ops

from keras_gen import backend, checks
from keras_gen.input_optimization.batches import in_batches
from keras_gen.networks.inner_layers import layer_outputs, split, up_to
from keras_gen.networks.introspection import calls, is_network, require_network
from keras_gen.training import GenerativeModel
from keras_gen.training.introspection import last_activations
from keras_gen.training.tasks import require_task

_LEAST = 1e-30  # probability whose logarithm is taken at least


@dataclasses.dataclass(frozen=True)
class Subject:
    """A network whose input is optimised.

    Args:
        network: Keras model of images `(batch, *shape)`.
        value_range: The pair (lowest, highest) of the images' values.
        preprocess: A function of tensors `(batch, *shape)` in front of the network, or `None`.
    """

    network: keras.Model
    value_range: tuple
    preprocess: typing.Callable | None = None

    @property
    def shape(self):
        """The shape of one image."""
        return tuple(self.network.inputs[0].shape[1:])

    @property
    def num_classes(self):
        """The number of classes of a classifier."""
        return self.network.outputs[0].shape[-1]

    def outputs(self, names):
        """A function from images to the list of the outputs of the named layers, float32."""
        function = layer_outputs(self.network, names)
        return lambda images: [ops.cast(one, "float32") for one in function(self._prepared(images))]

    def logits(self):
        """A function from images to logits `(batch, num_classes)`, float32: those in front of a softmax, if any."""
        network = logits_network(self.network)
        return lambda images: ops.cast(network(self._prepared(images), training=False), "float32")

    def layer_and_logits(self, name):
        """The pair of a function from images to a layer's output, and of one from both to the logits, as in `split`."""
        front, rest = split(logits_network(self.network), name)
        return (
            lambda images: front(self._prepared(images)),
            lambda images, output: ops.cast(rest(self._prepared(images), output), "float32"),
        )

    def _prepared(self, images):
        return images if self.preprocess is None else self.preprocess(images)

    def spec(self, shape):
        """The symbolic tensor that the network sees of an image of that shape."""
        return keras.KerasTensor(self._prepared(ops.zeros((1, *shape))).shape)

    def require_size(self, shape):
        """Raise a `ValueError` if a network of images of any size needs larger ones than of that shape."""
        if None in self.shape:
            try:
                self.network.compute_output_shape(tuple(self.spec(shape).shape))
            except Exception as error:  # a layer may raise any error for a size; the message quotes it
                raise too_small(shape, str(error)) from error

    def check(self, name, images):
        """Images as float32, finite, of the network's shape and in the range."""
        checks.array(name, images, self.shape, self.value_range)
        return np.asarray(images, "float32")


def too_small(shape, reason):
    """The error of images of a shape that a network of images of any size cannot take."""
    return ValueError(
        f"The network cannot take images of that size. Expected: larger ones. Received: shape {shape}, {reason}"
    )


def subject(model, value_range=None, preprocess=None):
    """The `Subject` of a Keras model, or of a classifier of this library, whose range is known.

    Raises:
        ValueError: If the range is not known and not given, or differs from the model's own, or if the model has no
            single input of known shape.
    """
    network = model
    if isinstance(model, GenerativeModel):
        require_task("Input optimisation", model, "classify")
        network, own = model.network, model.value_range
        if own is not None and value_range is not None and tuple(value_range) != tuple(own):
            raise ValueError(
                f"`value_range` must be the model's own. Expected: {own}, or None. Received: {value_range}"
            )
        value_range = own if value_range is None else value_range
    require_network("model", network)
    if len(network.inputs) != 1:
        raise ValueError(f"`model` must have one input. Received: {len(network.inputs)} inputs")
    if value_range is None:
        raise ValueError(
            "`value_range` must be given, as the model does not know it. Expected: the pair (lowest, highest) of its "
            "images' values, such as (0, 1). Received: None"
        )
    if not (preprocess is None or callable(preprocess)):
        raise ValueError(f"`preprocess` must be a function of tensors of images. Received: {preprocess!r}")
    return Subject(network, checks.interval("value_range", value_range), preprocess)


@functools.lru_cache(maxsize=16)
def compiled_logits(subject):
    """The compiled function from images to the logits of a subject."""
    return backend.compiled(subject.logits())


def logits_in_batches(subject, size, images):
    """The logits of images, `size` at a time: float32 array `(n, num_classes)`."""
    logits = in_batches(compiled_logits(subject), size, images)
    if (logits >= 0).all() and np.allclose(logits.sum(axis=-1), 1, atol=1e-3):
        raise ValueError(
            "The outputs are probabilities, but the last layer is not the softmax that makes them. Expected: logits, "
            f"or a softmax at the end. Received: outputs >= 0 that add up to 1, from layer "
            f"'{subject.network.layers[-1].name}'"
        )
    return logits


def checked_labels(name, labels, n, num_classes):
    """Labels as int32 `(n,)`, each a class of the model."""
    labels = np.asarray(labels)
    if labels.shape == (n, num_classes):
        raise ValueError(
            f"`{name}` must be numbers of classes, not one-hot rows. Expected: shape ({n},), such as "
            f"{name}.argmax(axis=1). Received: shape {labels.shape}"
        )
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must be one integer for each image. Expected: integers of shape ({n},). Received: "
            f"{labels.dtype} of shape {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"`{name}` must be classes of the model. Expected: 0 to {num_classes - 1}. Received: {labels.min()} to "
            f"{labels.max()}"
        )
    return labels.astype("int32")


def logits_network(network):
    """The network from images to the logits of its classes: itself, or up to its softmax."""
    outputs = [tuple(output.shape) for output in network.outputs]
    if len(outputs) != 1 or len(outputs[0]) != 2 or outputs[0][1] < 2:
        raise ValueError(
            "The model must be a classifier. Expected: one output (batch, num_classes), of two or more classes. "
            f"Received: outputs of shapes {outputs}"
        )
    (activation,) = last_activations(network)
    if activation == "linear":
        return network
    if activation != "softmax":
        raise ValueError(
            "The model must end in logits or in a softmax. Expected: a last layer without activation, or with "
            f"activation 'softmax'. Received: activation {activation!r}"
        )
    return _before_softmax(network)


def _before_softmax(network):
    output = network.outputs[0]
    (call,) = (call for call in calls(network) if any(output is one for one in call.outputs))
    layer, front = call.layer, call.inputs[0]
    if is_network(layer):
        logits = _before_softmax(layer)(front)
    elif isinstance(layer, layers.Dense):
        logits = _WithoutActivation(layer)(front)
    elif isinstance(layer, (layers.Softmax, layers.Activation)) or type(layer).__name__ == "Softmax":
        logits = front
    else:
        logits = ops.log(ops.maximum(output, _LEAST))
    return up_to(network, logits, network.name)


class _WithoutActivation(layers.Layer):
    """A dense layer without its activation, with the same weights."""

    def __init__(self, dense):
        super().__init__(dtype=dense.dtype_policy, name=dense.name)
        self.dense = dense

    def call(self, x):
        return ops.matmul(x, self.dense.kernel) + (self.dense.bias if self.dense.use_bias else 0.0)
