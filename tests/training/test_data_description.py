import numpy as np
import pytest
import tensorflow as tf

from keras_gen.data import Pipeline
from keras_gen.training import Component, DataDescription

X, LABELS = np.random.default_rng(0).random((20, 4)).astype("float32"), np.arange(20) % 3
ALONE = DataDescription(Component("x", (4,), (0, 1)))
LABELLED = DataDescription(Component("x", (4,), (0, 1)), Component("labels", (), num_classes=3))
TARGETED = DataDescription(
    Component("x", (4,), (0, 1)), Component("target", (4,), (0, 1), optional=True), sample_weight=True
)
PAIRS = DataDescription(Component("x", (4, 4, 1)), Component("y", (4, 4, 3)), paired=False)


@pytest.mark.parametrize(
    ("description", "data", "names"),
    [
        (ALONE, X, ["x"]),
        (ALONE, (X, LABELS), ["x"]),
        (ALONE, ((X, LABELS[:, None]),), ["x"]),
        (ALONE, {"image": X, "label": LABELS, "id": np.array(["a"] * 20)}, ["x"]),
        (LABELLED, (X, LABELS), ["x", "labels"]),
        (LABELLED, ((X, LABELS),), ["x", "labels"]),
        (LABELLED, {"image": X, "label": LABELS}, ["x", "labels"]),
        (LABELLED, ({"image": X}, LABELS), ["x", "labels"]),
        (TARGETED, X, ["x"]),
        (TARGETED, (X, LABELS), ["x"]),
        (TARGETED, (X, 0 * X), ["x", "target"]),
        (TARGETED, (X, 0 * X, np.ones(20)), ["x", "target", "sample_weight"]),
        (TARGETED, (X, None, np.ones((20, 1))), ["x", "sample_weight"]),
    ],
)
def test_arrays_and_tensors_are_read_alike(description, data, names):
    tensors = tf.nest.map_structure(lambda part: None if part is None else tf.convert_to_tensor(part), data)
    for given in (data, tensors):
        parts = description.parts(given)
        assert list(parts) == names
        assert all(len(part.shape) == 1 for name, part in parts.items() if name in ("labels", "sample_weight"))


def test_x_stands_for_a_target_that_is_not_given():
    batch = TARGETED.batch((X, LABELS))
    assert batch["target"] is batch["x"] is X
    assert TARGETED.batch((X, 0 * X))["target"].max() == 0


@pytest.mark.parametrize(
    ("description", "data", "message"),
    [
        (ALONE, (X, 0 * X), r"model cannot use this `y`. Expected: x alone, or x and integer labels.*shape \(20, 4\)"),
        (ALONE, (X, LABELS / 1.0), "Expected: x alone.*dtype float64"),
        (ALONE, (X, LABELS, X[:, 0]), "`sample_weight` needs a model with a loss of each example"),
        (LABELLED, X, r"needs labels. Expected: fit\(x, labels\). Received: x alone"),
        (LABELLED, (X, X), r"Expected: integer labels of shape \(n,\). Received: y of shape \(20, 4\)"),
        (TARGETED, (X, X[:, :3]), r"neither the model's target nor integer labels. Expected: shape \(n, 4\)"),
        (PAIRS, (np.zeros((2, 4, 4, 1)), LABELS[:2]), "needs y. .* Received: x and integer labels"),
        (ALONE, {"picture": X}, r"must hold `x`. Expected: one of the keys \['x', 'image', 'images'\].*\['picture'\]"),
    ],
)
def test_what_cannot_be_used_is_refused(description, data, message):
    with pytest.raises(ValueError, match=message):
        description.parts(data)


def test_ranges_allow_the_rounding_of_float32_and_messages_show_what_is_beyond():
    symmetric = Component("x", (1,), (-1, 1))
    symmetric.check(np.array([[-1.0000001], [0.998]], "float32"))
    with pytest.raises(ValueError, match=r"Expected: values in \[-1, 1\]. Received: values in \[-1.0001, 0.998\]"):
        symmetric.check(np.array([[-1.0001], [0.998]], "float32"))


@pytest.mark.parametrize("shape", [(None, None, 3), (28, None, 3), None])
def test_free_axes_fit_anything(shape):
    Component("x", shape).check(np.zeros((2, 28, 12, 3)))


def test_swapped_sets_are_recognised():
    with pytest.raises(ValueError, match=r"`x` and `y` are swapped. Expected: examples of shapes \(4, 4, 1\)"):
        PAIRS.check(np.zeros((2, 4, 4, 3)), np.zeros((2, 4, 4, 1)))


@pytest.mark.parametrize(("x", "missing"), [(Component(), "x, y"), (Component("x", (4,)), "y")])
def test_metrics_need_the_shapes_of_the_data(x, missing):
    with pytest.raises(ValueError, match=f"`metrics` need the shapes of the data.* Received: no shape of {missing}$"):
        DataDescription(x, Component("y")).symbolic_batch()


def test_parts_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="the same length. Received: {'x': 20, 'labels': 5}"):
        LABELLED.check_batch((X, LABELS[:5]))


def test_labels_are_checked_by_their_extremes():
    with pytest.raises(ValueError, match=r"`labels` must be in 0..2. Received: labels in 0..9"):
        LABELLED.check(X, np.where(LABELS == 1, 9, 0))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            np.array(["cat"] * 20),
            r"Expected: integer labels of shape \(n,\). .* Number them by `labels, _, names = data.encode_labels",
        ),
        (
            LABELS * 4,
            "must be in 0..2. Received: labels in 0..8. Number them by `labels, _, names = data.encode_labels",
        ),
    ],
)
def test_labels_of_another_kind_are_refused_with_what_to_do(labels, message):
    with pytest.raises(ValueError, match=message):
        LABELLED.check_batch((X, labels))


def test_bright_images_fill_a_stated_range():
    filled = DataDescription(Component("x", (4,), (-1, 1), fills_range=True))
    with pytest.raises(ValueError, match=r"all bright data.Pipeline\(x, value_range=\(-1, 1\)\). Received: .* from 0"):
        filled.check_pipeline(Pipeline(X * 0), in_fit=True)
    filled.check_pipeline(Pipeline(X * 0, value_range=(-1, 1)), in_fit=True)
