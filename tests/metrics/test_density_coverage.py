import numpy as np
import pytest
from scipy.spatial.distance import cdist

from keras_gen import metrics
from keras_gen.metrics import arrays, features

rng = np.random.default_rng(0)
REAL, FAKE = rng.normal(size=(80, 4)), rng.normal(0.5, 1.2, size=(70, 4))


@pytest.mark.parametrize("entries", [1, 2**22])
@pytest.mark.parametrize("k", [1, 5, 10])
def test_it_is_the_published_definition_in_whatever_blocks(k, entries, monkeypatch):
    monkeypatch.setattr(arrays, "_ENTRIES", entries)
    within = cdist(FAKE, REAL) <= np.sort(cdist(REAL, REAL), axis=1)[:, k]
    assert metrics.density_coverage(REAL, FAKE, k) == (within.sum() / (k * 70), within.any(axis=0).mean())


@pytest.mark.parametrize(("n", "m", "k"), [(200, 200, 5), (200, 50, 3)])
def test_equal_distributions_have_density_one_and_the_coverage_expected(n, m, k):
    found = np.array([metrics.density_coverage(*np.split(rng.normal(size=(n + m, 2)), [n]), k) for _ in range(60)])
    error = found.std(axis=0) / np.sqrt(len(found))
    no_fake = np.prod([(n - i) / (n + m - i) for i in range(1, k + 1)])  # among the k nearest of all other examples
    assert np.all(np.abs(found.mean(axis=0) - [1, 1 - no_fake]) < 4 * error)


def test_lost_modes_lower_the_coverage_alone():
    modes = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0], [100.0, 100.0]])
    real, fake = (np.repeat(modes, 50, axis=0) + rng.normal(size=(200, 2)) for _ in range(2))
    whole, half = metrics.density_coverage(real, fake), metrics.density_coverage(real, np.tile(fake[:100], (2, 1)))
    assert half.density > 0.8 and half.coverage == pytest.approx(whole.coverage / 2, abs=0.05)


def test_noise_far_away_is_neither_dense_nor_covers():
    assert metrics.density_coverage(REAL, REAL + 100.0) == (0.0, 0.0)


def test_one_real_example_far_out_does_not_make_noise_precise():
    """As it does with precision and recall, which noise then reaches although it resembles nothing."""
    real = np.concatenate([REAL, [[100.0] * 4]])
    noise = rng.uniform(5, 100, size=(81, 4))
    assert metrics.precision_recall(real, noise).precision > 0.9
    density, coverage = metrics.density_coverage(real, noise)
    assert density < 0.3 and coverage == 1 / 81


def test_by_hand():
    """Balls of radius 1 around 0, 1 and 2, and of radius 7 around 9; samples in 2, 3, 1 and 0 of them."""
    real = np.array([[0.0], [1.0], [2.0], [9.0]])
    fake = np.array([[0.5], [2.0], [9.0], [-1.5]])
    assert metrics.density_coverage(real, fake, k=1) == (6 / 4, 1.0)
    assert metrics.density_coverage(real, fake[3:], k=1) == (0.0, 0.0)
    assert metrics.density_coverage(real, fake[2:], k=1) == (0.5, 0.25)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "`k` must be an integer >= 1"),
        ({"k": 80}, "`real` must hold at least 81 examples. Received: 80"),
        ({"fake": FAKE[:, :1]}, "must have the same features"),
        ({"fake": FAKE[:0]}, "`fake` must hold at least one example"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.density_coverage(**{"real": REAL, "fake": FAKE, **arguments})


def test_the_metrics_are_the_function_of_as_many_real_examples():
    pair = [kind(REAL, features.identity(), n=70, k=2) for kind in (metrics.SampleDensity, metrics.SampleCoverage)]
    expected = metrics.density_coverage(pair[0].real.subset(70), FAKE, k=2)
    assert tuple(metric(FAKE) for metric in pair) == expected
    assert [metric.name for metric in pair] == ["density[identity,k=2,n=70]", "coverage[identity,k=2,n=70]"]


@pytest.mark.parametrize("kind", [metrics.SampleDensity, metrics.SampleCoverage])
def test_bad_input_of_the_metrics(kind):
    with pytest.warns(UserWarning, match="Expected: at least 81 real examples for n=81. Received: 80"):
        kind(REAL, features.identity(), n=81)
    with pytest.raises(ValueError, match="`n` must be an integer >= 6"):
        kind(REAL, features.identity(), n=5)
    with pytest.raises(ValueError, match="`real` must hold at least 6 examples. Received: 5"):
        kind(REAL[:5], features.identity(), n=6)
