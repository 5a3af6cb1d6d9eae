"""Conditions of a model: labels, vectors or several of them, described once by its networks and its classes."""

import dataclasses

import keras
import numpy as np

from keras_gen import checks
from keras_gen.reports import counted
from keras_gen.training.data_description import Component
from keras_gen.training.introspection import shapes


def conditions_of(name, network, num_classes=None, allow_missing=False):
    """The `Component`s of what a network takes after its first input, as a model's data describe y: one, or a tuple.

    `num_classes` is the number of classes of integer labels, `None` for values, or a tuple with one of these for each
    condition; with `allow_missing` labels may be -1. Messages call the network `name`.
    """
    inputs, _ = shapes(name, network)
    if len(inputs) < 2:
        raise ValueError(f"`{name}` must take a condition. Expected: two inputs or more. Received: {len(inputs)}")
    classes = num_classes if isinstance(num_classes, (tuple, list)) else (num_classes,)
    if len(classes) != len(inputs) - 1:
        raise ValueError(
            f"`num_classes` must describe each condition. Expected: a tuple of {len(inputs) - 1}, an integer for "
            f"labels or None. Received: num_classes={num_classes!r}"
        )
    found = []
    for place, (shape, number) in enumerate(zip(inputs[1:], classes, strict=True), start=1):
        if number is not None:
            checks.integer("num_classes", number, minimum=2)
        if (number is not None) != (shape == ()):
            expected = "labels of shape (), or num_classes=None" if shape else "num_classes, for an input of shape ()"
            raise ValueError(
                f"`{name}` and `num_classes` must agree. Expected: {expected}. "
                f"Received: an input of shape {shape}, num_classes={number}"
            )
        title = "labels" if number is not None and len(classes) == 1 else network.inputs[place].name
        if title in _RESERVED:
            raise ValueError(
                f"`{name}` must give its conditions names of their own. Expected: none of {_RESERVED}. "
                f"Received: an input {title!r}"
            )
        found.append(Component(title, shape, num_classes=number, allow_nan=allow_missing))
    return found[0] if len(found) == 1 else tuple(found)


def checked_classes(networks, num_classes):
    """The number of classes of one condition, `None` for values, or a tuple of these for several conditions.

    A `ValueError` is raised if a network learns fewer vectors of labels than there are classes.
    """
    classes = tuple(num_classes) if isinstance(num_classes, (tuple, list)) else (num_classes,)
    classes = tuple(number if number is None else int(number) for number in classes)
    for network in networks:
        embeddings = [one for one in network._flatten_layers() if isinstance(one, keras.layers.Embedding)]
        for labels, number in zip(network.inputs[1:], classes, strict=True):
            for layer in embeddings if number is not None else ():
                if any(tensor is labels for node in layer._inbound_nodes for tensor in node.input_tensors):
                    _require_classes(network, layer, number)
    return classes[0] if len(classes) == 1 else classes


def _require_classes(network, embedding, number):
    if embedding.input_dim < number:
        raise ValueError(
            f"`{network.name}` has fewer classes than the model. Expected: num_classes={number}. "
            f"Received: {embedding.input_dim}"
        )


_RESERVED = ("x", "y", "target", "sample_weight")  # names of other parts of a batch


class Conditional:
    """What models of a condition share, as a base class in front of the unconditional model's.

    Methods on numpy take the condition as `labels`, in the form of `fit`'s y: integers `(n,)`, an array of vectors, or
    a tuple of these.
    """

    def conditioned(self, tensor, batch):
        """What a network takes for a tensor: a list of the tensor and the conditions of a batch."""
        return [tensor, *(batch[component.name] for component in self.data_description.y_components)]

    def checked_inputs(self, inputs):
        """The inputs of `call`, a tensor and the conditions, which `predict` and Keras do not check."""
        components = self.data_description.y_components
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 1 + len(components):
            names = ", ".join(["array", *(one.name for one in components)])
            received = f"{len(inputs)} arrays" if isinstance(inputs, (list, tuple)) else "one array"
            raise ValueError(
                f"{type(self).__name__} takes a condition. Expected: such as predict([{names}]). Received: {received}"
            )
        for component, given in zip(components, inputs[1:], strict=True):
            dtype = keras.backend.standardize_dtype(given.dtype)
            if component.is_labels and "int" not in dtype:
                raise ValueError(f"`{component.name}` must be integers. Expected: such as int32. Received: {dtype}")
        return inputs

    def input_specs(self):
        return [
            super().input_specs(),
            *(
                keras.InputSpec(shape=(None, *one.shape), dtype="int32" if one.is_labels else "float32")
                for one in self.data_description.y_components
            ),
        ]

    def given(self, labels, n):
        """The conditions of `n` examples as a tuple of arrays; by default the classes 0, 1, ... in turn."""
        if labels is None and self.uses_labels:
            labels = np.arange(n) % self.data_description.y.num_classes
        components, arrays = self.data_description.y_components, isinstance(labels, (tuple, list))
        several = len(components) > 1
        if labels is None or (several and not (arrays and len(labels) == len(components))):
            received = "None" if labels is None else counted(len(labels), "part") if arrays else "one array"
            raise ValueError(
                f"`labels` must give the condition{'s' if several else ''} of each sample. "
                f"Expected: labels={self.data_description.y_names}. Received: {received}"
            )
        found = self.data_description.check_y(labels, n)
        for component, part in zip(components, found, strict=True):
            dataclasses.replace(component, allow_nan=False).check(part)  # also where training allows -1
        return found
