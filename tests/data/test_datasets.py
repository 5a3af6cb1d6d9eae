import logging

import numpy as np
import pytest
import tensorflow as tf

from keras_gen.data.datasets import adapt_dataset, batch_count, drop_uneven_batches
from keras_gen.training import Component, DataDescription

X, LABELS = np.random.default_rng(0).random((12, 3)).astype("float32"), np.arange(12) % 3
LABELLED = DataDescription(Component("x", (3,), (0, 1)), Component("labels", (), num_classes=3))


def batches(*arrays, size=4):
    return tf.data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0]).batch(size)


def test_the_parts_that_a_description_selects_are_what_is_left(caplog):
    """And TensorFlow does not warn that it cannot convert what need not be converted."""
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.WARNING):
            adapted = adapt_dataset(batches({"image": X, "label": LABELS}), LABELLED.parts, LABELLED.components)
            (first, *others) = drop_uneven_batches(adapted, updates=2, replicas=2)
    finally:
        logger.removeHandler(caplog.handler)
    assert sorted(first) == ["labels", "x"] and len(others) == 2
    np.testing.assert_array_equal(first["x"], X[:4])
    np.testing.assert_array_equal(first["labels"], LABELS[:4])
    assert caplog.records == []


@pytest.mark.parametrize(
    ("x", "labels", "name"), [(X + 1, LABELS, "x"), (X * np.nan, LABELS, "x"), (X, LABELS + 1, "labels")]
)
def test_a_batch_out_of_range_is_an_error(x, labels, name):
    x, labels = np.concatenate([X, x]), np.concatenate([LABELS, labels])
    adapted = adapt_dataset(batches(x, labels), LABELLED.parts, LABELLED.components)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"`{name}` of a batch is out of range"):
        list(adapted)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_without_a_range_values_must_still_be_finite(bad):
    x = np.concatenate([X, X]).astype("float64")
    x[-1, 0] = bad
    for allow_nan in (False, True):
        description = DataDescription(Component("x", (3,), allow_nan=allow_nan))
        adapted = adapt_dataset(batches(x), description.parts, description.components)
        if allow_nan and np.isnan(bad):
            assert np.isnan(list(adapted)[-1]["x"]).sum() == 1
        else:
            with pytest.raises(tf.errors.InvalidArgumentError, match="`x` of a batch .* Expected: finite values"):
                list(adapted)


def test_rounding_beyond_the_range_is_none():
    (batch,) = adapt_dataset(batches(X - 1e-6, LABELS, size=12), LABELLED.parts, LABELLED.components)
    assert float(tf.reduce_min(batch["x"])) == pytest.approx(X.min() - 1e-6)


def test_batches_are_counted_where_they_have_an_end():
    assert batch_count(batches(X)) == 3 and batch_count(batches(X).repeat()) is None and batch_count(iter([])) is None
