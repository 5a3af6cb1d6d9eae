"""Networks as the methods of this folder see them: their images' range, preprocessing, inner layers and logits."""

import dataclasses
import typing

import keras
import numpy as np
from keras import layers, ops

from keras_gen import checks
from keras_gen.networks.inner_layers import layer_outputs
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
        """A function from images to the list of the outputs of the named layers."""
        function = layer_outputs(self.network, names)
        return lambda images: function(self._prepared(images))

    def logits(self):
        """A function from images to logits `(batch, num_classes)`, float32: those in front of a softmax, if any."""
        function = _logits(self.network)
        return lambda images: ops.cast(function(self._prepared(images)), "float32")

    def _prepared(self, images):
        return images if self.preprocess is None else self.preprocess(images)

    def check(self, name, images):
        """Images as float32, finite, of the network's shape and in the range."""
        checks.array(name, images, self.shape, self.value_range)
        return np.asarray(images, "float32")


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


def _logits(network):
    """A function from a network's input to the logits of its classes."""
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
    (call,) = (call for call in calls(network) if network.outputs[0] in call.outputs)
    front = keras.Model(network.inputs, call.inputs[0])
    layer = call.layer
    if is_network(layer):
        inner = _before_softmax(layer)
        return lambda images: inner(front(images))
    if isinstance(layer, layers.Dense):
        return lambda images: ops.matmul(front(images), layer.kernel) + (layer.bias if layer.use_bias else 0.0)
    if isinstance(layer, (layers.Softmax, layers.Activation)) or type(layer).__name__ == "Softmax":
        return front
    return lambda images: ops.log(ops.maximum(network(images), _LEAST))
