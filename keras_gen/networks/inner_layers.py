"""The outputs of a network's inner layers, also of those of the models within it."""

import keras

from keras_gen import checks
from keras_gen.networks.introspection import calls, named_calls, require_network


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
    require_network("network", network)
    known = [name for name, _ in named_calls(network)] + [one.layer.name for one in calls(network)]
    for name in names:
        checks.choice("layer", name, set(known))
    return _outputs(network, list(names))


def _outputs(network, names):
    first = {call.layer.name: call for call in reversed(calls(network))}
    nested = {}  # from the name of a nested model to the names within it
    for head, slash, name in (full.partition("/") for full in names):
        if slash:
            nested.setdefault(head, []).append(name)
    own = [name for name in names if "/" not in name]
    front = keras.Model(
        network.inputs,
        {"own": [first[name].outputs[0] for name in own], "fed": {head: first[head].inputs for head in nested}},
    )
    inner = {head: _outputs(first[head].layer, inner_names) for head, inner_names in nested.items()}

    def function(inputs, training=False):
        found = front(inputs, training=training)
        outputs = dict(zip(own, found["own"], strict=True))
        for head, inner_names in nested.items():
            tensors = inner[head](found["fed"][head], training=training)
            outputs |= {f"{head}/{name}": tensor for name, tensor in zip(inner_names, tensors, strict=True)}
        return [outputs[name] for name in names]

    return function
