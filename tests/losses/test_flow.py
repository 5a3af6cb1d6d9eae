import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import backend, losses
from tests.gradients import assert_gradient

TRUE, PREDICTED = np.random.default_rng(0).standard_normal((2, 3, 4, 5, 2)).astype("float32")


def test_it_is_the_mean_distance_of_each_example():
    expected = np.hypot(*np.moveaxis(TRUE - PREDICTED, -1, 0)).mean(axis=(1, 2))
    np.testing.assert_allclose(losses.end_point_error(TRUE, PREDICTED), expected, rtol=1e-6)
    np.testing.assert_allclose(losses.end_point_error(PREDICTED, TRUE), expected, rtol=1e-6)
    np.testing.assert_allclose(losses.end_point_error(TRUE, TRUE), 0, atol=2e-6)


def test_a_rotation_of_all_vectors_changes_nothing():
    turn = np.array([[0.6, -0.8], [0.8, 0.6]], "float32")
    turned = losses.end_point_error(TRUE @ turn, PREDICTED @ turn)
    np.testing.assert_allclose(turned, losses.end_point_error(TRUE, PREDICTED), rtol=1e-5)


def test_its_gradient_is_that_of_finite_differences_and_0_where_the_flow_is_exact():
    assert_gradient(lambda flow: losses.end_point_error(TRUE, flow), TRUE + 1, step=1e-3)
    error = losses.end_point_error
    exact = backend.input_gradient(lambda flow: ops.sum(error(TRUE, flow)), ops.convert_to_tensor(TRUE))
    np.testing.assert_array_equal(exact, 0)


def test_half_precision_is_computed_in_float32():
    rounded = ops.cast(PREDICTED, "bfloat16")
    found = losses.end_point_error(TRUE, rounded)
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, losses.end_point_error(TRUE, ops.cast(rounded, "float32")))


@pytest.mark.compiled
def test_images_of_a_size_known_at_run_time():
    free = tf.TensorSpec((None, None, None, 2))
    traced = tf.function(losses.end_point_error, input_signature=[free, free])
    np.testing.assert_allclose(traced(TRUE, PREDICTED), losses.end_point_error(TRUE, PREDICTED), rtol=1e-6)


@pytest.mark.parametrize("shape", [(3, 4, 6, 2), (1, 4, 5, 2), (3, 4, 5, 1), (4, 5, 2)])
def test_flows_of_different_sizes_are_refused(shape):
    message = r"`predicted` must have the shape of `true`. Expected: shape \(3, 4, 5, 2\). Received: predicted of shape"
    with pytest.raises(ValueError, match=message):
        losses.end_point_error(TRUE, np.ones(shape))


@pytest.mark.parametrize("shape", [(3, 4, 5, 3), (4, 5, 2)])
def test_images_are_no_flows(shape):
    with pytest.raises(ValueError, match=r"A flow must be of shape \(batch, height, width, 2\). Received: true of sh"):
        losses.end_point_error(np.ones(shape), np.ones(shape))
