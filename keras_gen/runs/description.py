"""The networks of a model, layer by layer."""

import math

import keras

from keras_gen import networks, presets
from keras_gen.networks.introspection import named_calls, require_network
from keras_gen.networks.receptive_field import receptive_fields
from keras_gen.saving import load_model
from keras_gen.training import GenerativeModel

_COLUMNS = ("layer", "type", "output", "parameters", "operations", "field", "stride", "padding")
_OF_TEXT = 3  # columns, the first ones; the others have numbers


def describe_preset(name, example_shape):
    """Describe the model of a preset for examples of a shape, as `describe` does."""
    return describe(presets.build(name, example_shape))


def describe_file(path):
    """Describe the model of a `.keras` file or of a run's folder, as `describe` does."""
    return describe(load_model(path, compile=False))


def describe(model):
    """The layers of a model's networks: their outputs, parameters, operations and receptive fields.

    Args:
        model: A `GenerativeModel`, or a functional or Sequential Keras model.

    Returns:
        List of lines: for each network a table, with `-` where a value is not defined, and the reasons.

    Raises:
        ValueError: If it is another model, whose layers are not known.

    Example:

    >>> from keras import layers
    >>> steps = [layers.Conv2D(4, 3, strides=2, name="conv"), layers.GlobalMaxPooling2D(name="pool")]
    >>> for line in describe(keras.Sequential([keras.Input((9, 9, 1)), *steps], name="net")):
    ...     print(line)
    net: 9x9x1 -> 4, 40 parameters, 576 operations
      layer  type                output  parameters  operations  field  stride  padding
      conv   Conv2D              4x4x4           40         576      3       2        0
      pool   GlobalMaxPooling2D  4                0           0      9       0        0
    """
    return [line for network in _networks(model) for line in _lines(network)]


def _networks(model):
    if not isinstance(model, GenerativeModel):
        require_network("model", model)
        return [model]
    found = {id(network): network for player in model.players() for network in player.networks}
    return list(found.values())


def _lines(network):
    fields, remarks = [], {}
    try:
        fields.extend(receptive_fields(network))
    except ValueError as error:
        remarks[str(error)] = None
    rows, counted, total = [_COLUMNS], set(), 0
    for place, (name, call) in enumerate(named_calls(network)):
        try:
            multiplications = networks.operations(call.layer, call.number)
        except ValueError as error:
            remarks[str(error)], multiplications = None, math.nan
        total += multiplications
        own = isinstance(call.layer, keras.Layer) and id(call.layer) not in counted
        counted.add(id(call.layer))
        parameters = call.layer.count_params() if own else 0
        field = fields[place] if place < len(fields) else None
        seen = ("-",) * 3 if field is None else map(_pair, (field.size, field.stride, field.padding))
        kind, output = type(call.layer).__name__, _shapes(call.outputs)
        rows.append((name, kind, output, f"{parameters:,}", _number(multiplications), *seen))
    ends = f"{_shapes(network.inputs)} -> {_shapes(network.outputs)}"
    yield f"{network.name}: {ends}, {network.count_params():,} parameters, {_number(total)} operations"
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:_OF_TEXT], widths, strict=False)]
        cells += [cell.rjust(width) for cell, width in zip(row[_OF_TEXT:], widths[_OF_TEXT:], strict=True)]
        yield f"  {'  '.join(cells)}"
    yield from (f"  Remark: {remark}." for remark in remarks)


def _shapes(tensors):
    shapes = ("x".join("?" if side is None else str(side) for side in tensor.shape[1:]) for tensor in tensors)
    return ", ".join(shape or "1" for shape in shapes)


def _number(value):
    return "-" if math.isnan(value) else f"{value:,}"


def _pair(values):
    rows, columns = values
    return str(rows) if rows == columns else f"{rows}x{columns}"
