import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import backend, layers
from tests.gradients import assert_gradient

RNG = np.random.default_rng(0)
OLD, NEW = RNG.normal(size=(2, 3, 4, 4, 2)).astype("float32")


def fade(alpha, dtype="float32"):
    made = layers.FadeIn(dtype=dtype)
    made.build([OLD.shape, NEW.shape])
    made.alpha.assign(alpha)
    return made


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16", "float64"])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_the_ends_of_a_fade_are_exact(policy, scale):
    dtype = keras.DTypePolicy(policy).compute_dtype
    branches = [ops.cast(scale * branch, dtype) for branch in (OLD, NEW)]
    for alpha, expected in zip((0, 1), branches, strict=True):
        found = fade(alpha, policy)(branches)
        assert found.dtype == dtype
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_a_fade_and_its_gradients_are_linear(alpha):
    made, old, new = fade(alpha), *map(ops.convert_to_tensor, (OLD, NEW))
    np.testing.assert_allclose(made([old, new]), (1 - alpha) * OLD + alpha * NEW, rtol=1e-6, atol=1e-6)
    of_old, of_new = backend.value_and_grad(lambda: (ops.sum(made([old, new])), None), [old, new])[1]
    np.testing.assert_allclose(of_old, np.full(OLD.shape, 1 - alpha), atol=1e-7)
    np.testing.assert_allclose(of_new, np.full(OLD.shape, alpha), atol=1e-7)


def test_alpha_near_one_is_not_lost_in_half_precision():
    """bfloat16 has no number between 0.996 and 1: with alpha in it, nothing of the old branch would be left."""
    old, new = ops.cast(np.full((1, 2), 1000.0), "bfloat16"), ops.zeros((1, 2), "bfloat16")
    found = fade(0.999, "mixed_bfloat16")
    np.testing.assert_allclose(ops.cast(found([old, new]), "float32"), 1.0, rtol=0.01)


def test_alpha_is_in_the_file_and_no_trainable_weight(tmp_path):
    inputs = keras.Input((2,))
    model = keras.Model(inputs, layers.FadeIn(0.25, name="fade")([inputs, keras.layers.ReLU()(inputs)]))
    assert float(model.get_layer("fade").alpha) == 0.25 and not model.trainable_variables
    model.get_layer("fade").alpha.assign(0.625)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").get_layer("fade")
    assert float(again.alpha) == 0.625 and again.first_alpha == 0.25


