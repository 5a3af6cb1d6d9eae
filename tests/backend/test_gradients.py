import threading

import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend


def test_gradient_is_the_finite_difference():
    w = keras.Variable(np.array([0.3, -1.2, 2.0], "float64"), dtype="float64")

    def loss(values):
        return ops.sum(ops.sin(values) * ops.square(values))

    kept, (gradient,) = backend.value_and_grad(lambda: (loss(w), "kept"), [w])
    step = 1e-6 * np.eye(3)
    differences = [(loss(w.numpy() + s) - loss(w.numpy() - s)) / 2e-6 for s in step]
    np.testing.assert_allclose(gradient, differences, rtol=1e-8)
    assert kept == "kept"


def test_only_the_named_variables_get_a_gradient():
    w, other = keras.Variable(2.0), keras.Variable(3.0)
    _, gradients = backend.value_and_grad(lambda: (w * other, None), [w])
    assert [float(g) for g in gradients] == [3.0]


def bias_gradients(layer, size):
    """Those of the sum of a layer's outputs for 8 images: the number of positions, for each filter."""
    x = ops.ones((8, size, size, 2))
    layer(x)
    _, (gradient,) = backend.value_and_grad(lambda: (ops.sum(ops.cast(layer(x), "float32")), None), [layer.bias])
    return ops.convert_to_numpy(gradient)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16", "float32"])
@pytest.mark.parametrize("kind", [keras.layers.Conv2D, keras.layers.Conv2DTranspose])
def test_gradients_of_biases_are_sums_over_all_positions(kind, precision):
    layer = kind(3, 3, padding="same", dtype=precision)
    with backend.exact_bias_gradients():
        np.testing.assert_array_equal(bias_gradients(layer, 32), 8 * 32 * 32)


def test_tensorflow_keeps_its_gradients_of_biases_outside_of_steps():
    layer = keras.layers.Conv2D(3, 3, padding="same", dtype="mixed_bfloat16")
    before = bias_gradients(layer, 32)
    inside, outside = threading.Event(), threading.Event()

    def other_replica():
        with backend.exact_bias_gradients():
            inside.set()
            outside.wait(60)

    with backend.exact_bias_gradients():
        thread = threading.Thread(target=other_replica)
        thread.start()
        inside.wait(60)
    assert bias_gradients(layer, 32)[0] == 8 * 32 * 32, "as long as one replica is within"
    outside.set()
    thread.join()
    np.testing.assert_array_equal(bias_gradients(layer, 32), before)


def test_pull_back_equals_the_gradient_of_the_whole():
    w = keras.Variable(np.arange(6, dtype="float32").reshape(2, 3))
    x = ops.ones((4, 2))

    def outer(y):
        return ops.sum(ops.square(y))

    y, pull_back = backend.vjp(lambda: ops.tanh(x @ w), [w])
    _, (whole,) = backend.value_and_grad(lambda: (outer(ops.tanh(x @ w)), None), [w])
    np.testing.assert_allclose(pull_back(backend.input_gradient(outer, y))[0], whole, rtol=1e-6)


def test_batch_jacobian_holds_each_samples_derivatives():
    matrix = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "float32")
    x = ops.convert_to_tensor(np.array([[0.1, 0.2], [0.3, 0.4]], "float32"))
    jacobian = backend.batch_jacobian(lambda x: ops.square(x @ matrix), x)
    expected = 2 * (x.numpy() @ matrix)[:, :, None] * matrix.T[None]
    np.testing.assert_allclose(jacobian, expected, rtol=1e-6)


def test_few_slopes_are_the_batch_jacobian():
    x = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(3, 4)), "float32")
    matrix = np.random.default_rng(1).normal(size=(4, 2)).astype("float32")
    y, slopes = backend.value_and_few_slopes(lambda x: ops.tanh(x @ matrix), x)
    np.testing.assert_allclose(y, np.tanh(np.asarray(x) @ matrix), rtol=1e-5)
    np.testing.assert_allclose(slopes, backend.batch_jacobian(lambda x: ops.tanh(x @ matrix), x), rtol=1e-5)


@pytest.mark.parametrize("trainable", [False, True])
def test_tensors_with_a_gradient_of_their_own(trainable):
    """The pull-back alone counts, also when the function uses variables."""
    w, x = keras.Variable(3.0, trainable=trainable), ops.convert_to_tensor([1.0, 2.0])

    def function(x):
        return [w * x, x**2], lambda first, second: 10.0 * first + second

    def loss(x):
        first, second = backend.with_gradient(function, x)
        return ops.sum(first) + 5.0 * ops.sum(second), (first, second)

    for compiled in (False, True):
        call = lambda x: backend.value_and_grad(lambda: loss(x), [x])  # noqa: E731
        (first, second), (gradient,) = (backend.compiled(call) if compiled else call)(x)
        assert (first.numpy().tolist(), second.numpy().tolist()) == ([3.0, 6.0], [1.0, 4.0])
        assert gradient.numpy().tolist() == [15.0, 15.0]
