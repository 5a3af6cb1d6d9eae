import warnings

import keras
import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import ortho_group

from keras_gen import metrics
from keras_gen.metrics import features


def gaussian(seed, d=6, rank=6):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(d, rank))
    return rng.normal(size=d), root @ root.T


def test_a_set_is_at_distance_zero_of_itself():
    x = np.random.default_rng(0).normal(3.0, 5.0, size=(100, 20))
    assert metrics.frechet_distance(x, x[::-1]).distance < 1e-10


@pytest.mark.filterwarnings("ignore:The Frechet distance needs more")
def test_a_set_of_fewer_samples_than_features_too():
    x = np.random.default_rng(0).normal(3.0, 5.0, size=(10, 40))
    distance, jitter = metrics.frechet_distance(x, x.copy())
    assert distance < 1e-9 and 0 <= jitter < 1e-9


def test_a_shift_costs_its_square():
    x = np.random.default_rng(0).normal(size=(200, 5))
    shift = np.array([1.0, -2.0, 0.0, 3.0, 0.5])
    assert metrics.frechet_distance(x, x + shift).distance == pytest.approx(np.sum(shift**2))


def test_gaussians_with_common_axes_have_a_closed_form():
    axes, rng = ortho_group.rvs(6, random_state=0), np.random.default_rng(1)
    spread, other = rng.random(6), rng.random(6) * 3
    covariance, other_covariance = ((axes * s**2) @ axes.T for s in (spread, other))
    distance, jitter = metrics.gaussian_frechet_distance(np.ones(6), covariance, np.zeros(6), other_covariance)
    assert distance == pytest.approx(6 + np.sum((spread - other) ** 2)) and jitter == 0


def test_gaussians_with_other_axes_agree_with_scipys_root_of_the_product():
    (mean, covariance), (other_mean, other) = gaussian(0), gaussian(1)
    expected = np.sum((mean - other_mean) ** 2) + np.trace(covariance + other - 2 * sqrtm(covariance @ other).real)
    assert metrics.gaussian_frechet_distance(mean, covariance, other_mean, other).distance == pytest.approx(expected)
    assert metrics.gaussian_frechet_distance(other_mean, other, mean, covariance).distance == pytest.approx(expected)


def test_singular_gaussians_on_two_lines_have_a_closed_form():
    a, b, zero = np.array([3.0, 0.0, 1.0]), np.array([1.0, 2.0, 0.0]), np.zeros(3)
    distance, jitter = metrics.gaussian_frechet_distance(zero, np.outer(a, a), zero, np.outer(b, b))
    assert distance == pytest.approx(10 + 5 - 2 * 3, rel=1e-6) and 0 <= jitter < 1e-12


def test_samples_of_two_gaussians_come_to_the_closed_form():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(0.0, 1.0, size=(50000, 3)), rng.normal(1.0, 2.0, size=(50000, 3))
    assert metrics.frechet_distance(real, fake).distance == pytest.approx(3 + 3, rel=0.02)


def test_numbers_are_gaussians_of_one_dimension():
    assert metrics.gaussian_frechet_distance(0.0, 4.0, 3.0, 1.0) == (10.0, 0.0)


def test_the_jitter_that_lifts_a_negative_eigenvalue_is_reported():
    covariance = np.diag([1.0, -1e-8])
    distance, jitter = metrics.gaussian_frechet_distance(np.zeros(2), covariance, np.zeros(2), np.eye(2))
    assert jitter == 1e-8
    roots = np.array([np.sqrt(1 + 1e-8), 0.0]), np.full(2, np.sqrt(1 + 1e-8))
    assert distance == pytest.approx(np.sum((roots[0] - roots[1]) ** 2), abs=1e-12)


