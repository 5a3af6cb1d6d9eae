import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import backend
from keras_gen.layers import MaxPoolWithSwitches2D, MaxUnpool2D

SHAPES, WINDOWS, PADDINGS = [(4, 6), (5, 7), (7, 9)], [1, 2, 3, (2, 3)], ["valid", "same"]


def images(shape=(5, 7), seed=0):
    """Two of three channels; no two of their values are equal."""
    return np.random.default_rng(seed).normal(size=(2, *shape, 3)).astype("float32")


def pooled_model(sides=(5, 7), padding="same"):
    x = keras.Input((*sides, 3))
    both = MaxPoolWithSwitches2D(2, padding=padding)(x)
    return keras.Model(x, [*both, MaxUnpool2D(2)(both)])


@pytest.mark.parametrize(("window", "padding"), itertools.product(WINDOWS, PADDINGS))
def test_maxima_are_those_of_keras_and_go_back_to_their_places(window, padding):
    pool, unpool = MaxPoolWithSwitches2D(window, padding=padding), MaxUnpool2D(window)
    for shape in SHAPES:
        x = images(shape)
        pooled, switches = pool(x)
        np.testing.assert_array_equal(pooled, keras.layers.MaxPooling2D(window, padding=padding)(x))
        image = np.asarray(unpool([pooled, switches]))
        np.testing.assert_array_equal(image, np.where(np.asarray(switches) == 1, x, 0))
        assert switches.dtype == "int32" and np.count_nonzero(image) == np.size(pooled)
        shapes = [tuple(part.shape) for part in (pooled, switches)]
        assert shapes == pool.compute_output_shape(x.shape) and unpool.compute_output_shape(shapes) == x.shape


@pytest.mark.parametrize("padding", PADDINGS)
def test_pooling_an_unpooled_positive_image_gives_the_pooled_one(padding):
    pool, x = MaxPoolWithSwitches2D(2, padding=padding), np.exp(images())
    pooled, switches = pool(x)
    again, places = pool(MaxUnpool2D(2)([pooled, switches]))
    np.testing.assert_array_equal(again, pooled)
    np.testing.assert_array_equal(places, switches)


def test_places_are_kept_per_image_and_channel():
    x = np.zeros((2, 2, 2, 2), "float32")
    places = [(0, 0, 1, 0), (0, 1, 0, 1), (1, 1, 1, 0), (1, 0, 0, 1)]
    for place in places:
        x[place] = 5
    pooled, switches = MaxPoolWithSwitches2D(2)(x)
    assert {tuple(place) for place in np.argwhere(switches)} == set(places)
    other = MaxUnpool2D(2)([2 * pooled, switches])  # any values, such as those of a decoder
    np.testing.assert_array_equal(other, 2 * x)


def test_the_first_of_equal_maxima_is_taken():
    for value in (-2.0, 0.0, 3.0):
        _, switches = MaxPoolWithSwitches2D(2)(np.full((1, 2, 4, 1), value, "float32"))
        assert np.asarray(switches)[0, :, :, 0].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0]]


def test_padding_is_never_a_maximum():
    pooled, switches = MaxPoolWithSwitches2D(3, padding="same")(np.full((1, 4, 4, 1), -7, "float32"))
    assert np.asarray(switches)[0, :, :, 0].tolist() == [[1, 0, 1, 0], [0] * 4, [1, 0, 1, 0], [0] * 4]
    np.testing.assert_array_equal(pooled, np.full((1, 2, 2, 1), -7))


@pytest.mark.parametrize("padding", PADDINGS)
def test_gradients_pass_through_the_maxima_alone(padding):
    pool, unpool, x = MaxPoolWithSwitches2D(2, padding=padding), MaxUnpool2D(2), images()
    x[0, :2, :2, 0] = 1.0  # a tie
    pooled, switches = pool(x)
    weights, wide = images(pooled.shape[1:3], seed=1), images(seed=2)
    of_pool = backend.input_gradient(lambda x: ops.sum(weights * pool(x)[0]), ops.convert_to_tensor(x))
    np.testing.assert_array_equal(of_pool, unpool([weights, switches]))
    of_unpool = backend.input_gradient(lambda values: ops.sum(wide * unpool([values, switches])), pooled)
    expected = MaxPoolWithSwitches2D(2, padding=padding)(np.where(switches, wide, -np.inf))[0]
    np.testing.assert_array_equal(of_unpool, expected)


