"""The laws of discrete convolution, of `FixedFilter2D` and `convolution_matrix`, with the borders where they hold."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import signal

from keras_gen import backend
from keras_gen.layers import FixedFilter2D, convolution_matrix

RNG = np.random.default_rng(0)
X, Y, U, V = (RNG.normal(size=shape) for shape in [(6, 7), (6, 7), (2, 3), (3, 2)])


def by_layer(x, kernel, mode):
    """The layer of padding "valid" on one plane, in double precision."""
    return FixedFilter2D(kernel, mode=mode, dtype="float64")(ops.convert_to_tensor(x)[None, :, :, None])[0, :, :, 0]


def by_matrix(x, kernel, mode):
    taps = kernel[::-1, ::-1] if mode == "convolution" else kernel
    shape = [side - taken + 1 for side, taken in zip(x.shape, kernel.shape, strict=True)]
    return (convolution_matrix(taps, x.shape) @ x.ravel()).reshape(shape)


@pytest.fixture(params=[by_layer, by_matrix])
def valid(request):
    """Function of x, kernel and mode, by default the convolution, where the kernel lies within x."""
    return lambda x, kernel, mode="convolution": np.asarray(request.param(x, kernel, mode))


@pytest.fixture
def full(valid):
    """As `valid`, where the kernel meets x in at least one entry."""
    return lambda x, kernel, mode="convolution": valid(
        np.pad(x, [(side - 1, side - 1) for side in kernel.shape]), kernel, mode
    )


def flipped(x):
    return x[::-1, ::-1]


def test_they_are_scipys(valid, full):
    np.testing.assert_allclose(full(X, U), signal.convolve2d(X, U), atol=1e-12)
    np.testing.assert_allclose(valid(X, U, "cross_correlation"), signal.correlate2d(X, U, "valid"), atol=1e-12)


def test_commutative(full):
    """The cross-correlation is not: exchanged, it is flipped."""
    np.testing.assert_allclose(full(X, U), full(U, X), atol=1e-12)
    correlation = full(X, U, "cross_correlation")
    np.testing.assert_allclose(correlation, flipped(full(U, X, "cross_correlation")), atol=1e-12)
    assert np.abs(correlation - full(U, X, "cross_correlation")).max() > 0.1


def test_associative(valid, full):
    """Without zeros around x too. Two cross-correlations are one, with the convolution of both filters."""
    np.testing.assert_allclose(full(full(X, U), V), full(X, full(U, V)), atol=1e-12)
    np.testing.assert_allclose(valid(valid(X, U), V), valid(X, full(U, V)), atol=1e-12)
    twice = valid(valid(X, U, "cross_correlation"), V, "cross_correlation")
    np.testing.assert_allclose(twice, valid(X, full(U, V), "cross_correlation"), atol=1e-12)
    assert np.abs(twice - valid(X, full(U, V, "cross_correlation"), "cross_correlation")).max() > 0.1


def test_bilinear(valid):
    for mode in ("convolution", "cross_correlation"):
        in_x = 2 * valid(X, U, mode) - 3 * valid(Y, U, mode)
        np.testing.assert_allclose(valid(2 * X - 3 * Y, U, mode), in_x, atol=1e-12)
        other = flipped(U) + 1
        in_kernel = 2 * valid(X, U, mode) - 3 * valid(X, other, mode)
        np.testing.assert_allclose(valid(X, 2 * U - 3 * other, mode), in_kernel, atol=1e-12)


def test_equivariant_to_shifts_away_from_the_borders(valid):
    shifted = np.roll(X, (1, 2), axis=(0, 1))
    before, after = valid(X, U), valid(shifted, U)
    np.testing.assert_allclose(after[1:, 2:], before[:-1, :-2], atol=1e-12)
    assert np.abs(after[0] - np.roll(before, (1, 2), axis=(0, 1))[0]).max() > 0.1, "rows enter at the border"


def test_same_is_equivariant_too_where_no_zero_is_seen():
    filtered = FixedFilter2D(U, "same", dtype="float64")
    before, after = (
        ops.convert_to_numpy(filtered(x[None, ..., None]))[0, ..., 0] for x in (X, np.roll(X, (1, 2), axis=(0, 1)))
    )
    np.testing.assert_allclose(after[1:-1, 3:-1], before[:-2, 1:-3], atol=1e-12)


def test_a_stride_keeps_equivariance_to_shifts_by_whole_strides():
    matrix, x = convolution_matrix([1.0, -2.0, 3.0], 9, strides=2), RNG.normal(size=9)
    before, by_two, by_one = (matrix @ np.roll(x, shift) for shift in (0, 2, 1))
    np.testing.assert_allclose(by_two[1:], before[:-1], atol=1e-12)
    assert min(np.abs(by_one[1:] - before[1:]).max(), np.abs(by_one[1:] - before[:-1]).max()) > 0.1


@pytest.mark.parametrize("mode", ["convolution", "cross_correlation"])
def test_the_gradient_in_the_signal_is_the_full_convolution_with_the_flipped_filter(mode):
    """Of a cross-correlation it is the full convolution with the filter itself: that of the transposed matrix."""
    upstream = RNG.normal(size=(5, 5))
    gradient = backend.input_gradient(lambda x: upstream * by_layer(x, U, mode), ops.convert_to_tensor(X))
    taps = flipped(U) if mode == "convolution" else U
    np.testing.assert_allclose(gradient, signal.convolve2d(upstream, taps), atol=1e-12)
    transposed = convolution_matrix(taps, X.shape).T @ upstream.ravel()
    np.testing.assert_allclose(np.ravel(gradient), transposed, atol=1e-12)


def test_the_gradient_in_the_filter_is_the_convolution_with_the_flipped_signal():
    """The signal is the layer's kernel: a convolution commutes, so its gradient in the filter is that of its input."""
    upstream, zeros = RNG.normal(size=(7, 9)), [(5, 5), (6, 6)]
    gradient = backend.input_gradient(
        lambda u: upstream * by_layer(ops.pad(u, zeros), X, "convolution"), ops.convert_to_tensor(U)
    )
    np.testing.assert_allclose(gradient, by_layer(upstream, flipped(X), "convolution"), atol=1e-12)
    of_each_tap = [
        (upstream.ravel() @ convolution_matrix(tap.reshape(U.shape), X.shape, padding=((1, 1), (2, 2)))) @ X.ravel()
        for tap in np.eye(U.size)[::-1]  # a convolution flips its filter
    ]
    np.testing.assert_allclose(np.ravel(gradient), of_each_tap, atol=1e-12)


def test_max_pooling_passes_the_gradient_through_the_maximum_alone():
    upstream, pooling = RNG.normal(size=(2, 2)), keras.layers.MaxPooling2D(2, dtype="float64")

    def pooled(x):
        return upstream * pooling(by_layer(x, U, "cross_correlation")[None, :4, :4, None])[0, :, :, 0]

    through = np.zeros((5, 5))  # what reaches the filtered signal
    filtered = by_matrix(X, U, "cross_correlation")
    for row, column in np.ndindex(2, 2):
        window = filtered[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        place = np.unravel_index(window.argmax(), window.shape)
        through[2 * row + place[0], 2 * column + place[1]] = upstream[row, column]
    gradient = backend.input_gradient(pooled, ops.convert_to_tensor(X))
    np.testing.assert_allclose(np.ravel(gradient), convolution_matrix(U, X.shape).T @ through.ravel(), atol=1e-12)
