import itertools

import numpy as np
import pytest
from keras import layers, ops

from keras_gen.layers import convolution_matrix

RNG = np.random.default_rng(0)
AXES = {1: (layers.Conv1D, layers.Conv1DTranspose), 2: (layers.Conv2D, layers.Conv2DTranspose)}


def by_keras(kind, kernel, x, strides, padding):
    """The output of Keras's layer of one channel, without its batch and channel axes."""
    layer = kind(1, kernel.shape, strides, padding, use_bias=False)
    layer.build((1, *x.shape, 1))
    layer.kernel.assign(kernel[..., None, None])
    return ops.convert_to_numpy(layer(x[None, ..., None].astype("float32")))[0, ..., 0]


@pytest.mark.parametrize(
    ("sides", "shape"), [((3,), (7,)), ((4,), (8,)), ((1,), (5,)), ((2, 3), (5, 6)), ((3, 1), (6, 4)), ((4, 5), (6, 7))]
)
def test_it_is_keras_convolution_and_its_transpose_keras_transposed_one(sides, shape):
    """The transposed layer's output is as large as the matrix's input is to be."""
    convolution, transposed = AXES[len(sides)]
    kernel, x = RNG.normal(size=sides), RNG.normal(size=shape)
    for strides, padding in itertools.product([1, 2, 3], ["valid", "same"]):
        expected = by_keras(convolution, kernel, x, strides, padding)
        found = convolution_matrix(kernel, shape, strides, padding) @ x.ravel()
        np.testing.assert_allclose(found, expected.ravel(), atol=1e-5)
        expected = by_keras(transposed, kernel, x, strides, padding)
        found = convolution_matrix(kernel, expected.shape, strides, padding).T @ x.ravel()
        np.testing.assert_allclose(found, expected.ravel(), atol=1e-5)


def test_strides_and_zeros_of_each_axis():
    kernel, x = RNG.normal(size=(3, 2)), RNG.normal(size=(5, 4))
    padded = np.pad(x, ((1, 2), (0, 3)))
    expected = convolution_matrix(kernel, padded.shape, (2, 1)) @ padded.ravel()
    matrix = convolution_matrix(kernel, x.shape, (2, 1), ((1, 2), (0, 3)))
    np.testing.assert_allclose(matrix @ x.ravel(), expected)
    around = [convolution_matrix(kernel, x.shape, padding=zeros) for zeros in ((1, 2), [(1, 2), (1, 2)])]
    np.testing.assert_array_equal(*around)


def test_a_textbooks_example_of_stride_2():
    """The first row, (2, 1, 0, 0), needs one zero in front, under the kernel's 1; Keras puts that zero at the end."""
    w = [1, 2, 1]
    np.testing.assert_array_equal(convolution_matrix(w, 4, 2, (1, 0)), [[2, 1, 0, 0], [0, 1, 2, 1]])
    np.testing.assert_array_equal(convolution_matrix(w, 4, 2, "same"), [[1, 2, 1, 0], [0, 0, 1, 2]])
    np.testing.assert_array_equal(convolution_matrix(w, (4,)), [[1, 2, 1, 0], [0, 1, 2, 1]])


def test_it_is_doubly_block_toeplitz():
    matrix = convolution_matrix([[1, 2], [3, 4]], (3, 3))
    np.testing.assert_array_equal(
        matrix,
        [
            [1, 2, 0, 3, 4, 0, 0, 0, 0],
            [0, 1, 2, 0, 3, 4, 0, 0, 0],
            [0, 0, 0, 1, 2, 0, 3, 4, 0],
            [0, 0, 0, 0, 1, 2, 0, 3, 4],
        ],
    )
    assert matrix.dtype == "float64"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((1, 1, 1)), 4), r"`kernel` must be a 1-D or 2-D array of finite numbers, not empty. Received: shape"),
        (([1, np.inf], 4), r"not empty. Received: kernel=\[1, inf\]"),
        (
            ([1, 2], (4, 4)),
            r"`input_shape` does not fit .* Expected: .* which has 1. Received: input_shape=\(4",
        ),
        (([[1, 2]], 4), "`input_shape` does not fit .* Expected: .* which has 2. Received: input_shape=4"),
        (([1, 2], 0), "`input_shape` must be an integer >= 1. Received: input_shape=0"),
        (([1, 2], 4, 0), "`strides` must be an integer >= 1. Received: strides=0"),
        (
            ([1, 2], 4, (1, 2)),
            r"`strides` does not fit .* Expected: .* which has 1. Received: strides=\(1, 2\)",
        ),
        (([[1, 2]], (4, 4), (1, 2.5)), "`strides` must be an integer >= 1. Received: strides=2.5"),
        (([1, 2], 4, 1, "smae"), "Unknown padding. Did you mean 'same'"),
        (
            ([1, 2], 4, 1, 1),
            r"must be 'same', 'valid', a pair \(before, after\) or one for each of 1 axes. Rec",
        ),
        (([1, 2], 4, 1, ((1, 0), 2)), "`padding` must be an integer >= 0"),
        (([1, 2], 4, 1, (-1, 0)), "`padding` must be an integer >= 0. Received: padding=-1"),
        (([[1], [2], [3]], (2, 9)), r"larger than the input.*kernel of shape \(3, 1\), padded input of shape \(2, 9\)"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        convolution_matrix(*arguments)
