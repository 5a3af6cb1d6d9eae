import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy import stats

from keras_gen import backend
from keras_gen.layers import ReplicaSeedGenerator


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


@pytest.mark.parametrize("jit_compile", [False, True])
def test_normal_draws_are_standard_and_follow_the_seed(jit_compile):
    generator = ReplicaSeedGenerator(seed=3)
    draw = backend.compiled(lambda x: x * 0 + backend.normal((20000,), generator), jit_compile=jit_compile)
    first, second = draw(tf.zeros(())).numpy(), draw(tf.zeros(())).numpy()
    assert stats.kstest(first, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
    generator.restart()
    np.testing.assert_array_equal(draw(tf.zeros(())).numpy(), first)


def test_sum_rows_is_the_sum():
    values = np.random.default_rng(0).standard_normal((5, 784)).astype("float32")
    np.testing.assert_allclose(
        backend.sum_rows(ops.convert_to_tensor(values)), values.sum(axis=1), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("sizes", [(8,) * 5, (8, 8, 8, 4), (8,), (4,), (8, 8, 8), (8, 4, 8, 4), (2, 8, 8, 8, 8, 1, 8)])
def test_fused_steps_see_every_batch_once_in_whole_calls(sizes):
    total, count = tf.Variable(0.0), tf.Variable(0)

    def step(batch):
        total.assign_add(tf.reduce_sum(batch))
        count.assign_add(1)

    x = np.arange(sum(sizes), dtype="float32")[:, None]
    batches = np.split(x, np.cumsum(sizes)[:-1])
    dataset = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=tf.TensorSpec((None, 1)))
    run = backend.fuse_steps(step, lambda: {"total": total.read_value()}, 3, fallback=None)
    iterator = iter(dataset)
    for call in range(-(-len(sizes) // 3)):
        logs = run(iterator)
        assert int(count) == min(3 * (call + 1), len(sizes))
    assert float(logs["total"]) == x.sum()
    with pytest.raises(StopIteration):
        run(iterator)


def test_fused_steps_leave_other_iterators_to_keras():
    run = backend.fuse_steps(None, None, 3, fallback=lambda iterator: ("fallback", iterator))
    assert run("a generator") == ("fallback", "a generator")
