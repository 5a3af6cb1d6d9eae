import numpy as np
import pytest
from keras import ops
from scipy.special import logsumexp

from keras_gen import backend, losses

LOGITS = np.random.default_rng(0).normal(scale=3.0, size=(5, 4)).astype("float32")
LABELS = np.array([0, 3, 1, 2, 2])


def test_log_odds_are_those_of_the_softmax_and_give_the_cross_entropy():
    odds = losses.error_log_odds(LABELS, LOGITS)
    p = np.exp(LOGITS[range(5), LABELS] - logsumexp(LOGITS, axis=1))
    np.testing.assert_allclose(odds, np.log((1 - p) / p), rtol=1e-4)
    cross_entropy = ops.sparse_categorical_crossentropy(LABELS, LOGITS, from_logits=True)
    np.testing.assert_allclose(ops.softplus(odds), cross_entropy, rtol=1e-4)


def test_the_gradient_has_the_direction_of_that_of_the_cross_entropy():
    logits = ops.convert_to_tensor(LOGITS)
    ours = backend.input_gradient(lambda z: losses.error_log_odds(LABELS, z), logits)
    theirs = backend.input_gradient(lambda z: ops.sparse_categorical_crossentropy(LABELS, z, from_logits=True), logits)
    p_of_others = 1 - ops.softmax(logits).numpy()[range(5), LABELS]
    np.testing.assert_allclose(theirs, p_of_others[:, None] * ours, atol=1e-6)


@pytest.mark.parametrize("sure", [20.0, 1e4])
def test_the_gradient_does_not_vanish_where_the_label_is_sure(sure):
    logits = ops.array([[sure, 0.0, 0.0], [0.0, 0.0, sure]])
    gradient = backend.input_gradient(lambda z: losses.error_log_odds(ops.array([0, 2]), z), logits)
    np.testing.assert_allclose(gradient, [[-1, 0.5, 0.5], [0.5, 0.5, -1]])


def test_the_fast_gradient_sign_is_the_best_of_all_perturbations_of_its_norm_for_a_linear_loss():
    weights = np.array([[0.2, -3.0, 0.0, 1.0]], "float32")
    found = losses.fast_gradient_sign(lambda x: ops.sum(weights * x, axis=1), ops.zeros((2, 4)), 0.25)
    np.testing.assert_array_equal(found, [[0.25, -0.25, 0.0, 0.25]] * 2)
