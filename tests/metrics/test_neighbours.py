import numpy as np
import pytest
from scipy.spatial.distance import cdist

from keras_gen.metrics import arrays, features, neighbours

rng = np.random.default_rng(0)
POINTS, CENTRES, RADII = rng.normal(size=(30, 3)), rng.normal(size=(20, 3)), rng.random(20)


class Spread(neighbours.NeighbourMetric):
    label = "spread"

    def compute(self, features):
        centres, squared_radii = self.real_balls
        return float(squared_radii.mean() / len(centres))


@pytest.mark.parametrize("entries", [1, 50, 2**22])
def test_points_in_balls_are_those_of_the_whole_matrix(entries, monkeypatch):
    monkeypatch.setattr(arrays, "_ENTRIES", entries)
    expected = cdist(POINTS, CENTRES) <= RADII
    found = np.concatenate(list(neighbours.blocks_within(POINTS, CENTRES, RADII**2)))
    np.testing.assert_array_equal(found, expected)
    assert neighbours.share_within(POINTS, CENTRES, RADII**2) == expected.any(axis=1).mean() > 0


def test_the_balls_of_a_metric_reach_to_the_kth_of_as_many_real_examples():
    metric = Spread(POINTS, features.identity(), (0, 1), n=25, k=2)
    centres, squared_radii = metric.real_balls
    assert centres.shape == (25, 3) and metric.name == "spread[identity,k=2,n=25]"
    np.testing.assert_allclose(np.sqrt(squared_radii), np.sort(cdist(centres, centres), axis=1)[:, 2])
    with pytest.warns(UserWarning, match="The spread .* Expected: at least 31 real examples for n=31. Received: 30"):
        Spread(POINTS, features.identity(), (0, 1), n=31, k=2)
