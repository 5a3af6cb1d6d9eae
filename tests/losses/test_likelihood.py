import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats
from scipy.special import expit

from keras_gen import backend, losses

RNG = np.random.default_rng(0)


def test_bernoulli_nll_is_scipys():
    x, logits = RNG.integers(0, 2, (4, 3, 2)), RNG.standard_normal((4, 3, 2)) * 3
    expected = -stats.bernoulli.logpmf(x, expit(logits)).sum(axis=(1, 2))
    np.testing.assert_allclose(losses.bernoulli_nll(x, logits), expected, rtol=1e-5)


def test_bernoulli_nll_is_keras_cross_entropy_on_grey_pixels():
    x, logits = RNG.random((4, 5)).astype("float32"), RNG.standard_normal((4, 5)).astype("float32")
    expected = ops.sum(ops.binary_crossentropy(x, logits, from_logits=True), axis=-1)
    np.testing.assert_allclose(losses.bernoulli_nll(x, logits), expected, rtol=1e-5)


def test_bernoulli_nll_and_its_gradient_are_finite_at_extreme_logits():
    x, logits = ops.array([[0.0, 1.0]]), ops.array([[1e4, -1e4]])
    np.testing.assert_allclose(losses.bernoulli_nll(x, logits), [2e4])
    gradient = backend.input_gradient(lambda at: losses.bernoulli_nll(x, at), logits)
    np.testing.assert_allclose(gradient, [[1.0, -1.0]])


def test_bernoulli_gradient_is_probability_less_pixel():
    x, logits = RNG.random((4, 5)).astype("float32"), RNG.standard_normal((4, 5)).astype("float32")
    gradient = backend.input_gradient(lambda at: losses.bernoulli_nll(x, at), ops.convert_to_tensor(logits))
    np.testing.assert_allclose(gradient, expit(logits) - x, atol=1e-6)


def test_gaussian_nll_is_scipys():
    x, mean, log_var = (RNG.standard_normal((4, 6)) for _ in range(3))
    expected = -stats.norm.logpdf(x, mean, np.exp(log_var / 2)).sum(axis=1)
    np.testing.assert_allclose(losses.gaussian_nll(x, mean, log_var), expected, rtol=1e-5)
    expected = -stats.norm.logpdf(x, mean, 1.0).sum(axis=1)
    np.testing.assert_allclose(losses.gaussian_nll(x, mean), expected, rtol=1e-5)


def test_gaussian_nll_is_least_at_the_true_variance():
    x = ops.array([[2.0]])
    gradient = backend.input_gradient(lambda v: losses.gaussian_nll(x, ops.zeros((1, 1)), v), ops.log(ops.square(x)))
    np.testing.assert_allclose(gradient, [[0.0]], atol=1e-6)


def test_squared_error_sums_over_an_example():
    np.testing.assert_allclose(losses.squared_error(np.ones((2, 2, 3)), np.zeros((2, 2, 3))), [6.0, 6.0])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_summed_in_float32(dtype):
    x, logits = ops.zeros((1, 4096), dtype), ops.zeros((1, 4096), dtype)
    nll = losses.bernoulli_nll(x, logits)
    assert keras.backend.standardize_dtype(nll.dtype) == "float32"
    np.testing.assert_allclose(nll, [4096 * np.log(2)], rtol=1e-5)
