"""Mixtures: where their modes lie, and that draws follow the density."""

import numpy as np
import pytest

from keras_gen import data
from keras_gen.metrics import mode_counts


def test_ring():
    """All centres at the radius, neighbours at the chord of a regular polygon, their sum 0."""
    mixture = data.ring(modes=7, radius=3.0)
    np.testing.assert_allclose(np.linalg.norm(mixture.centres, axis=1), 3.0)
    chords = np.linalg.norm(mixture.centres - np.roll(mixture.centres, 1, axis=0), axis=1)
    np.testing.assert_allclose(chords, 6.0 * np.sin(np.pi / 7))
    np.testing.assert_allclose(mixture.centres.sum(axis=0), 0, atol=1e-12)


def test_grid():
    """Every centre's nearest neighbour is at the spacing, the corners are symmetric around 0."""
    centres = data.grid(side=4, spacing=1.5).centres
    assert len(np.unique(centres, axis=0)) == 16
    distances = np.linalg.norm(centres[:, None] - centres[None], axis=2) + 10 * np.eye(16)
    np.testing.assert_allclose(distances.min(axis=1), 1.5)
    np.testing.assert_allclose([centres.min(), centres.max()], [-2.25, 2.25])


@pytest.mark.parametrize("mixture", [data.ring(), data.grid()], ids=["ring", "grid"])
def test_draws_follow_the_density(mixture):
    """Modes are equally likely; around its centre a mode has the covariance sigma^2 I; 98.9 % lie within 3 sigma."""
    n, modes = 40_000, len(mixture.centres)
    x = mixture.draw(n, seed=1)
    assert x.dtype == "float32"
    nearest = np.linalg.norm(x[:, None] - mixture.centres[None], axis=2).argmin(axis=1)
    counts = np.bincount(nearest, minlength=modes)
    assert np.all(np.abs(counts - n / modes) < 4.5 * np.sqrt(n / modes))
    covariance = np.cov((x - mixture.centres[nearest]).T) / mixture.sigma**2
    np.testing.assert_allclose(covariance, np.eye(2), atol=0.03)
    assert mode_counts(x, *mixture).found == modes
    assert mode_counts(x, *mixture).high_quality == pytest.approx(1 - np.exp(-9 / 2), abs=0.003)


@pytest.mark.parametrize("mixture", [data.ring(sigma=0.3), data.grid(2)], ids=["ring", "grid"])
def test_the_density_is_one(mixture):
    """It integrates to 1; a cell's integral is the share of the draws that fall into it; at a centre it is the peak."""
    steps = np.linspace(-4, 4, 321)
    x = np.stack(np.meshgrid(steps, steps), axis=-1)
    p = mixture.density(x.reshape(-1, 2)).reshape(321, 321) * (steps[1] - steps[0]) ** 2
    assert p.sum() == pytest.approx(1.0, abs=1e-6)
    near = np.square(x - mixture.centres[0]).sum(axis=-1) < (1.5 * mixture.sigma) ** 2
    drawn = np.square(mixture.draw(40_000, seed=2) - mixture.centres[0]).sum(axis=-1) < (1.5 * mixture.sigma) ** 2
    assert p[near].sum() == pytest.approx(drawn.mean(), abs=0.006)
    one = data.Mixture(np.zeros((1, 3)), sigma=2.0)
    np.testing.assert_allclose(one.density([[0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]), [0.063494 / 8, 0.038511 / 8], rtol=1e-4)


def test_a_seed_fixes_the_draws():
    mixture = data.ring()
    np.testing.assert_array_equal(mixture.draw(9, seed=3), mixture.draw(9, seed=3))
    assert not np.array_equal(mixture.draw(9, seed=3), mixture.draw(9, seed=4))
    assert not np.array_equal(mixture.draw(9), mixture.draw(9))


def test_bad_input():
    with pytest.raises(ValueError, match="`modes` must be an integer >= 1. Received: modes=0"):
        data.ring(modes=0)
    with pytest.raises(ValueError, match="`radius` must be a finite number > 0. Received: radius=0"):
        data.ring(radius=0)
    with pytest.raises(ValueError, match="`sigma`"):
        data.grid(sigma=-1.0)
    with pytest.raises(ValueError, match="`spacing`"):
        data.grid(spacing=0)
    with pytest.raises(ValueError, match="`n` must be an integer >= 1. Received: n=0"):
        data.ring().draw(0)
    with pytest.raises(ValueError, match="`x` does not fit"):
        data.ring().density(np.zeros((3, 1)))