@pytest.mark.compiled
def test_a_compiled_fade_follows_its_variable():
    made = fade(0.0)
    compiled = tf.function(made, jit_compile=True)
    np.testing.assert_array_equal(compiled([OLD, NEW]), OLD)
    made.alpha.assign(1.0)
    np.testing.assert_array_equal(compiled([OLD, NEW]), NEW)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.FadeIn(1.5), r"`alpha` must be a number in \[0, 1\]. Received: alpha=1.5"),
        (lambda: layers.FadeIn(-0.5), "`alpha` must be a finite number >= 0.0. Received: alpha=-0.5"),
        (lambda: layers.FadeIn()([OLD]), r"`FadeIn` takes \[old, new\]. Expected: two tensors of one shape"),
        (lambda: layers.FadeIn()([OLD, NEW[:, :2]]), "two tensors of one shape"),
        (lambda: layers.PixelNormalization(0), "`epsilon` must be a finite number > 0"),
        (lambda: layers.MinibatchStandardDeviation(0), "`group_size` must be an integer >= 1"),
        (lambda: layers.MinibatchStandardDeviation(epsilon=-1), "`epsilon` must be a finite number > 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_normalized_pixels_have_a_mean_square_of_one_and_keep_their_direction():
    found = np.array(layers.PixelNormalization()(7 * OLD))
    np.testing.assert_allclose(np.square(found).mean(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(found, layers.PixelNormalization()(0.1 * OLD), rtol=1e-3)
    cosines = (found * OLD).sum(-1) / np.linalg.norm(found, axis=-1) / np.linalg.norm(OLD, axis=-1)
    np.testing.assert_allclose(cosines, 1, rtol=1e-5)


def test_a_dark_pixel_stays_dark_and_its_gradient_finite():
    x = ops.zeros((1, 2, 2, 3))
    np.testing.assert_array_equal(layers.PixelNormalization()(x), np.zeros((1, 2, 2, 3)))
    assert np.isfinite(backend.input_gradient(layers.PixelNormalization(), x)).all()


@pytest.mark.parametrize(
    "layer",
    [layers.PixelNormalization(), layers.MinibatchStandardDeviation(), layers.MinibatchStandardDeviation(2)],
)
def test_gradients(layer):
    assert_gradient(layer, OLD, step=1e-3)


def deviation(x, epsilon=1e-8):
    """The published formula in float64."""
    return np.sqrt(x.astype("float64").var(axis=0) + epsilon).mean()


def test_the_new_channel_is_the_mean_deviation_over_the_batch():
    found = np.array(layers.MinibatchStandardDeviation()(OLD))
    np.testing.assert_array_equal(found[..., :2], OLD)
    np.testing.assert_allclose(found[..., 2], np.full((3, 4, 4), deviation(OLD)), rtol=1e-6)
    assert layers.MinibatchStandardDeviation().compute_output_shape((None, 4, 4, 2)) == (None, 4, 4, 3)


@pytest.mark.parametrize("n", [1, 5])
def test_equal_examples_and_a_single_one_have_no_deviation_and_finite_gradients(n):
    x = ops.convert_to_tensor(np.repeat(OLD[:1], n, axis=0))
    layer = layers.MinibatchStandardDeviation()
    np.testing.assert_allclose(layer(x)[..., 2], 1e-4, rtol=1e-4)

    def channel(x):
        return layer(x)[..., 2:]

    np.testing.assert_allclose(backend.input_gradient(channel, x), np.zeros(x.shape), atol=1e-4)


@pytest.mark.parametrize(("n", "groups"), [(8, 2), (4, 1), (3, 1), (11, 2), (1, 1)])
def test_groups_of_four_see_only_themselves_also_in_odd_batches(n, groups):
    x = RNG.normal(size=(n, 2, 2, 3)).astype("float32") * np.arange(1, n + 1).reshape(n, 1, 1, 1)
    x = x.astype("float32")
    found = np.array(layers.MinibatchStandardDeviation(4)(x))[:, 0, 0, 3]
    for group in range(groups):
        np.testing.assert_allclose(found[group::groups], deviation(x[group::groups]), rtol=1e-5)


def test_collapsed_samples_are_seen_at_once():
    """What the layer is for: a linear map of its channel separates a batch with variety from one without."""
    layer = layers.MinibatchStandardDeviation()
    various, collapsed = RNG.normal(size=(16, 4, 4, 2)), np.repeat(RNG.normal(size=(1, 4, 4, 2)), 16, axis=0)
    assert layer(various)[0, 0, 0, 2] > 0.8 and layer(collapsed)[0, 0, 0, 2] < 1e-3


@pytest.mark.parametrize("layer", [layers.PixelNormalization, layers.MinibatchStandardDeviation])
def test_half_precision_is_computed_in_single(layer):
    """Squares of 300 are beyond float16."""
    x = ops.cast(300 * OLD, "float16")
    found = layer(dtype="mixed_float16")(x)
    assert found.dtype == "float16"
    np.testing.assert_allclose(found, layer()(ops.cast(x, "float32")), rtol=2e-3, atol=1e-2)


@pytest.mark.compiled
def test_the_channel_is_the_same_compiled_for_a_batch_of_unknown_size():
    layer = layers.MinibatchStandardDeviation(2)
    compiled = tf.function(layer, input_signature=[tf.TensorSpec((None, 4, 4, 2))])
    np.testing.assert_allclose(compiled(OLD), layer(OLD), rtol=1e-6)
    fused = tf.function(layer, jit_compile=True)
    np.testing.assert_allclose(fused(OLD), layer(OLD), rtol=1e-5)


def test_they_come_back_from_their_configurations():
    again = layers.MinibatchStandardDeviation.from_config(layers.MinibatchStandardDeviation(4, 1e-6).get_config())
    assert (again.group_size, again.epsilon) == (4, 1e-6)
    assert layers.PixelNormalization.from_config(layers.PixelNormalization(1e-3).get_config()).epsilon == 1e-3
