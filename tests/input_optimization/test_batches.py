import numpy as np

from keras_gen.input_optimization.batches import in_batches

X, Y = np.arange(10.0).reshape(5, 2), np.arange(5.0)


def test_all_rows_come_back_from_batches_of_one_size():
    sizes = []

    def function(x, y):
        sizes.append((len(x), len(y)))
        return x + y[:, None]

    np.testing.assert_array_equal(in_batches(function, 2, X, Y), X + Y[:, None])
    assert sizes == [(2, 2)] * 3


def test_lists_of_outputs():
    first, second = in_batches(lambda x: [x, 2 * x[:, 0]], 3, X)
    np.testing.assert_array_equal(first, X)
    np.testing.assert_array_equal(second, 2 * X[:, 0])
