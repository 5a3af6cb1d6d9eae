import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import backend
from keras_gen.layers import InstanceNormalization

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
