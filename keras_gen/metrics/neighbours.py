"""Balls around examples that reach to a nearest neighbour: the base of precision, recall, density and coverage."""

import warnings

import numpy as np

from keras_gen import checks
from keras_gen.metrics import arrays
from keras_gen.metrics.sample_metric import SampleMetric


def blocks_within(points, centres, squared_radii):
    """Which points lie in which balls: boolean blocks `(rows, centres)` of the rows of `points`, in their order."""
    for part in arrays.blocks(len(points), len(centres)):
        yield arrays.squared_distances(points[part], centres) <= squared_radii


def share_within(points, centres, squared_radii):
    """Share of the points that lie in at least one ball of the squared radii `(m,)` around the centres `(m, d)`."""
    return float(np.concatenate([np.any(b, axis=1) for b in blocks_within(points, centres, squared_radii)]).mean())


class NeighbourMetric(SampleMetric):
    """A metric of samples and a fixed draw of as many real examples, in balls up to the k-th nearest neighbour.

    Args:
        real, features, value_range, n: As in `SampleMetric`; more than k samples and real examples.
        k: Which nearest neighbour gives a ball's radius, an integer >= 1.
    """

    def __init__(self, real, features, value_range, n, k):
        self.k = checks.integer("k", k)
        checks.integer("n", n, minimum=k + 1)
        super().__init__(real, features, value_range, n, [f"k={k}"])
        available = len(arrays.as_features("real", self.real.features, least=k + 1))
        if available < n:
            warnings.warn(
                f"The {self.label} of samples needs as many real examples. Expected: at least {n} real examples for "
                f"n={n}. Received: {available}",
                stacklevel=3,
            )

    @property
    def real_balls(self):
        """The pair (centres, squared radii) of the balls around the real examples."""
        return self.real.subset(self.n), self.real.squared_radii(self.k, self.n)
