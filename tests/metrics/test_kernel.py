import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel

from keras_gen import metrics
from keras_gen.estimates import estimate
from keras_gen.metrics import arrays, features, kernel

rng = np.random.default_rng(0)
REAL, FAKE = rng.normal(size=(60, 3)), rng.normal(0.5, 1.5, size=(50, 3))


def unbiased(k, x, y):
    """Gretton's equation 3, with whole matrices."""
    inner = [(m.sum() - np.trace(m)) / (len(m) * (len(m) - 1)) for m in (k(x, x), k(y, y))]
    return sum(inner) - 2 * k(x, y).mean()


def cubic(x, y):
    return polynomial_kernel(x, y, degree=3, gamma=1 / x.shape[1], coef0=1)


@pytest.mark.parametrize("entries", [70, 2**22])
def test_the_kernels_are_scikit_learns_in_whatever_blocks(entries, monkeypatch):
    monkeypatch.setattr(arrays, "_ENTRIES", entries)
    value, error = metrics.kernel_distance(REAL, FAKE, parts=1)
    assert value == pytest.approx(unbiased(cubic, REAL, FAKE)) and np.isnan(error)
    value, bandwidth = metrics.maximum_mean_discrepancy(REAL, FAKE, bandwidth=2.0)
    assert value == pytest.approx(unbiased(lambda x, y: rbf_kernel(x, y, gamma=1 / 8), REAL, FAKE)) and bandwidth == 2


def test_two_points_by_hand():
    # k(0, 1) = 1, k(0, 0) = 1, k(1, 1) = 8 with one feature: pairs within are (0, 1) and (1, 1), across 1, 1, 8, 8
    real, fake = np.array([[0.0], [1.0]]), np.array([[1.0], [1.0]])
    assert metrics.kernel_distance(real, fake, parts=1).mean == pytest.approx(1 + 8 - 2 * 4.5)


@pytest.mark.parametrize("distance", [metrics.kernel_distance, metrics.maximum_mean_discrepancy])
def test_it_averages_to_zero_over_splits_of_one_set(distance):
    x = np.random.default_rng(0).normal(size=(200, 3))
    splits = [np.random.default_rng(seed).permutation(x) for seed in range(200)]
    values = [distance(split[:60], split[60:])[0] for split in splits]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * error and min(values) < 0 < max(values)
    apart = [distance(split[:60], split[60:] + 0.5)[0] for split in splits[:20]]
    assert np.mean(apart) > 10 * error


def test_the_standard_error_is_the_spread_over_repetitions():
    rng = np.random.default_rng(0)
    pairs = rng.normal(size=(200, 2, 200, 2))
    estimates = np.array([metrics.kernel_distance(real, fake + 1.0) for real, fake in pairs])
    assert estimates[:, 1].mean() == pytest.approx(estimates[:, 0].std(), rel=0.15)


def test_parts_are_of_a_thousand_and_ten_at_least(monkeypatch):
    seen = []
    monkeypatch.setattr(kernel, "_unbiased", lambda k, x, y: float(seen.append((len(x), len(y))) or 0.0))
    metrics.kernel_distance(np.zeros((13000, 1)), np.zeros((12500, 1)))
    metrics.kernel_distance(np.zeros((20, 1)), np.zeros((40, 1)))
    assert len(seen) == 12 + 10 and max(seen[:12]) == (1084, 1042) and seen[12:] == [(2, 4)] * 10


def test_sorted_samples_do_no_harm_and_the_seed_draws_the_parts():
    rng = np.random.default_rng(0)
    unsorted, other = rng.normal(size=(300, 1)), rng.normal(size=(300, 1))
    value, error = metrics.kernel_distance(np.sort(unsorted, axis=0), other)
    assert abs(value) < 3 * error
    assert metrics.kernel_distance(unsorted, other, seed=1).mean != metrics.kernel_distance(unsorted, other).mean


def test_images_and_their_copies_do_not_meet_in_one_part():
    x = np.random.default_rng(0).normal(size=(400, 2))
    value, error = metrics.kernel_distance(x, x.copy())
    assert abs(value) < 3 * error


def test_gaussians_have_a_closed_form_of_the_discrepancy():
    pairs = np.random.default_rng(0).normal(size=(300, 2, 100, 1))
    values = [metrics.maximum_mean_discrepancy(real, fake + 1.0, 0.7).squared for real, fake in pairs]
    # The difference of two draws is N(m, 2): E k = s / sqrt(s^2 + 2) exp(-m^2 / (2 (s^2 + 2)))
    truth = 2 * 0.7 / np.sqrt(2.49) * (1 - np.exp(-0.5 / 2.49))
    mean, error = estimate(values)
    assert abs(mean - truth) < 3 * error < 0.1 * truth


def test_the_bandwidth_is_the_median_distance_of_the_real_examples():
    assert metrics.maximum_mean_discrepancy(REAL, FAKE).bandwidth == pytest.approx(np.median(pdist(REAL)))
    many = np.random.default_rng(0).normal(size=(1500, 2))
    assert kernel.median_distance(many) == pytest.approx(np.median(pdist(many)), rel=0.03)
    assert kernel.median_distance(many) == kernel.median_distance(many)


def test_sets_without_anything_in_common_have_discrepancy_two():
    same, value = np.zeros((5, 1)), np.ones((5, 1))
    assert metrics.maximum_mean_discrepancy(same, value, bandwidth=0.01).squared == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"parts": 0}, "`parts` must be an integer >= 1. Received: parts=0"),
        ({"seed": -1}, "`seed` must be an integer >= 0"),
        ({"fake": FAKE[:19]}, "Expected: at least 20 for 10 parts. Received: 60 in real, 19 in fake"),
        ({"fake": FAKE[:, :2]}, "must have the same features"),
    ],
)
def test_bad_input_of_the_kernel_distance(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.kernel_distance(**{"real": REAL, "fake": FAKE, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bandwidth": -1.0}, "`bandwidth` must be a finite number > 0"),
        ({"bandwidth": 0.0}, "`bandwidth` must be a finite number > 0"),
        ({"real": np.zeros((9, 3))}, "The median distance of `real` is 0. Expected: `bandwidth`"),
        ({"fake": FAKE[:1]}, "`fake` must hold at least 2"),
    ],
)
def test_bad_input_of_the_discrepancy(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.maximum_mean_discrepancy(**{"real": REAL, "fake": FAKE, **arguments})


def test_the_metrics_are_the_functions_of_as_many_real_examples():
    for kind, function, name in (
        (metrics.KernelDistance, metrics.kernel_distance, "kernel[identity,n=50]"),
        (metrics.MaximumMeanDiscrepancy, metrics.maximum_mean_discrepancy, "mmd[identity,bandwidth=median,n=50]"),
    ):
        metric = kind(REAL, features.identity(), n=50)
        metric.update_state(FAKE)
        assert metric.report() == function(metric.real.subset(50), FAKE)
        assert metric.result() == metric.report()[0] and metric.name == name
    assert metric.report().bandwidth == metric.bandwidth
    given = metrics.MaximumMeanDiscrepancy(REAL, features.identity(), n=50, bandwidth=0.5)
    assert given.name == "mmd[identity,bandwidth=0.5,n=50]" and given(FAKE) != metric.result()


def test_bad_input_of_the_metrics():
    with pytest.raises(ValueError, match="`n` must be an integer >= 20"):
        metrics.KernelDistance(REAL, features.identity(), n=19)
    with pytest.raises(ValueError, match="`bandwidth` must be a finite number > 0"):
        metrics.MaximumMeanDiscrepancy(REAL, features.identity(), n=50, bandwidth=0)
