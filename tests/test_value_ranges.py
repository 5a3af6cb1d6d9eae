import numpy as np
import pytest

from keras_gen.value_ranges import rescaled


@pytest.mark.parametrize("source", [(0, 1), (-1, 1), (0, 255), (2.5, 3)])
@pytest.mark.parametrize("target", [(0, 1), (-1, 1), (-2, 6)])
def test_ends_are_mapped_to_ends_the_middle_to_the_middle_and_back(source, target):
    x = np.array([source[0], sum(source) / 2, source[1]], "float32")
    found = rescaled(x, source, target)
    assert found.dtype == "float32" and found.tolist() == [target[0], sum(target) / 2, target[1]]
    np.testing.assert_array_equal(rescaled(found, target, source), x)


def test_only_what_may_be_is_overwritten():
    x, whole = np.ones(3, "float32"), np.full(3, 255, "uint8")
    assert rescaled(x, (0, 2)).tolist() == [0.5] * 3 and x.tolist() == [1] * 3
    assert rescaled(whole, (0, 255), overwrite=True).tolist() == [1] * 3 and whole.tolist() == [255] * 3
    assert rescaled(x, (0, 1)) is x
    assert rescaled(x, (0, 2), overwrite=True) is x and x.tolist() == [0.5] * 3
