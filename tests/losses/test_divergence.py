import numpy as np
import pytest
from keras import ops
from scipy import stats

from keras_gen import backend, losses


def test_kl_is_zero_at_the_prior_and_positive_elsewhere():
    assert float(losses.gaussian_kl(ops.zeros((1, 5)), ops.zeros((1, 5)))[0]) == 0
    rng = np.random.default_rng(0)
    assert (
        losses.gaussian_kl_per_dimension(rng.standard_normal((99, 5)), rng.standard_normal((99, 5))).numpy() > 0
    ).all()


def test_kl_is_its_monte_carlo_estimate():
    mean, log_var = np.array([0.7, -1.1]), np.array([0.4, -0.9])
    std = np.exp(log_var / 2)
    z = mean + std * np.random.default_rng(0).standard_normal((400_000, 2))
    ratio = (stats.norm.logpdf(z, mean, std) - stats.norm.logpdf(z)).sum(axis=1)
    error = ratio.std() / np.sqrt(len(ratio))
    assert abs(float(losses.gaussian_kl(mean[None], log_var[None])[0]) - ratio.mean()) < 4 * error


def test_kl_gradient():
    mean, log_var = ops.array([[0.5, -2.0]]), ops.array([[0.3, -1.0]])
    by_mean = backend.input_gradient(lambda m: losses.gaussian_kl(m, log_var), mean)
    by_log_var = backend.input_gradient(lambda v: losses.gaussian_kl(mean, v), log_var)
    np.testing.assert_allclose(by_mean, mean)
    np.testing.assert_allclose(by_log_var, (np.exp(log_var) - 1) / 2, rtol=1e-6)


def test_kl_is_the_sum_over_dimensions():
    mean, log_var = np.ones((3, 4)), np.full((3, 4), 0.2)
    parts = losses.gaussian_kl_per_dimension(mean, log_var)
    np.testing.assert_allclose(losses.gaussian_kl(mean, log_var), parts.numpy().sum(axis=1), rtol=1e-6)


@pytest.mark.parametrize("rho", [0.05, 0.5])
def test_sparsity_kl_is_that_of_two_coins(rho):
    rho_hat = np.array([0.01, 0.05, 0.3, 0.99])
    ours = losses.sparsity_kl(rho, ops.convert_to_tensor(rho_hat.astype("float32")))
    theirs = [stats.entropy([rho, 1 - rho], [q, 1 - q]) for q in rho_hat]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert float(losses.sparsity_kl(rho, ops.array([rho]))[0]) < 1e-7
    assert np.isfinite(losses.sparsity_kl(rho, ops.array([0.0, 1.0]))).all()


def test_sparsity_kl_gradient():
    rho_hat = ops.array([0.01, 0.2, 0.9])
    gradient = backend.input_gradient(lambda q: losses.sparsity_kl(0.1, q), rho_hat)
    np.testing.assert_allclose(gradient, -0.1 / rho_hat + 0.9 / (1 - rho_hat), rtol=1e-4)


def test_a_dead_unit_is_brought_back():
    gradient = backend.input_gradient(lambda a: losses.sparsity_kl(0.1, ops.sigmoid(a)), ops.array([-20.0]))
    assert float(gradient[0]) < 0


@pytest.mark.parametrize("loss", [losses.gaussian_kl, losses.gaussian_kl_per_dimension])
def test_shapes_that_would_broadcast_are_refused(loss):
    message = r"`z_log_var` must have the shape of `z_mean`. Expected: shape \(3, 2\). Received: z_log_var of shape \("
    for shape in [(3, 1), (2,), (1, 2)]:
        with pytest.raises(ValueError, match=message):
            loss(np.zeros((3, 2)), np.zeros(shape))


@pytest.mark.parametrize("rho", [0, 1, -0.1, 1.5, float("nan"), None])
def test_a_rho_that_is_no_mean_activation_is_refused(rho):
    with pytest.raises(ValueError, match=r"`rho` must be a number in \(0, 1\). Received: rho="):
        losses.sparsity_kl(rho, ops.array([0.5]))


def test_nan_and_what_is_no_probability_give_nan():
    values = losses.sparsity_kl(0.1, ops.array([0.2, float("nan"), -0.1, 1.1]))
    np.testing.assert_array_equal(np.isnan(values), [False, True, True, True])
