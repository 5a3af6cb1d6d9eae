import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy.special import log_softmax, softmax

from keras_gen import backend, losses
from tests.gradients import assert_gradient

RNG = np.random.default_rng(0)
LOGITS, LABELS = RNG.standard_normal((5, 4)).astype("float32") * 3, np.array([0, 3, 1, 1, 2])


def test_it_is_minus_the_log_probability_of_the_class():
    expected = -log_softmax(LOGITS.astype("float64"), axis=1)[np.arange(5), LABELS]
    loss = losses.softmax_cross_entropy(LABELS, LOGITS)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    assert loss.dtype == "float32" and float(losses.softmax_cross_entropy([0], [[np.log(3.0), 0.0]])[0]) == (
        pytest.approx(np.log(4 / 3), rel=1e-6)
    )


def test_its_gradient_is_the_probabilities_less_the_class():
    gradient = backend.input_gradient(
        lambda logits: losses.softmax_cross_entropy(LABELS, logits), ops.convert_to_tensor(LOGITS)
    )
    np.testing.assert_allclose(gradient, softmax(LOGITS, axis=1) - np.eye(4)[LABELS], atol=1e-6)
    assert_gradient(lambda logits: losses.softmax_cross_entropy(LABELS, logits), LOGITS)


def test_far_logits_and_half_precision():
    far = ops.array([[1e4, -1e4, 0.0]])
    np.testing.assert_allclose(losses.softmax_cross_entropy([1], far), [2e4])
    np.testing.assert_allclose(losses.softmax_cross_entropy([0], far), [0.0])
    half = losses.softmax_cross_entropy(np.zeros(2, "uint8"), ops.zeros((2, 1000), "float16"))
    np.testing.assert_allclose(half, [np.log(1000)] * 2, rtol=1e-6)
    assert np.isnan(losses.softmax_cross_entropy([0], [[np.nan, 1.0]])).all()


def test_a_batch_of_a_size_known_at_run_time():
    signature = [tf.TensorSpec((None,), "int64"), tf.TensorSpec((None, 4))]
    traced = tf.function(losses.softmax_cross_entropy, input_signature=signature)
    np.testing.assert_allclose(traced(LABELS, LOGITS), losses.softmax_cross_entropy(LABELS, LOGITS), rtol=1e-6)


@pytest.mark.parametrize(("labels", "logits"), [((5, 1), (5, 4)), ((4,), (5, 4)), ((5, 4), (5, 4)), ((5,), (5, 1, 4))])
def test_shapes_that_do_not_fit_are_refused(labels, logits):
    with pytest.raises(ValueError, match=r"one class for each row of `logits`.* Received: labels of shape \("):
        losses.softmax_cross_entropy(np.zeros(labels, int), np.zeros(logits))
