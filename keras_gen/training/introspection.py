"""Facts about networks: their shapes, last activations and ranges of values."""

import keras

from keras_gen import checks

_PASSED_ON = (  # operations that keep values in the range of their inputs, when not training
    "reshape", "flatten", "squeeze", "expanddims", "permute", "transpose", "identity", "cast",
    "cropping1d", "cropping2d",
    "dropout", "spatialdropout1d", "spatialdropout2d", "gaussiandropout", "gaussiannoise", "activityregularization",
    "averagepooling1d", "averagepooling2d", "globalaveragepooling1d", "globalaveragepooling2d", "mean",
    "maxpooling1d", "maxpooling2d", "globalmaxpooling1d", "globalmaxpooling2d", "upsampling1d", "upsampling2d",
)  # fmt: skip

_RANGES = {"sigmoid": (0, 1), "hard_sigmoid": (0, 1), "tanh": (-1, 1), "hard_tanh": (-1, 1)}
ACTIVATIONS = (
    "sigmoid", "hard_sigmoid", "softmax", "tanh", "hard_tanh", "softsign", "relu", "relu6", "leaky_relu", "prelu",
    "elu", "selu", "celu", "gelu", "silu", "softplus",
)  # fmt: skip
_OF_OPERATIONS = {name.replace("_", ""): name for name in ACTIVATIONS}


def shapes(name, network):
    """The pair (input shapes, output shapes) of a built network, lists of tuples without the batch axis.

    A `ValueError` calls the network by `name` if it does not know its shapes.
    """
    try:
        tensors = network.inputs, network.outputs
        return tuple([tuple(tensor.shape[1:]) for tensor in side] for side in tensors)
    except (AttributeError, TypeError, ValueError):
        raise ValueError(
            f"`{name}` must know its shapes. Expected: a functional Keras model, or a Sequential one that begins with "
            f"keras.Input. Received: {network!r}"
        ) from None


def check_inputs(name, network, expected):
    """Raise a `ValueError` unless a network takes tensors of the expected shapes."""
    found, _ = shapes(name, network)
    if len(found) != len(expected) or not all(map(checks.shapes_agree, found, expected)):
        raise ValueError(f"`{name}` has other inputs. Expected: inputs of shapes {expected}. Received: {found}")


def last_activations(network):
    """The names of the activations that make the network's outputs, one per output; "linear" if there is none."""
    return [_activation_of(output) for output in network.outputs]


def _activation_of(tensor):
    """The name of the last activation before a symbolic tensor."""
    operation, node, place = tensor._keras_history
    if _is_network(operation):
        return last_activations(operation)[place]
    name = _own_activation(operation)
    return _activation_of(operation._inbound_nodes[node].input_tensors[0]) if name is None else name


def _own_activation(layer):
    """The name of a layer's activation, "linear" without one, `None` if it keeps the range of its input."""
    if _is_network(layer):
        return last_activations(layer)[0]
    if isinstance(layer, keras.layers.Wrapper):
        return _own_activation(layer.layer)
    activation = getattr(layer, "activation", None)
    if isinstance(activation, keras.layers.Layer):
        return _own_activation(activation) or "linear"
    if activation is not None:
        name = getattr(activation, "__name__", str(activation))
        return None if isinstance(layer, keras.layers.Activation) and name == "linear" else name
    operation = type(layer).__name__.lower()
    return None if operation in _PASSED_ON else _OF_OPERATIONS.get(operation, "linear")


def _is_network(layer):
    return hasattr(layer, "outputs") and hasattr(layer, "layers")


def output_range(network):
    """The pair (lowest, highest) to which the last activation limits the network's first output, or `None`."""
    return _RANGES.get(last_activations(network)[0])


def rectified_outputs(network):
    """The symbolic outputs of the hidden layers of rectifiers of a functional network: a dict by the layers' names."""
    last = {id(output) for output in network.outputs}
    layers = [layer for layer in network.layers if not _is_network(layer) and len(layer._inbound_nodes) == 1]
    return {
        layer.name: layer.output
        for layer in layers
        if _own_activation(layer) == "relu" and id(layer.output) not in last
    }


def check_logits(name, network):
    """Raise a `ValueError` if the network ends in an activation, where logits are wanted."""
    last = last_activations(network)[0]
    if last != "linear":
        raise ValueError(
            f"`{name}` must end in logits. Expected: a last layer without activation. Received: activation {last!r}"
        )
