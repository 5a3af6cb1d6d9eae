import keras
import numpy as np
import pytest

from keras_gen import models, networks
from keras_gen.models.conditions import conditions_of
from keras_gen.training.data_description import Component, DataDescription


def test_conditions_are_described_by_the_network_and_the_classes():
    network = networks.mlp_decoder(2, (), (6,), num_classes=3, condition_dim=4)
    assert conditions_of("decoder", network, (3, None)) == (
        Component("labels", (), num_classes=3),
        Component("condition", (4,)),
    )
    alone = networks.mlp_decoder(2, (), (6,), num_classes=3)
    assert conditions_of("decoder", alone, 3, allow_missing=True) == Component(
        "labels", (), num_classes=3, allow_nan=True
    )


def test_a_condition_may_be_an_image():
    inputs = [keras.Input((2,)), keras.Input((4, 4, 1), name="picture")]
    network = keras.Model(inputs, keras.layers.Concatenate()([inputs[0], keras.layers.Flatten()(inputs[1])]))
    assert conditions_of("decoder", network) == Component("picture", (4, 4, 1))


def test_a_description_of_several_parts_takes_and_names_them():
    x, labels, vectors = np.zeros((5, 2)), np.array([[0], [1], [2], [0], [1]]), np.ones((5, 3))
    description = DataDescription(Component("x", (2,)), (Component("labels", (), num_classes=3), Component("v", (3,))))
    batch = description.batch((x, (labels, vectors)))
    assert list(batch) == ["x", "labels", "v"] and batch["labels"].shape == (5,)
    assert description.arguments(batch)[1][1] is vectors and not description.uses_labels
    assert description.batch({"x": x, "labels": labels, "v": vectors}).keys() == batch.keys()
    assert description.check_batch((x, (labels, vectors))) == 5
    with pytest.raises(ValueError, match="must have the same length. Received: .*'v': 4"):
        description.check_batch((x, (labels, vectors[:4])))
    with pytest.raises(
        ValueError, match="cannot use this `labels`. Expected: integer labels .* Received: labels of sh"
    ):
        description.batch((x, (vectors, vectors)))
    assert list(description.symbolic_batch()) == ["x", "labels", "v"]


def test_labels_may_be_unknown_where_that_is_allowed():
    labels = Component("labels", (), num_classes=3, allow_nan=True)
    labels.check(np.array([-1, 0, 2]))
    assert labels.limits == (-1, 2)
    with pytest.raises(ValueError, match="must be in 0..2, or -1 where it is not known. Received: labels in -2..1"):
        labels.check(np.array([-2, 1]))
    with pytest.raises(ValueError, match="must be in 0..2. Received: labels in -1..1"):
        Component("labels", (), num_classes=3).check(np.array([-1, 1]))


@pytest.mark.parametrize("name", ["x", "target", "sample_weight"])
def test_names_of_other_parts_of_a_batch_are_refused(name):
    inputs = [keras.Input((2,)), keras.Input((3,), name=name)]
    with pytest.raises(
        ValueError, match=f"must give its conditions names of their own. .* Received: an input '{name}'"
    ):
        conditions_of("decoder", keras.Model(inputs, keras.layers.Concatenate()(inputs)))
    if name != "target":
        with pytest.raises(ValueError, match="must have different names"):
            DataDescription(y=Component(name))


def test_vectors_of_one_number_may_be_integers():
    description = DataDescription(Component("x", (2,)), Component("v", (1,)))
    assert description.check_batch((np.zeros((4, 2)), np.array([[0], [3], [9], [1]]))) == 4


@pytest.mark.parametrize("given", [np.int64(9), (9,), [9]])
def test_the_classes_are_checked_and_kept_as_one_number(given):
    def model(known):
        parts = (
            networks.mlp_encoder((6,), (), 2, num_classes=known),
            networks.mlp_decoder(2, (), (6,), num_classes=known),
        )
        return models.ConditionalVAE(*parts, given)

    assert model(9).num_classes == 9 and type(model(9).num_classes) is int
    with pytest.raises(ValueError, match="has fewer classes than the model. Expected: num_classes=9. Received: 3"):
        model(3)


def test_the_classes_of_one_of_several_conditions_are_checked():
    widths = {"num_classes": 3, "condition_dim": 2}
    parts = networks.mlp_encoder((6,), (), 2, **widths), networks.mlp_decoder(2, (), (6,), **widths)
    with pytest.raises(ValueError, match="`encoder` has fewer classes than the model. Expected: num_classes=9"):
        models.ConditionalVAE(*parts, (9, None))
