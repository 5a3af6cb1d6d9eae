"""Networks of images rebuilt, with the same layers, for images of other sizes."""

import keras

from keras_gen.networks.introspection import calls, is_network


def resized_network(network, names, sides=(None, None)):
    """A network of images as far as the named layers, for images of other sides, with the same layers.

    Args:
        network: A functional or Sequential model of images `(batch, height, width, channels)`.
        names: List of names of its layers, as in `layer_outputs`.
        sides: The pair (height, width), `None` for any. Defaults to (None, None).

    Returns:
        A functional model that has the named layers.

    Raises:
        ValueError: If a layer on the way needs images of one size, as a model within the network may.

    Example:

    >>> network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3, name="conv")])
    >>> resized_network(network, ["conv"]).output_shape
    (None, None, None, 2)
    """
    _, *own, channels = network.inputs[0].shape
    first = {call.layer.name: call.outputs[0] for call in reversed(calls(network))}
    front = keras.Model(network.inputs[0], [first[name] for name in {name.partition("/")[0] for name in names}])
    reason = _fixed_model(front)
    if reason is None:
        try:
            inputs = keras.Input((*sides, channels))
            return keras.models.clone_model(front, input_tensors=inputs, clone_function=lambda layer: layer)
        except Exception as error:  # a layer may raise any error for a size; the message quotes it
            reason = str(error)
    raise ValueError(
        f"`network` must take images of any size up to the layers {names}. Expected: inputs of shape (None, None, "
        f"{channels}), or layers that do not depend on the size. Received: inputs of shape {(*own, channels)}, {reason}"
    )


def _fixed_model(network):
    """What is said of the first model within a network that needs images of one size; `None` if there is none."""
    within = (call.layer for call in calls(network) if is_network(call.layer))
    fixed = (layer.name for layer in within if None not in layer.inputs[0].shape[1:])
    return next((f"and within it model '{name}', which has fixed sides" for name in fixed), None)
