import keras
import numpy as np
import pytest

from keras_gen.metrics import phase_variance

RNG = np.random.default_rng(0)
PATTERN = RNG.normal(size=(3, 3))


def tiled(pattern, shape=(12, 18)):
    """A constant image with a pattern added, one channel."""
    rows, columns = np.indices(shape)
    return 5.0 + pattern[rows % len(pattern), columns % len(pattern)][None, :, :, None]


def photograph(side=32):
    """Flat in its left half, a steep ramp with noise in the other."""
    image = np.full((1, side, side, 2), 0.3)
    image[:, :, side // 2 :] += np.linspace(0, 3, side // 2)[:, None] + RNG.normal(size=(1, side, side // 2, 2))
    return image


def test_it_is_zero_for_constants_and_the_variance_of_a_pattern():
    assert phase_variance(np.full((2, 7, 9, 3), 0.7, "float32"), 2) == pytest.approx(0, abs=1e-12)
    for period in (3, 6):
        assert phase_variance(tiled(PATTERN), period) == pytest.approx(PATTERN.var())
    assert phase_variance(tiled(PATTERN), 2) == pytest.approx(0, abs=1e-12)  # each phase sees the whole pattern


def test_it_grows_with_the_square_and_ignores_brightness_and_place():
    images = RNG.normal(size=(2, 8, 8, 3))
    once = phase_variance(images, 2)
    assert phase_variance(3 * images + 7, 2) == pytest.approx(9 * once)
    assert phase_variance(np.roll(images, (1, 1), axis=(1, 2)), 2) == pytest.approx(once)
    parts = [phase_variance(images[n : n + 1, ..., c : c + 1], 2) for n in range(2) for c in range(3)]
    assert once == pytest.approx(np.mean(parts))


def test_independent_pixels_leave_their_variance_divided_by_the_pixels_of_a_phase():
    images = RNG.normal(size=(400, 8, 8, 4))
    assert phase_variance(images, 2) == pytest.approx((1 - 1 / 4) / 16, rel=0.05)
    assert phase_variance(images, 2, window=4) == pytest.approx((1 - 1 / 4) / 4, rel=0.05)


@pytest.mark.parametrize("period", [2, 4])
def test_a_ramp_adds_the_variance_of_its_steps(period):
    ramp = 0.1 * np.arange(16.0)[None, :, None, None] * np.ones((1, 1, 8, 1))
    expected = 0.1**2 * (period**2 - 1) / 12
    assert phase_variance(ramp, period) == pytest.approx(expected)
    assert phase_variance(ramp, period, window=8) == pytest.approx(expected)


def test_rows_that_do_not_fill_a_period_are_left_out():
    images = RNG.normal(size=(1, 9, 11, 1))
    assert phase_variance(images, 4) == phase_variance(images[:, :8, :8], 4)
    assert phase_variance(images, 2, window=8) == phase_variance(images[:, :8, :8], 2, window=8)


@pytest.mark.parametrize(("kernel_size", "expected"), [(2, 0), (3, 1.1875), (4, 0), (5, 3.1875)])
def test_a_uniform_transposed_convolution_of_a_constant(kernel_size, expected):
    """The overlaps of kernels are even where the stride divides them; for 3 they are 1, 2, 2, 4, for 5 4, 6, 6, 9."""
    layer = keras.layers.Conv2DTranspose(1, kernel_size, 2, kernel_initializer="ones")
    inner = np.asarray(layer(np.ones((1, 8, 8, 1))))[:, 4:-4, 4:-4]
    assert phase_variance(inner[:, :8, :8], 2) == pytest.approx(expected, abs=1e-9)


def test_flat_windows_show_a_pattern_that_texture_hides():
    real, board = photograph(), 0.01 * (np.indices((32, 32)).sum(axis=0) % 2)[None, :, :, None]
    power = 0.005**2
    assert phase_variance(real, 2, window=8, flattest=0.5) == pytest.approx(0, abs=1e-12)
    assert phase_variance(real + board, 2, window=8, flattest=0.5) == pytest.approx(power)
    assert phase_variance(real, 2, window=8) > 10 * power
    assert phase_variance(real + board, 2, window=8, flattest=1e-6) == pytest.approx(power)  # at least one window


def test_windows_are_flat_in_all_channels_together():
    real = photograph()
    real[..., 0] = 0.3  # the texture is in the second channel alone
    assert phase_variance(real, 2, window=8, flattest=0.5) == pytest.approx(0, abs=1e-12)
    assert phase_variance(real[..., ::-1], 2, window=8, flattest=0.5) == pytest.approx(0, abs=1e-12)


def test_a_pattern_does_not_change_which_windows_are_flat():
    real = photograph()
    strong = real + 100 * (np.indices((32, 32)).sum(axis=0) % 2)[None, :, :, None]
    assert phase_variance(strong, 2, window=8, flattest=0.5) == pytest.approx(50.0**2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"period": 0}, "`period` must be an integer >= 1"),
        ({"images": np.zeros((8, 8, 1))}, r"`images` must be images. Expected: shape \(n, height, width, channels\)"),
        ({"images": np.full((1, 8, 8, 1), np.nan)}, "`images` must be finite"),
        ({"period": 9}, r"sides of at least the period. Expected: 9. Received: \(8, 8\)"),
        ({"window": 10}, r"sides of at least the window. Expected: 10. Received: \(8, 8\)"),
        ({"window": 5}, "multiple of the period, at least twice that. Expected: such as 8. Received: window=5"),
        ({"window": 2}, "at least twice that"),
        ({"window": 4, "flattest": 0.0}, r"must be a number in \(0, 1\]"),
        ({"flattest": 0.5}, "1 without a window. Received: flattest=0.5 with window=None"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        phase_variance(**{"images": np.zeros((1, 8, 8, 1)), "period": 2, **arguments})
