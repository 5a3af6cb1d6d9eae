import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
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


POSITIONS = 8 * 32 * 32


def bias_gradients(layer):
    """Those of the sum of a layer's outputs for 8 images of 32x32: the number of positions, for each filter."""
    x = ops.ones((8, 32, 32, 2))
    layer(x)
    _, (gradient,) = backend.value_and_grad(lambda: (ops.sum(ops.cast(layer(x), "float32")), None), [layer.bias])
    return ops.convert_to_numpy(gradient)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16", "float32"])
@pytest.mark.parametrize("kind", [keras.layers.Conv2D, keras.layers.Conv2DTranspose])
def test_gradients_of_biases_are_sums_over_all_positions(kind, precision):
    with backend.exact_bias_gradients():
        np.testing.assert_array_equal(bias_gradients(kind(3, 3, padding="same", dtype=precision)), POSITIONS)


def test_gradients_of_what_keras_takes_for_a_bias_in_the_second_axis():
    x, bias = ops.ones((64, 40, 30), "bfloat16"), keras.Variable(np.zeros((1, 40, 1)), dtype="bfloat16")
    with backend.exact_bias_gradients():
        _, (gradient,) = backend.value_and_grad(lambda: (ops.sum(ops.cast(ops.add(x, bias), "float32")), None), [bias])
    np.testing.assert_array_equal(ops.convert_to_numpy(gradient), np.full((1, 40, 1), 64 * 30))


@pytest.mark.compiled
def test_gradients_of_biases_of_an_unknown_rank():
    @tf.function(input_signature=[tf.TensorSpec(None, "bfloat16")])
    def gradient(x):
        bias = tf.zeros(3, "bfloat16")
        with tf.GradientTape() as tape:
            tape.watch(bias)
            y = tf.nn.bias_add(x, bias)
        return tape.gradient(y, bias)

    with backend.exact_bias_gradients():
        assert gradient(tf.ones((8, 32, 32, 3), "bfloat16")).numpy().tolist() == [POSITIONS] * 3


def test_tensorflow_keeps_its_gradients_of_biases_outside_of_steps_and_on_other_devices(monkeypatch):
    layer = keras.layers.Conv2D(3, 3, padding="same", dtype="mixed_bfloat16")
    before = bias_gradients(layer)
    assert (before < POSITIONS).all(), "TensorFlow's are right now"
    inside, outside = threading.Event(), threading.Event()

    def other_replica():
        with backend.exact_bias_gradients():
            inside.set()
            outside.wait(60)

    with backend.exact_bias_gradients():
        thread = threading.Thread(target=other_replica)
        thread.start()
        inside.wait(60)
    assert bias_gradients(layer)[0] == POSITIONS, "as long as one replica is within"
    outside.set()
    thread.join()
    np.testing.assert_array_equal(bias_gradients(layer), before)
    monkeypatch.setattr("keras_gen.backend.gradients.on_cpu", lambda: False)
    with backend.exact_bias_gradients():
        np.testing.assert_array_equal(bias_gradients(layer), before)


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
