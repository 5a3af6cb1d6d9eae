import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, layers, losses

POINTS = np.array([[-3.0, -0.5, 0.0, 1e-3], [2.0, -1e4, 1e4, 0.7]], "float32")


def gradients(activation):
    """Of a gradient penalty with respect to a critic's kernels: second derivatives."""
    keras.utils.set_random_seed(0)
    dense = [keras.layers.Dense(5, activation), keras.layers.Dense(4, activation), keras.layers.Dense(1)]
    critic = keras.Sequential([keras.Input((3,)), *dense])
    real, fake = np.random.default_rng(0).normal(size=(2, 16, 3)).astype("float32")
    found = backend.value_and_grad(
        lambda: (losses.gradient_penalty(critic, real, fake, seed=1), None), [layer.kernel for layer in dense]
    )
    return [gradient.numpy() for gradient in found[1]]


def test_values_and_slopes_are_those_of_keras():
    x = ops.convert_to_tensor(POINTS)
    np.testing.assert_allclose(layers.leaky_relu(x), ops.leaky_relu(x, 0.2), rtol=1e-6)
    slopes = backend.input_gradient(layers.leaky_relu, x)
    np.testing.assert_allclose(slopes, np.where(POINTS > 0, 1.0, 0.2), rtol=1e-6)


def test_a_gradient_penalty_has_the_gradients_that_keras_own_gives():
    for ours, expected in zip(gradients(layers.leaky_relu), gradients(keras.layers.LeakyReLU(0.2)), strict=True):
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_dtype_stays(dtype):
    assert keras.backend.standardize_dtype(layers.leaky_relu(ops.cast(POINTS[0, :3], dtype)).dtype) == dtype


def test_it_is_saved_by_its_name(tmp_path):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Activation(layers.leaky_relu)])
    network.save(tmp_path / "n.keras")
    again = keras.saving.load_model(tmp_path / "n.keras")
    np.testing.assert_array_equal(again(POINTS), layers.leaky_relu(POINTS))
