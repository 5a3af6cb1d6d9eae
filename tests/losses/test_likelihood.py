import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy import stats
from scipy.special import expit

from keras_gen import backend, losses
from tests.gradients import assert_gradient

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


LOSSES = [losses.squared_error, losses.bernoulli_nll, losses.gaussian_nll]


@pytest.mark.parametrize("loss", LOSSES)
def test_shapes_that_would_broadcast_are_refused(loss):
    name = {losses.bernoulli_nll: "logits", losses.gaussian_nll: "mean"}.get(loss, "x_hat")
    for other in [(4, 1), (3,), (4, 3, 1)]:
        message = (
            rf"`{name}` must have the shape of `x`. Expected: shape \(4, 3\). Received: {name} of shape \({other[0]},"
        )
        with pytest.raises(ValueError, match=message):
            loss(np.ones((4, 3)), np.ones(other))


def test_a_log_variance_may_broadcast_to_the_data_alone():
    x, mean = RNG.standard_normal((2, 4, 3))
    for log_var in (0.3, RNG.standard_normal(3), RNG.standard_normal((4, 1)), RNG.standard_normal((4, 3))):
        expected = -stats.norm.logpdf(x, mean, np.exp(np.asarray(log_var) / 2)).sum(axis=1)
        np.testing.assert_allclose(losses.gaussian_nll(x, mean, log_var), expected, rtol=1e-5)
    for shape in [(2, 4, 3), (4,), (2, 3)]:
        with pytest.raises(
            ValueError, match=r"`log_var` must broadcast to .*Expected: shape \(4, 3\). Received: log_var"
        ):
            losses.gaussian_nll(x, mean, np.zeros(shape))


@pytest.mark.compiled
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("jit_compile", [False, True])
def test_axes_of_a_size_known_at_run_time(loss, jit_compile):
    x, outputs = RNG.random((2, 3, 4, 5, 2)).astype("float32")
    free = tf.TensorSpec((None, None, None, 2), "float32")
    traced = tf.function(loss, input_signature=[free, free], jit_compile=jit_compile)
    np.testing.assert_allclose(traced(x, outputs), loss(x, outputs), rtol=1e-5)
    assert traced(x[:0], outputs[:0]).shape == (0,)
    with pytest.raises(
        ValueError, match=r"Expected: shape \(None, None, None, 2\). Received: \w+ of shape \(None, None, 3\)"
    ):
        tf.function(loss, input_signature=[free, tf.TensorSpec((None, None, 3), "float32")]).get_concrete_function()


@pytest.mark.parametrize("loss", LOSSES)
def test_masked_entries_add_nothing_to_values_and_gradients_even_where_they_are_nan(loss):
    x, outputs = RNG.random((2, 3, 4, 2)).astype("float32")
    steps = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
    expected = [
        sum(float(loss(x[i, j : j + 1], outputs[i, j : j + 1])[0]) for j in np.flatnonzero(steps[i])) for i in range(3)
    ]
    gradient = backend.input_gradient(lambda at: loss(x, at), ops.convert_to_tensor(outputs)) * steps[..., None]
    for hidden in (np.nan, 7.0):
        x[~steps], outputs[~steps] = hidden, hidden
        np.testing.assert_allclose(loss(x, outputs, mask=steps), expected, rtol=1e-5)
        masked = backend.input_gradient(lambda at: loss(x, at, mask=steps), ops.convert_to_tensor(outputs))
        np.testing.assert_array_equal(masked, gradient)
    assert np.isnan(loss(x * np.nan, outputs, mask=np.ones((3, 4), bool))).all()


