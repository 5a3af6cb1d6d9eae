import numpy as np
import pytest

from keras_gen.layers import ReflectionPadding2D


def test_it_is_numpys_reflection():
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")
    expected = np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="reflect")
    layer = ReflectionPadding2D(3)
    np.testing.assert_array_equal(layer(x), expected)
    assert layer.compute_output_shape((None, 5, None, 3)) == (None, 11, None, 3)
    assert ReflectionPadding2D.from_config(layer.get_config()).padding == 3


def test_bad_input():
    with pytest.raises(ValueError, match="`padding` must be an integer >= 1"):
        ReflectionPadding2D(0)
    with pytest.raises(ValueError, match=r"Expected: sides above 4. Received: \(4, 9\)"):
        ReflectionPadding2D(4)(np.zeros((1, 4, 9, 1)))