@pytest.mark.compiled
@pytest.mark.parametrize("padding", PADDINGS)
def test_sizes_may_be_unknown_in_a_graph(padding):
    model, free = pooled_model(padding=padding), pooled_model((None, None), padding)
    assert free.output_shape == [(None, None, None, 3)] * 3
    signature = [tf.TensorSpec((None, None, None, 3))]
    for found, expected in zip(tf.function(free, input_signature=signature)(images()), model(images()), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_saved_and_a_cloned_model_are_equal(tmp_path):
    model = pooled_model()
    assert model.output_shape == [(None, 3, 4, 3), (None, 5, 7, 3), (None, 5, 7, 3)]
    model.save(tmp_path / "m.keras")
    for again in (keras.models.load_model(tmp_path / "m.keras"), keras.models.clone_model(model)):
        for found, expected in zip(again(images()), model(images()), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_half_precision_keeps_whole_switches():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = pooled_model()
    pooled, switches, image = model(images())
    assert (pooled.dtype, switches.dtype, image.dtype) == ("bfloat16", "int32", "bfloat16")
    assert [output.dtype for output in model.outputs] == ["bfloat16", "int32", "bfloat16"]
    rounded = ops.cast(images(), "bfloat16")
    np.testing.assert_array_equal(image, ops.where(switches == 1, rounded, ops.zeros_like(rounded)))


def test_whole_numbers_are_pooled_as_floats():
    x = np.random.default_rng(0).permutation(25).reshape(1, 5, 5, 1)
    for padding in PADDINGS:
        pool, unpool = MaxPoolWithSwitches2D(2, padding=padding), MaxUnpool2D(2)
        pooled, switches = pool(x.astype("uint8"))
        assert pooled.dtype == pool(keras.Input((5, 5, 1), dtype="uint8"))[0].dtype == "float32"
        for found, expected in zip((pooled, switches), pool(x.astype("float32")), strict=True):
            np.testing.assert_array_equal(found, expected)
        image = unpool([ops.cast(pooled, "int32"), switches])
        assert image.dtype == "float32"
        np.testing.assert_array_equal(image, unpool([pooled, switches]))


def test_nan_is_seen():
    x = images()
    x[0, 0, 0, 0] = np.nan
    pooled, switches = MaxPoolWithSwitches2D(2)(x)
    assert np.argwhere(np.isnan(pooled)).tolist() == [[0, 0, 0, 0]]
    np.testing.assert_array_equal(np.asarray(switches)[0, :2, :2, 0], 1)


def test_strides_of_the_window_are_accepted():
    assert MaxPoolWithSwitches2D(2, strides=2).pool_size == MaxPoolWithSwitches2D((2, 2), (2, 2)).pool_size == (2, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MaxPoolWithSwitches2D(0), "`pool_size` must be an integer >= 1. Received: pool_size=0"),
        (lambda: MaxUnpool2D(2.5), "`pool_size` must be an integer >= 1"),
        (lambda: MaxUnpool2D((2, 2, 2)), r"`pool_size` must be an integer or a pair. Received: pool_size=\(2, 2, 2\)"),
        (lambda: MaxPoolWithSwitches2D(3, strides=2), r"overlap.* Expected: \(3, 3\). Received: strides=2"),
        (lambda: MaxPoolWithSwitches2D(2, padding="sane"), "Unknown padding. Did you mean 'same'"),
        (
            lambda: MaxPoolWithSwitches2D(4)(np.zeros((1, 3, 9, 1))),
            r"sides of at least \(4, 4\). Received: \(3, 9\)",
        ),
        (lambda: MaxPoolWithSwitches2D(2)(np.zeros((4, 4, 1))), "expected ndim=4, found ndim=3"),
        (lambda: MaxUnpool2D(2)(np.zeros((2, 3, 3, 1))), r"must be called on a list.* Received: shapes \(2, 3, 3, 1\)"),
        (
            lambda: MaxUnpool2D(2)([np.zeros((2, 4, 3, 1)), np.zeros((2, 5, 6, 1), "int32")]),
            r"The switches, of shape \(2, 5, 6, 1\), are not of this pooling. Expected: values of shape "
            r"\(2, 2, 3, 1\) or \(2, 3, 3, 1\), for windows \(2, 2\). Received: values of shape \(2, 4, 3, 1\)",
        ),
        (  # one axis of each padding
            lambda: MaxUnpool2D(2)([np.zeros((1, 2, 4, 1)), np.zeros((1, 5, 7, 1), "int32")]),
            r"Expected: values of shape \(1, 2, 3, 1\) or \(1, 3, 4, 1\), .* Received: values of shape \(1, 2, 4, 1\)",
        ),
        (
            lambda: MaxUnpool2D(2)([np.zeros((2, 2, 3, 1)), np.zeros((2, 4, 6, 1), "float32")]),
            "The second of the list must be switches.* Expected: int32. Received: float32",
        ),
        (
            lambda: MaxUnpool2D(2)([keras.Input((3, None, 4)), keras.Input((6, 6, 3), dtype="int32")]),
            r"Expected: values of shape \(None, 3, 3, 3\), for windows .* Received: values of shape \(None, 3, None, 4",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
