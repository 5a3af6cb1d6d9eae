import numpy as np
import pytest

from keras_gen.lazy_arrays import LazyArray, taken
from keras_gen.value_ranges import rescaled

VALUES = np.random.default_rng(0).random((9, 4, 3), "float32")


@pytest.fixture
def lazy():
    """A `LazyArray` of `VALUES`, and the list of the numbers of rows that were read each time."""
    reads = []

    def read(rows):
        reads.append(rows.tolist())
        return VALUES[rows]

    return LazyArray(read, VALUES.shape, (0, 1), "values"), reads


@pytest.mark.parametrize(
    "rows",
    [3, -1, slice(None), slice(1, 7, 2), slice(None, None, -1), [0, 8, 8], np.array([5, 2]), VALUES[:, 0, 0] < 0.5],
)
def test_rows_are_those_of_the_array_and_no_others_are_read(lazy, rows):
    array, reads = lazy
    np.testing.assert_array_equal(array[rows], VALUES[rows])
    assert reads == [np.atleast_1d(np.arange(9)[rows]).tolist()]


def test_it_looks_like_an_array(lazy):
    array, reads = lazy
    assert (array.shape, array.ndim, array.size, len(array), array.dtype) == ((9, 4, 3), 3, 108, 9, np.float32)
    assert np.shape(array) == VALUES.shape and reads == []
    np.testing.assert_array_equal(np.asarray(array), VALUES)
    assert np.asarray(array, "float64").dtype == np.float64
    with pytest.raises(ValueError, match="is always a copy. Received: copy=False"):
        np.asarray(array, copy=False)


def test_rows_of_rows_are_those_of_the_whole(lazy):
    array, reads = lazy
    some = taken(taken(array, [8, 1, 5, 1]), [3, 0])
    assert isinstance(some, LazyArray) and reads == []
    np.testing.assert_array_equal(some[:], VALUES[[1, 8]])
    np.testing.assert_array_equal(taken(VALUES, [3, 0]), VALUES[[3, 0]])
    for rows in (slice(2, None, 3), VALUES[:, 0, 0] < 0.5, [-1]):
        np.testing.assert_array_equal(array.taken(rows)[:], VALUES[rows])


def test_another_range_is_computed_for_the_rows_that_are_read(lazy):
    array, reads = lazy
    scaled = rescaled(array.taken([4, 6]), (0, 1), (-1, 1))
    assert scaled.value_range == (-1, 1) and reads == [] and rescaled(array, (0, 1)) is array
    np.testing.assert_allclose(scaled[1], 2 * VALUES[6] - 1, atol=1e-6)
    assert reads == [[6]]


def test_equal_content_has_an_equal_text(lazy):
    array, _ = lazy
    again = LazyArray(None, VALUES.shape, (0, 1), "values")
    assert repr(array) == repr(again) and repr(array.taken([1, 2])) == repr(again.taken([1, 2]))
    others = [array.taken([2, 1]), rescaled(array, (0, 1), (-1, 1)), LazyArray(None, VALUES.shape, (0, 1), "others")]
    assert len({repr(one) for one in (array, array.taken([1, 2]), *others)}) == 5
