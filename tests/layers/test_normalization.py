import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import backend
from keras_gen.layers import InstanceNormalization, LocalResponseNormalization

RNG = np.random.default_rng(0)


def layer(dtype="float32"):
    """One with weights that are not those it begins with."""
    made = InstanceNormalization(dtype=dtype)
    made.build((None, 6, 5, 4))
    made.set_weights([RNG.normal(size=4), RNG.normal(size=4)])
    return made


def plain(made):
    """Keras's own, with the same weights."""
    group = keras.layers.GroupNormalization(groups=-1, epsilon=made.epsilon, dtype=made.dtype_policy)
    group.build((None, 6, 5, 4))
    group.set_weights(made.get_weights())
    return group


@pytest.mark.parametrize("batch", [1, 3])
def test_it_is_keras_group_normalisation_of_one_channel_a_group(batch):
    x, made = (3 + 2 * RNG.normal(size=(batch, 6, 5, 4))).astype("float32"), layer()
    gamma, beta = made.get_weights()
    normal = (x - x.mean(axis=(1, 2), keepdims=True)) / np.sqrt(x.var(axis=(1, 2), keepdims=True) + 1e-5)
    np.testing.assert_allclose(made(x), normal * gamma + beta, atol=1e-5)
    np.testing.assert_allclose(made(x), plain(made)(x), atol=1e-5)


@pytest.mark.parametrize("batch", [1, 3])
def test_the_gradients_are_those_of_keras_too(batch):
    x, upstream = RNG.normal(size=(2, batch, 6, 5, 4)).astype("float32")
    x, made = ops.convert_to_tensor(x), layer()

    def gradients(one):
        def loss():
            return ops.sum(ops.square(one(x) - upstream)), None

        return [*backend.value_and_grad(loss, [*one.trainable_variables, x])[1]]

    for found, expected in zip(gradients(made), gradients(plain(made)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("batch", [1, 3])
def test_it_is_the_same_whether_the_size_of_the_batch_is_known_or_not(batch):
    """A pipeline of arrays states it, a `tf.data.Dataset` may not: both are to train alike, to the bit."""
    x, made = RNG.normal(size=(batch, 6, 5, 4)).astype("float32"), layer()
    stated = tf.function(made, input_signature=[tf.TensorSpec((batch, 6, 5, 4))])
    unknown = tf.function(made, input_signature=[tf.TensorSpec((None, None, None, 4))])
    np.testing.assert_array_equal(stated(x), unknown(x))
    np.testing.assert_array_equal(stated(x), made(x))


def test_the_kernel_is_taken(monkeypatch):
    taken, kernel = [], backend.instance_normalized
    monkeypatch.setattr(backend, "instance_normalized", lambda *given: taken.append(1) or kernel(*given))
    layer()(np.zeros((2, 6, 5, 4), "float32"))
    assert taken


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
def test_half_precision_takes_its_statistics_in_single(half):
    """Of values around 300, where bfloat16 has steps of 2, the mean is not lost."""
    x = ops.cast(300 + 2.0 * (np.arange(120).reshape(1, 6, 5, 4) % 3), half)
    made = layer(f"mixed_{half}")
    made.set_weights([np.ones(4), np.zeros(4)])
    assert made(x).dtype == half
    found, expected = (ops.convert_to_numpy(ops.cast(one(x), "float32")) for one in (made, plain(made)))
    assert np.abs(found.mean(axis=(1, 2))).max() < 0.02
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_what_the_fused_kernel_does_not_take_goes_keras_way():
    x = RNG.normal(size=(1, 6, 5, 4))
    assert InstanceNormalization(dtype="float64")(x).dtype == "float64"
    single = x.astype("float32")
    np.testing.assert_allclose(InstanceNormalization(scale=False)(single), InstanceNormalization()(single), atol=1e-5)
    assert InstanceNormalization()(single[:, 0]).shape == (1, 5, 4)


def test_bad_input():
    with pytest.raises(ValueError, match="`epsilon` must be a finite number > 0"):
        InstanceNormalization(0)
    with pytest.raises(TypeError, match="multiple values for keyword argument 'axis'"):
        InstanceNormalization(axis=1)


def test_it_comes_back_from_its_configuration():
    again = InstanceNormalization.from_config(InstanceNormalization(0.1, name="n").get_config())
    assert again.epsilon == 0.1 and again.name == "n" and again.groups == -1


def responses(x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    """The formula, channel by channel."""
    found = np.empty_like(x)
    for channel in range(x.shape[-1]):
        window = x[..., max(0, channel - n // 2) : channel + n // 2 + 1]
        found[..., channel] = x[..., channel] / (k + alpha * np.sum(window**2, axis=-1)) ** beta
    return found


@pytest.mark.parametrize("options", [{}, {"n": 3, "k": 0.5, "alpha": 0.7, "beta": 1.3}, {"n": 1, "alpha": 2.0}])
def test_responses_are_divided_by_those_of_neighbouring_channels(options):
    for shape in ((2, 3, 4, 7), (5, 2)):
        x = RNG.normal(scale=5, size=shape).astype("float32")
        np.testing.assert_allclose(LocalResponseNormalization(**options)(x), responses(x, **options), rtol=1e-5)


def test_the_gradient_of_responses_is_the_slope_of_the_formula():
    options = {"n": 3, "k": 1.0, "alpha": 0.5, "beta": 0.75}
    x, upstream = RNG.normal(size=(2, 4, 6))
    variable = ops.convert_to_tensor(x.astype("float32"))

    def loss():
        return ops.sum(LocalResponseNormalization(**options)(variable) * upstream.astype("float32")), None

    (found,) = backend.value_and_grad(loss, [variable])[1]
    slopes, step = np.empty_like(x), 1e-6
    for place in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[place] = step
        slopes[place] = np.sum((responses(x + moved, **options) - responses(x - moved, **options)) * upstream)
    np.testing.assert_allclose(found, slopes / (2 * step), rtol=1e-4, atol=1e-5)


def test_responses_in_half_precision_are_computed_in_single():
    x = ops.cast(np.full((1, 8), 300.0), "float16")  # whose squares are beyond its range
    found = LocalResponseNormalization(dtype="mixed_float16")(x)
    assert found.dtype == "float16"
    np.testing.assert_allclose(found, responses(np.full((1, 8), 300.0)), rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 4}, "`n` must be odd, for as many channels on both sides. Received: n=4"),
        ({"n": 0}, "`n` must be an integer >= 1"),
        ({"k": 0}, "`k` must be a finite number > 0"),
        ({"alpha": -1}, "`alpha` must be a finite number >= 0"),
        ({"beta": -1}, "`beta` must be a finite number >= 0"),
    ],
)
def test_bad_input_of_responses(options, message):
    with pytest.raises(ValueError, match=message):
        LocalResponseNormalization(**options)


def test_responses_come_back_with_the_file_of_a_functional_model(tmp_path):
    inputs = keras.Input((2, 2, 6))
    keras.Model(inputs, LocalResponseNormalization(3, 1.5, 0.25, 0.5)(inputs)).save(tmp_path / "model.keras")
    x = RNG.normal(size=(2, 2, 2, 6)).astype("float32")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(x), responses(x, 3, 1.5, 0.25, 0.5), rtol=1e-5)
