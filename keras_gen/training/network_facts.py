"""What a model may ask of the networks that it is handed."""


def shapes(name, network):
    """The shapes of a built network's inputs and outputs.

    Args:
        name: The argument's name, for the message.
        network: A functional or built `Sequential` Keras model.

    Returns:
        The pair (list of input shapes, list of output shapes), each a tuple without the batch axis.

    Raises:
        ValueError: If the network does not know its shapes.
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
    """The names of the activations that make the network's outputs, one an output; "linear" where there is none."""

    def name(layer):
        activation = getattr(layer, "activation", None)
        if activation is not None:
            return getattr(activation, "__name__", str(activation))
        if hasattr(layer, "outputs") and hasattr(layer, "layers"):
            return last_activations(layer)[0]
        operation = type(layer).__name__.lower()
        if operation in ("sigmoid", "tanh", "softmax"):
            return operation
        if operation in ("reshape", "flatten", "cropping2d"):
            return name(layer.input._keras_history.operation)
        return "linear"

    return [name(output._keras_history.operation) for output in network.outputs]
