import keras
import pytest
from keras import layers

from keras_gen import models, networks
from keras_gen.runs.description import describe


def table(lines):
    """The cells of a table's lines, without the first line of the network and remarks."""
    return [line.split() for line in lines[1:] if "Remark: " not in line]


def test_every_layer_has_its_values():
    inputs = keras.Input((9, 12, 1))
    shared = layers.Conv2D(1, 3, padding="same", name="shared")
    inner = keras.Sequential([keras.Input((9, 12, 1)), layers.AveragePooling2D((1, 3), name="pool")], name="inner")
    hidden = inner(shared(shared(inputs)))
    network = keras.Model(inputs, [layers.GlobalMaxPooling2D(name="all")(hidden), hidden * 2], name="two")
    first, *lines = describe(network)
    assert first == "two: 9x12x1 -> 1, 9x4x1, 10 parameters, 1,944 operations"
    assert len({len(line) for line in lines}) == 1, "aligned"
    header, *rows = [line.split() for line in lines]
    assert header == ["layer", "type", "output", "parameters", "operations", "field", "stride", "padding"]
    found = {tuple(row[:1] + row[2:]) for row in rows}
    assert rows[0] == ["shared", "Conv2D", "9x12x1", "10", "972", "3", "1", "1"]
    assert {
        ("shared", "9x12x1", "0", "972", "5", "1", "2"),
        ("inner/pool", "9x4x1", "0", "0", "5x7", "1x3", "2"),
        ("all", "1", "0", "0", "9x12", "0", "0"),
    } <= found
    assert len(rows) == 5, "the multiplication has a line too"


def test_a_model_of_several_networks():
    # 4 * 4 positions of a kernel of 3 * 3 * 3, and two dense layers of 4 * 4 * 3 * 2
    pair = networks.convolutional_encoder((8, 8, 1), 2, (3,)), networks.convolutional_decoder(2, (8, 8, 1), (3,))
    lines = describe(models.VAE(*pair))
    heads = [line for line in lines if not line.startswith("  ")]
    assert [head.split(":")[0] for head in heads] == ["encoder", "decoder"]
    assert heads[0] == "encoder: 8x8x1 -> 2, 2, 226 parameters, 624 operations"
    assert lines[-1].startswith("  Remark: A receptive field needs images.") and lines[-1].endswith("[(None, 2)].")
    assert table(lines)[-1][-3:] == ["-", "-", "-"]


def test_fields_end_at_a_layer_where_they_are_not_defined():
    inputs = keras.Input((None, 8, 2))
    hidden = layers.Conv2D(2, 3, name="seen")(inputs)
    hidden = layers.MultiHeadAttention(1, 2, name="attention")(hidden, hidden)
    lines = describe(keras.Model(inputs, layers.ReLU(name="after")(hidden), name="net"))
    rows = {row[0]: row[4:] for row in table(lines)}
    assert rows["seen"] == ["-", "3", "1", "0"] and rows["attention"] == ["-", "-", "-", "-"]
    assert rows["after"] == ["0", "-", "-", "-"]
    assert lines[0] == "net: ?x8x2 -> ?x6x2, 62 parameters, - operations"
    remarks = [line for line in lines if "Remark: " in line]
    assert len(remarks) == 3 and "The receptive field of layer 'attention' is not defined" in remarks[0]
    assert "Layer 'seen' needs a number of operations that depends on the size" in remarks[1]
    assert "It is not known how many operations layer 'attention' needs" in remarks[2]


def test_other_models_are_refused():
    with pytest.raises(ValueError, match="`model` must know its layers and their shapes"):
        describe(keras.Sequential([layers.Dense(2)]))