def test_a_mask_of_entries_or_of_examples_and_a_masked_log_variance():
    x, mean, log_var = RNG.standard_normal((3, 4, 5))
    seen = RNG.random((4, 5)) < 0.5
    terms = -stats.norm.logpdf(x, mean, np.exp(log_var / 2))
    np.testing.assert_allclose(losses.gaussian_nll(x, mean, log_var, seen), (terms * seen).sum(axis=1), rtol=1e-5)
    of_features = -stats.norm.logpdf(x, mean, np.exp(log_var[0] / 2))
    np.testing.assert_allclose(
        losses.gaussian_nll(x, mean, log_var[0], seen), (of_features * seen).sum(axis=1), rtol=1e-5
    )
    examples = np.array([True, False, True, False])
    np.testing.assert_allclose(
        losses.squared_error(x, mean, mask=examples), np.square(x - mean).sum(axis=1) * examples, rtol=1e-5
    )
    log_var[~seen] = np.nan
    gradient = backend.input_gradient(
        lambda v: losses.gaussian_nll(x, mean, v, seen), ops.convert_to_tensor(log_var.astype("float32"))
    )
    assert (np.asarray(gradient)[~seen] == 0).all() and np.isfinite(gradient).all()


@pytest.mark.parametrize("shape", [(4, 2), (3,), (4, 3, 2, 1)])
def test_masks_that_do_not_fit_are_refused(shape):
    x = np.ones((4, 3, 2))
    with pytest.raises(ValueError, match=r"`mask` must have the leading axes of `x`.* Received: mask of shape \("):
        losses.squared_error(x, x, mask=np.ones(shape, bool))


@pytest.mark.parametrize("log_var", [-1e4, -200.0, -60.0, 60.0, 200.0, 1e4])
def test_gaussian_nll_far_out_of_range_is_finite_and_its_gradient_leads_back(log_var):
    x, mean = ops.zeros((1, 2)), ops.array([[0.0, 0.5]])
    exact = losses.gaussian_nll(x[:, :1], mean[:, :1], log_var)
    np.testing.assert_allclose(exact, [(np.log(2 * np.pi) + log_var) / 2], rtol=1e-6)  # where x is the mean
    by_log_var = backend.input_gradient(lambda v: losses.gaussian_nll(x, mean, v), ops.full((1, 2), log_var))
    by_mean = backend.input_gradient(lambda m: losses.gaussian_nll(x, m, log_var), mean)
    assert np.isfinite(losses.gaussian_nll(x, mean, log_var)).all()
    assert np.isfinite(by_log_var).all() and np.isfinite(by_mean).all()
    assert float(by_log_var[0, 0]) == 0.5, "where x is the mean the likelihood grows with the precision"
    assert np.sign(float(by_log_var[0, 1])) == np.sign(log_var), "descent must lead back from both sides"
    assert float(by_mean[0, 1]) >= 0 == float(by_mean[0, 0])


def test_gaussian_nll_continues_along_its_tangent_below_a_log_variance_of_minus_30():
    x, mean = ops.zeros((1, 1)), ops.array([[1e-3]])

    def nll(log_var):
        return losses.gaussian_nll(x, mean, ops.array([[log_var]]))

    for log_var in (-29.0, -20.0, 0.3):
        np.testing.assert_allclose(nll(log_var), [-stats.norm.logpdf(0, 1e-3, np.exp(log_var / 2))], rtol=1e-5)
    slope = float(backend.input_gradient(lambda v: losses.gaussian_nll(x, mean, v), ops.array([[-30.0]]))[0, 0])
    np.testing.assert_allclose(nll(-40.0), nll(-30.0) - 10 * slope, rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_are_finite_differences(loss):
    x, outputs = RNG.random((2, 2, 3))
    assert_gradient(lambda at: loss(x, at), outputs)
    assert_gradient(lambda at: loss(x, at, mask=[[True, False, True]] * 2), outputs)


@pytest.mark.parametrize("loss", LOSSES)
def test_nan_stays_nan(loss):
    x = np.array([[1.0, 0.5], [np.nan, 0.5]])
    np.testing.assert_array_equal(np.isnan(loss(x, np.ones((2, 2)))), [False, True])
    np.testing.assert_array_equal(np.isnan(loss(np.ones((2, 2)), x)), [False, True])
    assert np.isnan(losses.gaussian_nll(np.ones((1, 1)), np.ones((1, 1)), np.nan)).all()
