import warnings

import numpy as np
import pytest

from keras_gen.estimates import estimate


def test_the_error_is_that_of_a_mean():
    assert estimate([1.0, 2.0, 6.0]) == (3.0, pytest.approx(np.sqrt(7 / 3)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(estimate([1.0]).error)
