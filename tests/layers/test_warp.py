import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen.layers import Warp2D
from tests.gradients import assert_gradient

SHAPE = (2, 6, 7, 3)
IMAGES = np.random.default_rng(0).standard_normal(SHAPE).astype("float32")


def constant(x, y, shape=SHAPE):
    """The flow (x, y) at each pixel."""
    return np.broadcast_to(np.float32([x, y]), (*shape[:3], 2))


def random_flow(largest=3.0, seed=1):
    return np.random.default_rng(seed).uniform(-largest, largest, (*SHAPE[:3], 2)).astype("float32")


def warped_model(sides=SHAPE[1:3]):
    inputs = [keras.Input((*sides, 3)), keras.Input((*sides, 2))]
    return keras.Model(inputs, Warp2D()(inputs))


def test_no_motion_is_the_identity():
    np.testing.assert_array_equal(Warp2D()([IMAGES, constant(0, 0)]), IMAGES)


def test_whole_pixels_are_slices():
    """y(p) = x(p + flow): x to the right and y downwards, so what is right and below moves to the left and up."""
    for x, y in ((2, 1), (3, 0), (0, 2)):
        found = np.asarray(Warp2D()([IMAGES, constant(x, y)]))
        np.testing.assert_array_equal(found[:, : 6 - y, : 7 - x], IMAGES[:, y:, x:])
        back = np.asarray(Warp2D()([IMAGES, constant(-x, -y)]))
        np.testing.assert_array_equal(back[:, y:, x:], IMAGES[:, : 6 - y, : 7 - x])


def test_positions_outside_take_the_nearest_edge():
    np.testing.assert_array_equal(Warp2D()([IMAGES, constant(100, 0)]), np.repeat(IMAGES[:, :, -1:], 7, axis=2))
    np.testing.assert_array_equal(Warp2D()([IMAGES, constant(0, -100)]), np.repeat(IMAGES[:, :1], 6, axis=1))
    single = IMAGES[:, :1, :1]
    np.testing.assert_array_equal(Warp2D()([single, constant(0.5, -0.5, single.shape)]), single)


def test_ramps_are_warped_exactly():
    """Bilinear interpolation keeps linear functions, here at positions within the image."""
    y, x = np.mgrid[:6, :7].astype("float32")
    flow = random_flow()
    columns, rows = np.clip(x + flow[..., 0], 0, 6), np.clip(y + flow[..., 1], 0, 5)
    flow = np.stack([columns - x, rows - y], axis=-1)
    ramp = np.broadcast_to((2 * x - 3 * y + 1)[..., None], SHAPE)
    expected = np.broadcast_to((2 * columns - 3 * rows + 1)[..., None], SHAPE)
    np.testing.assert_allclose(Warp2D()([ramp, flow]), expected, atol=1e-5)


def test_each_position_is_the_mean_of_four_pixels_weighted_by_areas():
    found = np.asarray(Warp2D()([IMAGES, constant(0.25, 0.5)]))[:, :-1, :-1]
    rows = (IMAGES[:, :-1] + IMAGES[:, 1:]) / 2
    np.testing.assert_allclose(found, 0.75 * rows[:, :, :-1] + 0.25 * rows[:, :, 1:], rtol=1e-5, atol=1e-6)


def test_gradients_are_those_of_finite_differences():
    """The layer is linear in the image, and bilinear in the flow between pixels, where these positions are."""
    flow = np.floor(random_flow()) + np.random.default_rng(2).uniform(0.2, 0.8, (*SHAPE[:3], 2)).astype("float32")
    assert_gradient(lambda images: Warp2D()([images, flow]), IMAGES)
    assert_gradient(lambda flow: Warp2D()([IMAGES, flow]), flow, step=1e-3)


@pytest.mark.compiled
@pytest.mark.parametrize("jit_compile", [False, True])
def test_graphs_and_xla_agree_for_sizes_known_at_run_time(jit_compile):
    free = [tf.TensorSpec((None, None, None, channels)) for channels in (3, 2)]
    signature = None if jit_compile else [free]  # XLA compiles for each size
    traced = tf.function(lambda both: Warp2D()(both), input_signature=signature, jit_compile=jit_compile)
    for sides in ((6, 7), (4, 5)):
        both = [tf.constant(array[:, : sides[0], : sides[1]]) for array in (IMAGES, random_flow())]
        np.testing.assert_allclose(traced(both), Warp2D()(both), rtol=1e-5, atol=1e-6)


def test_half_precision_does_not_round_positions():
    """In bfloat16 a flow of 5 + 1/64 would be 5; only the result is rounded."""
    flow = random_flow()
    exact = Warp2D()([IMAGES, flow])
    keras.config.set_dtype_policy("mixed_bfloat16")
    found = Warp2D()([IMAGES, flow])
    assert found.dtype == warped_model().output.dtype == "bfloat16"
    np.testing.assert_array_equal(ops.cast(found, "float32"), ops.cast(ops.cast(exact, "bfloat16"), "float32"))
    image = np.where(np.arange(8) == 6, 64.0, 0.0).reshape(1, 1, 8, 1)
    assert float(Warp2D()([image, constant(5 + 1 / 64, 0, image.shape)])[0, 0, 0, 0]) == 1.0


def test_whole_numbers_are_warped_as_floats():
    images = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    found = Warp2D()([images.astype("uint8"), constant(1, 0).astype("int32")])
    np.testing.assert_array_equal(found, Warp2D()([images.astype("float32"), constant(1, 0)]))


def test_nan_is_seen():
    flow = random_flow()
    flow[0, 2, 3, 0] = np.nan
    found = np.asarray(Warp2D()([IMAGES, flow]))
    assert np.argwhere(np.isnan(found).any(axis=-1)).tolist() == [[0, 2, 3]]


def test_a_saved_model_is_equal(tmp_path):
    model = warped_model((None, None))
    assert model.output_shape == (None, None, None, 3) and warped_model().output_shape == (None, 6, 7, 3)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again([IMAGES, random_flow()]), model([IMAGES, random_flow()]))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            [IMAGES, constant(0, 0)[:, :5]],
            r"a pair \(x, y\) for each pixel. Expected: shape \(2, 6, 7, 2\). Received: shape \(2, 5, 7, 2\) of the fl",
        ),
        ([IMAGES, constant(0, 0)[:1]], r"Expected: shape \(2, 6, 7, 2\). Received: shape \(1, 6, 7, 2\) of the flow"),
        ([IMAGES, IMAGES], r"Expected: shape \(2, 6, 7, 2\). Received: shape \(2, 6, 7, 3\) of the flow"),
        ([IMAGES[0], constant(0, 0)], r"\(batch, height, width, channels\). Received: shape \(6, 7, 3\) of the images"),
        ([IMAGES], r"must be called on a list. Expected: \[images, flow\]. Received: shapes \[\(2, 6, 7, 3\)\]"),
        (IMAGES, r"must be called on a list. Expected: \[images, flow\]"),
    ],
)
def test_bad_input(inputs, message):
    with pytest.raises(ValueError, match=message):
        Warp2D()(inputs)
