"""Mixtures of equal normal distributions in the plane: toy data whose modes are known."""

import typing

import numpy as np

from keras_gen import checks


class Mixture(typing.NamedTuple):
    """A mixture of normal distributions of equal weight and equal spread.

    p(x) = 1/K sum_k N(x; c_k, sigma^2 I)

    Args:
        centres: Array `(modes, d)`, the c_k.
        sigma: The standard deviation of every mode in every direction, a number > 0.

    Example:

    >>> mixture = Mixture(np.array([[-1.0], [1.0]]), sigma=0.1)
    >>> mixture.draw(5, seed=0).shape
    (5, 1)
    >>> mixture.density([[1.0]]).round(3).tolist()
    [1.995]
    """

    centres: np.ndarray
    sigma: float

    def draw(self, n, seed=None):
        """Draw `n` >= 1 examples, without a seed different ones at each call: float32 array `(n, d)`."""
        rng = np.random.default_rng(seed)
        modes = rng.integers(len(self.centres), size=checks.integer("n", n))
        noise = rng.standard_normal((n, self.centres.shape[1]))
        return (self.centres[modes] + self.sigma * noise).astype("float32")

    def density(self, x):
        """The density p: finite array `(n, d)` -> float64 array `(n,)`."""
        modes, d = self.centres.shape
        checks.array("x", x, (d,))
        total = np.zeros(len(x))
        for centre in self.centres:  # one at a time: all distances at once may be many
            total += np.exp(-np.square(np.asarray(x, "float64") - centre).sum(axis=1) / (2 * self.sigma**2))
        return total / (modes * (2 * np.pi * self.sigma**2) ** (d / 2))


def ring(modes=8, radius=2.0, sigma=0.05):
    """A mixture whose centres lie evenly on a circle around 0.

    c_k = radius (cos(2 pi k / modes), sin(2 pi k / modes)),    k = 0, ..., modes - 1

    Args:
        modes: Number of modes, an integer >= 1. Defaults to 8.
        radius: The circle's, a number > 0. Defaults to 2.
        sigma: The modes' standard deviation, a number > 0. Defaults to 0.05.

    Returns:
        A `Mixture` in the plane.

    Example:

    >>> ring(4).centres.round(1).tolist()
    [[2.0, 0.0], [0.0, 2.0], [-2.0, 0.0], [-0.0, -2.0]]

    Reference:
        Metz et al., 2017, arXiv:1611.02163, section 3.1, in the size of Srivastava et al., 2017, arXiv:1705.07761.
    """
    angles = 2 * np.pi * np.arange(checks.integer("modes", modes)) / modes
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (modes, 2)
    return Mixture(checks.positive("radius", radius) * circle, checks.positive("sigma", sigma))


def grid(side=5, spacing=2.0, sigma=0.1):
    """A mixture whose centres lie on a square grid around 0.

    Args:
        side: Modes along each axis, an integer >= 1. Defaults to 5.
        spacing: Distance of neighbouring centres, a number > 0. Defaults to 2.
        sigma: The modes' standard deviation, a number > 0. Defaults to 0.1.

    Returns:
        A `Mixture` of `side`^2 modes in the plane.

    Example:

    >>> grid(2).centres.tolist()
    [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]

    Reference:
        Srivastava et al., 2017, arXiv:1705.07761, section 4.1.
    """
    steps = checks.positive("spacing", spacing) * (np.arange(checks.integer("side", side)) - (side - 1) / 2)
    centres = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)  # (side^2, 2)
    return Mixture(centres, checks.positive("sigma", sigma))
