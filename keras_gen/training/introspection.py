"""Facts about networks: their shapes, last activations and ranges of values."""

import keras

_PASSED_ON = (  # operations that keep values in the range of their inputs, when not training
    "reshape", "flatten", "squeeze", "expanddims", "permute", "transpose", "identity", "cast",
    "cropping1d", "cropping2d",
    "dropout", "spatialdropout1d", "spatialdropout2d", "gaussiandropout", "gaussiannoise", "activityregularization",
    "averagepooling1d", "averagepooling2d", "globalaveragepooling1d", "globalaveragepooling2d", "mean",
    "maxpooling1d", "maxpooling2d", "globalmaxpooling1d", "globalmaxpooling2d", "upsampling1d", "upsampling2d",
)  # fmt: skip

_RANGES = {"sigmoid": (0, 1), "tanh": (-1, 1)}


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


def last_activations(network):
    """The names of the activations that make the network's outputs, one per output; "linear" where there is none."""

    def name(layer):
        activation = getattr(layer, "activation", None)
        if isinstance(activation, keras.layers.Layer):
            return name(activation)
        if activation is not None:
            activation_name = getattr(activation, "__name__", str(activation))
            linear = isinstance(layer, keras.layers.Activation) and activation_name == "linear"
            passes_on = linear and layer._inbound_nodes
            return name(layer.input._keras_history.operation) if passes_on else activation_name
        if hasattr(layer, "outputs") and hasattr(layer, "layers"):
            return last_activations(layer)[0]
        if isinstance(layer, keras.layers.Wrapper):
            return name(layer.layer)
        operation = type(layer).__name__.lower()
        if operation in ("sigmoid", "tanh", "softmax", "relu", "leakyrelu"):
            return operation
        if operation in _PASSED_ON:
            return name(layer.input._keras_history.operation)
        return "linear"

    return [name(output._keras_history.operation) for output in network.outputs]


def output_range(network):
    """The pair (lowest, highest) that the last activation holds the network's first output to, or `None`."""
    return _RANGES.get(last_activations(network)[0])


def check_logits(name, network):
    """Raise a `ValueError` if the network ends in an activation, where logits are wanted."""
    last = last_activations(network)[0]
    if last != "linear":
        raise ValueError(
            f"`{name}` must end in logits. Expected: a last layer without activation. Received: activation {last!r}"
        )
