import numpy as np
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
