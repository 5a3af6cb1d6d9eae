import keras
import numpy as np
from scipy.special import log_softmax

from keras_gen import losses

RNG = np.random.default_rng(0)


def test_different_conditions_give_the_mean_of_two_cross_entropies():
    logits = RNG.standard_normal((5, 5)).astype("float32")
    own = np.arange(5)
    expected = -(log_softmax(logits, axis=1)[own, own] + log_softmax(logits.T, axis=1)[own, own]) / 2
    np.testing.assert_allclose(losses.contrastive_loss(own, logits), expected, rtol=1e-5)


def test_equal_conditions_share_the_target():
    """Of two examples of one caption, either may be preferred: the loss is lowest where both are, alike."""
    tokens = np.array([[1, 2], [1, 3], [1, 2]])
    sure = np.where((tokens[:, None] == tokens[None]).all(axis=-1), 50.0, 0.0).astype("float32")
    np.testing.assert_allclose(losses.contrastive_loss(tokens, sure), [np.log(2), 0, np.log(2)], atol=1e-5)
    assert (np.array(losses.contrastive_loss(tokens, 50 * np.eye(3)))[[0, 2]] > 10).all()


def test_in_half_precision_it_is_computed_in_float32():
    logits = keras.ops.cast(100 * RNG.standard_normal((4, 4)), "float16")
    found = losses.contrastive_loss(np.arange(4), logits)
    assert keras.backend.standardize_dtype(found.dtype) == "float32" and np.isfinite(np.array(found)).all()


def test_the_gradient_is_that_of_finite_differences():
    import tensorflow as tf

    labels, logits = np.array([0, 1, 0, 2]), tf.Variable(RNG.standard_normal((4, 4)).astype("float32"))
    with tf.GradientTape() as tape:
        total = keras.ops.sum(losses.contrastive_loss(labels, logits))
    gradient, direction = tape.gradient(total, logits).numpy(), RNG.standard_normal((4, 4)).astype("float32")
    ends = [float(keras.ops.sum(losses.contrastive_loss(labels, logits + s * 1e-2 * direction))) for s in (1, -1)]
    np.testing.assert_allclose((ends[0] - ends[1]) / 2e-2, np.sum(gradient * direction), rtol=1e-2)
