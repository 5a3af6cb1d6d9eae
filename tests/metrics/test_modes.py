import numpy as np
import pytest

from keras_gen import metrics
from keras_gen.metrics import arrays

ANGLES = np.arange(8) * np.pi / 4
RING = 2 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def mixture(counts, sigma=0.05, seed=0):
    return np.random.default_rng(seed).normal(np.repeat(RING, counts, axis=0), sigma)


@pytest.mark.parametrize("entries", [50, 2**22])
def test_the_mixture_itself_reaches_all_modes_with_the_rayleigh_share(entries, monkeypatch):
    monkeypatch.setattr(arrays, "_ENTRIES", entries)
    found, good = metrics.mode_counts(mixture([2500] * 8), RING, 0.05)
    assert found == 8 and good == pytest.approx(1 - np.exp(-4.5), abs=2e-3)


def test_a_mode_needs_enough_good_samples_of_its_own():
    samples = np.repeat(RING, [20, 19, 21, 0, 0, 0, 0, 0], axis=0)
    assert metrics.mode_counts(samples, RING, 0.05) == (2, 1.0)
    assert metrics.mode_counts(samples, RING, 0.05, at_least=1) == (3, 1.0)
    # Near several centres, a sample counts for the nearest alone
    close, between = [[0.0], [0.04], [0.1]], np.repeat([[0.0], [0.045]], 15, axis=0)
    assert metrics.mode_counts(between, close, 0.05) == (0, 1.0)
    assert metrics.mode_counts(between, close, 0.05, at_least=15) == (2, 1.0)


def test_three_standard_deviations_are_the_limit():
    samples = np.array([[2.999], [3.0], [3.001], [-50.0]])
    assert metrics.mode_counts(samples, [[0.0]], 1.0, at_least=2) == (1, 0.5)
    assert metrics.mode_counts(samples[2:], [[0.0]], 1.0, at_least=1) == (0, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"samples": np.zeros((3, 1))}, "must have equal dimensions. Expected: 2 as in centres. Received: 1 in"),
        ({"samples": np.full((3, 2), np.nan)}, "`samples` must be finite"),
        ({"centres": [0.0, 1.0]}, r"`centres` must be features of shape \(n, features\)"),
        ({"sigma": 0}, "`sigma` must be a finite number > 0. Received: sigma=0"),
        ({"sigma": -1}, "`sigma` must be a finite number > 0"),
        ({"at_least": 0}, "`at_least` must be an integer >= 1"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.mode_counts(**{"samples": np.zeros((3, 2)), "centres": RING, "sigma": 0.05, **arguments})


def test_the_metrics_are_the_two_figures():
    samples = np.concatenate([mixture([25, 25, 10, 0, 0, 0, 0, 0], sigma=0.001), np.zeros((20, 2))])
    count = metrics.ModeCount(RING, 0.05, n=80)
    share = metrics.HighQualitySamples(RING, 0.05, n=80)
    assert (count(samples), share(samples)) == (2.0, 0.75) and count.report() == (2, 0.75)
    assert (count.name, share.name) == (
        "modes[identity,of=8,sigma=0.05,at_least=20,n=80]",
        "high_quality[identity,of=8,sigma=0.05,n=80]",
    )
    assert metrics.ModeCount(RING, 0.05, n=80, at_least=10)(samples) == 3


def test_bad_input_of_the_metrics_shows_at_once():
    with pytest.raises(ValueError, match="`sigma` must be a finite number > 0"):
        metrics.ModeCount(RING, 0.0)
    with pytest.raises(ValueError, match="`at_least` must be an integer"):
        metrics.ModeCount(RING, 0.05, at_least=0)
    with pytest.raises(ValueError, match="`centres` must be finite"):
        metrics.HighQualitySamples(RING * np.nan, 0.05)
