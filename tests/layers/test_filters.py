import keras
import numpy as np
import pytest
from keras import ops
from scipy import signal

from keras_gen.layers import FixedFilter2D
from keras_gen.layers.filters import KERNELS
from tests.gradients import assert_gradient

RNG = np.random.default_rng(0)
IMAGE = np.arange(1.0, 17.0).reshape(1, 4, 4, 1)
KERNEL = [[-1, 1], [0, 1]]


def filtered(plane, kernel, **options):
    """One plane (height, width) through the layer in double precision."""
    return ops.convert_to_numpy(FixedFilter2D(kernel, dtype="float64", **options)(plane[None, :, :, None]))[0, :, :, 0]


def test_a_worked_example():
    """Some lectures call the first a convolution; it is the cross-correlation, and the second is the convolution."""
    np.testing.assert_array_equal(filtered(IMAGE[0, ..., 0], KERNEL), [[7, 8, 9], [11, 12, 13], [15, 16, 17]])
    by_convolution = filtered(IMAGE[0, ..., 0], KERNEL, mode="convolution")
    np.testing.assert_array_equal(by_convolution, [[0, 1, 2], [4, 5, 6], [8, 9, 10]])


@pytest.mark.parametrize("shape", [(3, 3), (2, 3), (1, 4), (5, 1)])
def test_it_is_scipys(shape):
    x, kernel = RNG.normal(size=(6, 7)), RNG.normal(size=shape)
    for mode, reference in (("cross_correlation", signal.correlate2d), ("convolution", signal.convolve2d)):
        expected = reference(x, kernel, "valid")
        np.testing.assert_allclose(filtered(x, kernel, mode=mode), expected, atol=1e-12)
        zeros = [((side - 1) // 2, side // 2) for side in shape]
        expected = reference(np.pad(x, zeros), kernel, "valid")
        np.testing.assert_allclose(filtered(x, kernel, mode=mode, padding="same"), expected, atol=1e-12)


def test_every_channel_is_filtered_by_itself():
    x, layer = RNG.normal(size=(2, 5, 6, 3)).astype("float32"), FixedFilter2D("sharpen")
    each = [layer(x[..., channel, None]) for channel in range(3)]
    np.testing.assert_allclose(layer(x), np.concatenate(each, axis=-1), atol=1e-5)
    assert layer.weights == [] and layer(x).shape == layer.compute_output_shape(x.shape) == (2, 3, 4, 3)
    assert layer.compute_output_shape((None, None, 9, 3)) == (None, None, 7, 3)
    assert FixedFilter2D("box", "same").compute_output_shape((None, None, 9, 3)) == (None, None, 9, 3)


def test_what_the_named_filters_do():
    flat, falling = np.full((4, 4), 3.0), -np.arange(4.0)[:, None] * np.ones(4)  # brighter above
    for name in KERNELS:
        value = 3 if name in ("box", "emboss", "sharpen") else 0
        np.testing.assert_allclose(filtered(flat, name), value, atol=1e-12)
    np.testing.assert_array_equal(filtered(falling, "sobel_top"), 8)  # weights 1, 2, 1, over a distance of 2
    np.testing.assert_array_equal(filtered(falling.T, "sobel_left"), 8)
    np.testing.assert_array_equal(filtered(falling, "sobel_left"), 0)
    x = RNG.normal(size=(6, 7))
    np.testing.assert_allclose(filtered(x, "sharpen"), x[1:-1, 1:-1] + filtered(x, "laplacian"), atol=1e-12)
    np.testing.assert_allclose(filtered(x, "outline"), 9 * (x[1:-1, 1:-1] - filtered(x, "box")), atol=1e-12)
    top_left = np.zeros((3, 3))
    top_left[0, 0] = 1
    assert filtered(top_left, "emboss") == -2 and KERNELS["laplacian"][1][1] == 4


@pytest.mark.parametrize("mode", ["cross_correlation", "convolution"])
def test_the_gradient(mode):
    layer = FixedFilter2D(RNG.normal(size=(2, 3)), "same", mode)
    assert_gradient(layer, RNG.normal(size=(2, 4, 5, 2)))


@pytest.mark.parametrize("dtype", ["float64", "mixed_bfloat16", "float16"])
def test_it_computes_in_its_own_dtype(dtype):
    layer = FixedFilter2D(KERNEL, dtype=dtype)
    for image in (IMAGE, IMAGE.astype("uint8")):
        y = layer(image)
        assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
        np.testing.assert_array_equal(ops.cast(y, "float32")[0, 0, :, 0], [7, 8, 9])


@pytest.mark.parametrize("kernel", [KERNEL, np.array([[0.5, 1], [2, 3]], "float32"), "emboss"])
def test_a_model_comes_back_from_its_file(kernel, tmp_path):
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, FixedFilter2D(kernel, "same", "convolution", name="filter")(inputs))
    model.save(tmp_path / "model.keras")
    again, x = keras.saving.load_model(tmp_path / "model.keras"), RNG.normal(size=(1, 4, 5, 2))
    np.testing.assert_array_equal(again(x), model(x))
    layer = again.get_layer("filter")
    assert (layer.padding, layer.mode) == ("same", "convolution")
    np.testing.assert_array_equal(layer.get_config()["kernel"], kernel)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2],), r"`kernel` must be a 2-D array of finite numbers, not empty. Received: shape \(2,\)"),
        ((np.ones((3, 3, 1)),), r"Received: shape \(3, 3, 1\)"),
        (([[1, np.nan]],), r"Received: kernel=\[\[1, nan\]\]"),
        (([[]],), r"Received: shape \(1, 0\)"),
        (([[1, 2], [3]],), r"`kernel` must be a 2-D array .* Received: kernel=\[\[1, 2\], \[3\]\]"),
        (("sobel",), r"Unknown filter. Did you mean 'sobel_.*Expected: one of \['box', .*Received: 'sobel'"),
        (("box", "smae"), r"Unknown padding. Did you mean 'same'\?"),
        (("box", "same", "correlation"), r"Unknown mode. Did you mean 'cross_correlation'\?"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        FixedFilter2D(*arguments)


def test_images_that_do_not_fit():
    with pytest.raises(ValueError, match=r"'valid'. Expected: height >= 3 and width >= 2. Received: \(2, 5\)"):
        FixedFilter2D(np.ones((3, 2)))(np.ones((1, 2, 5, 1)))
    with pytest.raises(ValueError, match=r"width >= 2. Received: \(None, 1\)"):
        FixedFilter2D(np.ones((3, 2)))(keras.Input((None, 1, 1)))
    built = FixedFilter2D(np.ones((3, 2)))
    for later in (lambda: built(np.ones((1, 2, 5, 1))), lambda: built.compute_output_shape((1, 2, 5, 1))):
        assert built(np.ones((1, 3, 5, 1))).shape == (1, 1, 4, 1)
        with pytest.raises(ValueError, match=r"height >= 3 and width >= 2. Received: \(2, 5\)"):
            later()
    assert FixedFilter2D(np.ones((3, 2)), "same")(np.ones((1, 1, 1, 1))).shape == (1, 1, 1, 1)
    for shape in ((4, 4), (4, 4, None)):
        with pytest.raises(ValueError, match=r"known number of channels. Expected: shape \(batch, height"):
            FixedFilter2D("box")(keras.Input(shape))