def test_what_is_left_of_rounding_is_judged_by_the_largest_entry():
    large = np.array([[1e4, 1e-3], [0.0, 1e4]])
    assert metrics.gaussian_frechet_distance(np.zeros(2), large, np.zeros(2), large).distance < 1e-6
    lifted = metrics.gaussian_frechet_distance(np.zeros(2), np.diag([1e4, -1e-3]), np.zeros(2), np.eye(2))
    assert lifted.jitter == pytest.approx(1e-3)


def test_points_are_gaussians_too():
    point = np.zeros((2, 2))
    assert metrics.gaussian_frechet_distance(np.zeros(2), point, np.array([3.0, 4.0]), point) == (25.0, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"covariance": np.eye(3)}, r"`covariance` does not fit its mean. .* Received: \(2,\) and \(3, 3\)"),
        ({"mean": np.zeros((2, 1))}, r"does not fit its mean. Expected: shapes \(d,\) and \(d, d\)"),
        ({"mean": np.array([0.0, np.inf])}, "`mean` must be finite"),
        ({"other_covariance": np.full((2, 2), np.nan)}, "`other_covariance` must be finite"),
        ({"covariance": np.array([[1.0, 0.5], [0.0, 1.0]])}, "`covariance` must be symmetric"),
        ({"covariance": np.array([[1e-4, 1e-5], [0.0, 1e-4]])}, "`covariance` must be symmetric"),
        ({"other_covariance": np.diag([1e-4, -1e-6])}, "semi-definite. Received: an eigenvalue of -1e-06"),
        ({"other_covariance": np.diag([1.0, -0.1])}, "semi-definite. Received: an eigenvalue of -0.1"),
        ({"mean": 0.0, "covariance": 1.0}, r"must match in dimension. Expected: \(1,\). Received: \(2,\)"),
    ],
)
def test_bad_gaussians(arguments, message):
    fine = {"mean": np.zeros(2), "covariance": np.eye(2), "other_mean": np.ones(2), "other_covariance": np.eye(2)}
    with pytest.raises(ValueError, match=message):
        metrics.gaussian_frechet_distance(**{**fine, **arguments})


def test_fewer_samples_than_features_are_warned_of_with_both_numbers():
    x = np.random.default_rng(0).normal(size=(31, 30))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics.frechet_distance(x, x)
        metrics.FrechetDistance(x, features.identity(), n=31)
    few = "Expected: more than 30 samples for 30 features. Received: 30 samples in "
    with pytest.warns(UserWarning, match=few + "`fake`") as caught:
        metrics.frechet_distance(x, x[:30])
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=few + "`real`"):
        metrics.frechet_distance(x[:30], x)
    with pytest.warns(UserWarning, match=few + "`n`"):
        metrics.FrechetDistance(x, features.identity(), n=30)
    with pytest.warns(UserWarning, match=few + "`real`"):
        metrics.FrechetDistance(x[:30], features.identity(), n=31)


def test_bad_features():
    with pytest.raises(ValueError, match="must have the same features"):
        metrics.frechet_distance(np.zeros((3, 2)), np.zeros((3, 1)))


def test_the_metric_is_the_function_of_all_real_examples():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(300, 4)), rng.normal(0.3, 1.5, size=(60, 4))
    metric = metrics.FrechetDistance(real, features.identity(), n=60)
    assert metric(fake) == pytest.approx(metrics.frechet_distance(real, fake).distance)
    assert metric.report().jitter == 0 and metric.name == "frechet[identity,n=60]"


def test_the_real_examples_must_be_in_the_stated_range():
    real = np.random.default_rng(0).uniform(-1, 1, (20, 2, 2, 1))
    network = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
    extractor = metrics.FeatureExtractor("same", network)
    with pytest.raises(ValueError, match=r"`real` is out of range. Expected: values in \[0, 1\]"):
        metrics.FrechetDistance(real, extractor, n=20)
    assert metrics.FrechetDistance(real, extractor, value_range=(-1, 1), n=20).score(real) == pytest.approx(0, abs=1e-6)
