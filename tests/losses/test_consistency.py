import numpy as np
import pytest
import tensorflow as tf

from keras_gen import losses
from tests.gradients import assert_gradient

X, CYCLED = np.random.default_rng(0).standard_normal((2, 3, 4, 5, 2)).astype("float32")


def test_it_is_the_mean_absolute_difference_and_0_for_a_perfect_cycle():
    assert float(losses.cycle_consistency(X, CYCLED)) == pytest.approx(np.abs(X - CYCLED).mean(), rel=1e-5)
    assert float(losses.cycle_consistency(X, X)) == 0
    assert np.isnan(float(losses.cycle_consistency(X, CYCLED * np.nan)))


def test_its_gradient_is_that_of_finite_differences():
    assert_gradient(lambda cycled: losses.cycle_consistency(X[0, 0], cycled), X[0, 0] + 1)


@pytest.mark.compiled
def test_images_of_a_size_known_at_run_time():
    free = tf.TensorSpec((None, None, None, 2))
    traced = tf.function(losses.cycle_consistency, input_signature=[free, free])
    np.testing.assert_allclose(traced(X, CYCLED), losses.cycle_consistency(X, CYCLED), rtol=1e-6)


@pytest.mark.parametrize("shape", [(3, 4, 5, 1), (1, 4, 5, 2), (4, 5, 2)])
def test_shapes_that_would_broadcast_are_refused(shape):
    with pytest.raises(
        ValueError, match=r"`cycled` must have the shape of `x`. Expected: shape \(3, 4, 5, 2\). Received: c"
    ):
        losses.cycle_consistency(X, np.ones(shape))


@pytest.mark.parametrize(("kind", "power"), [("l1", np.abs), ("squared_error", np.square)])
def test_the_distance_to_what_a_generator_makes(kind, power):
    y, made = np.random.default_rng(0).standard_normal((2, 5, 3)).astype("float32")
    found = losses.reconstruction_distance(y, made, kind)
    assert float(found) == pytest.approx(power(y - made).mean(), rel=1e-6)
    doubled = losses.reconstruction_distance([y, y[:2]], [made, made[:2]], kind)
    assert float(doubled) == pytest.approx(power(y - made).mean() + power(y[:2] - made[:2]).mean(), rel=1e-6)
    assert float(losses.reconstruction_distance(y, y, kind)) == 0


def test_an_unknown_distance_is_refused():
    with pytest.raises(ValueError, match="Unknown kind"):
        losses.reconstruction_distance(np.zeros((1, 2)), np.zeros((1, 2)), "l2")
