import numpy as np
import pytest

from keras_gen.data import binarize


def test_draws_are_binary_with_the_pixels_for_means_and_follow_the_seed():
    x = np.tile(np.array([0.0, 0.2, 0.7, 1.0]), (5000, 1))
    drawn = binarize(x, seed=1)
    assert drawn.dtype == np.float32 and set(np.unique(drawn)) == {0.0, 1.0}
    np.testing.assert_allclose(drawn.mean(axis=0), x[0], atol=4 * 0.5 / np.sqrt(5000))
    np.testing.assert_array_equal(drawn, binarize(x, seed=1))
    assert not np.array_equal(drawn, binarize(x, seed=2))


def test_pixels_of_0_to_255_are_refused():
    with pytest.raises(ValueError, match="Expected: values in \\[0, 1\\]. Received: .*255.*x / 255"):
        binarize(np.full((2, 2), 255))
