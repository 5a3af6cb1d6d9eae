"""The outputs of a network's inner layers, also of those of the models within it."""

import keras

from keras_gen import checks
from keras_gen.networks.introspection import calls, is_network, require_network


def layer_outputs(network, names):
    """A function of a network's inputs that gives the outputs of its layers.

    Args:
        network: A functional or Sequential model.
        names: List of names of layers, after those of the models that contain them and `/`, as in `receptive_field`. A
            nested model counts as a layer, too. Of a layer that is called several times, the first call counts.

    Returns:
        A function of `(inputs, training=False)` that returns a list of tensors.

    Raises:
        ValueError: If a layer does not exist.

    Example:

    >>> network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="hidden")])
    >>> layer_outputs(network, ["hidden"])(keras.ops.ones((5, 4)))[0].shape
    TensorShape([5, 3])
    """
    for name in names:
        checks.choice("layer", name, layer_names(network))
    return _outputs(network, list(names))


def layer_names(network):
    """The names of a network's layers, in the order of their first calls, with those of the models within it."""
    require_network("network", network)
    names = []
    for call in calls(network):
        inner = layer_names(call.layer) if is_network(call.layer) else []
        names += [*(f"{call.layer.name}/{name}" for name in inner), call.layer.name]
    return list(dict.fromkeys(names))


def _outputs(network, names):
    first = {call.layer.name: call for call in reversed(calls(network))}
    nested = {}  # from the name of a nested model to the names within it
    for head, slash, name in (full.partition("/") for full in names):
        if slash:
            nested.setdefault(head, []).append(name)
    own = [name for name in names if "/" not in name]
    front = up_to(
        network,
        {"own": [first[name].outputs[0] for name in own], "fed": {head: first[head].inputs for head in nested}},
    )
    inner = {head: _outputs(first[head].layer, inner_names) for head, inner_names in nested.items()}

    def function(inputs, training=False):
        found = front(inputs, training=training)
        outputs = dict(zip(own, found["own"], strict=True))
        for head, inner_names in nested.items():
            fed = found["fed"][head]
            tensors = inner[head](fed[0] if len(fed) == 1 else fed, training=training)
            outputs |= {f"{head}/{name}": tensor for name, tensor in zip(inner_names, tensors, strict=True)}
        return [outputs[name] for name in names]

    return function


def up_to(network, outputs, name=None):
    """The model from a network's inputs to symbolic tensors within it, which takes one input without a list."""
    return keras.Model(network.inputs[0] if len(network.inputs) == 1 else network.inputs, outputs, name=name)


def split(network, name):
    """A network in two parts: up to the output of a layer, and from there to its own output.

    Args:
        network: A functional or Sequential model of one output.
        name: Name of a layer, as in `layer_outputs`.

    Returns:
        The pair of a function of the input that gives the layer's output, and of a function of both that gives the
        network's output. What does not pass through the layer is computed from the input.

    Raises:
        ValueError: If the layer does not exist, or is called several times.

    Example:

    >>> network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="hidden"), keras.layers.Dense(2)])
    >>> front, rest = split(network, "hidden")
    >>> x = keras.ops.ones((5, 4))
    >>> bool(keras.ops.all(rest(x, front(x)) == network(x)))
    True
    """
    checks.choice("layer", name, layer_names(network))
    head, slash, inner_name = name.partition("/")
    call, *others = (call for call in calls(network) if call.layer.name == head)
    if others:
        raise ValueError(
            f"A network can be split at a layer that it calls once. Received: layer '{name}', called "
            f"{1 + len(others)} times"
        )
    (output,) = network.outputs
    tail = None if output is call.outputs[0] else keras.Model([*network.inputs, call.outputs[0]], output)

    def rest(x, output):
        return output if tail is None else tail([x, output], training=False)

    if not slash:
        front = up_to(network, call.outputs[0])
        return lambda x: front(x, training=False), rest
    fed = up_to(network, call.inputs[0])
    inner_front, inner_rest = split(call.layer, inner_name)
    return (
        lambda x: inner_front(fed(x, training=False)),
        lambda x, output: rest(x, inner_rest(fed(x, training=False), output)),
    )
