import collections
import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import backend
from keras_gen.backend import execution

pytestmark = pytest.mark.compiled


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


def test_many_compiled_functions_make_tensorflow_warn_of_nothing(caplog):
    for number in range(12):
        two = backend.compiled(lambda x, number=number: x * number)
        assert float(two(tf.constant(2.0))) == 2 * number
        two(tf.ones(3))
    assert not caplog.records


def test_fused_steps_leave_other_iterators_to_keras():
    run = backend.fuse_steps(None, None, 3, fallback=lambda iterator: ("fallback", iterator))
    assert run("a generator") == ("fallback", "a generator")


def test_programs_of_equal_graphs_are_shared_unless_they_use_something_of_their_own():
    def iterator(size):
        return iter(tf.data.Dataset.from_tensor_slices(np.ones((2, size, 1), "float32")))

    totals, own = [keras.Variable(float(n)) for n in range(2)], [tf.Variable(10.0 * n) for n in range(2)]
    before = len(execution._programs)
    for others, kept in (([0.0, 0.0], 1), (own, 0), ([1.0, 2.0], 2)):
        for total, other in zip(totals, others, strict=True):
            step = functools.partial(
                lambda total, other, batch: total.assign_add(tf.reduce_sum(batch) + other), total, other
            )
            backend.fuse_steps(step, lambda: {}, 3, None, [total])(iterator(4))
        before += kept
        assert len(execution._programs) == before
    assert [float(total) for total in totals] == [3 * 8 + 2, 1 + 3 * 8 + 20 + 4]


def test_one_function_takes_batches_of_other_sizes():
    total = keras.Variable(0.0)
    run = backend.fuse_steps(lambda batch: total.assign_add(tf.reduce_sum(batch)), lambda: {}, 3, None, [total])
    for size in (4, 6):
        run(iter(tf.data.Dataset.from_tensor_slices(np.ones((2, size, 1), "float32"))))
    assert float(total) == 20


def test_the_oldest_programs_are_forgotten(monkeypatch):
    monkeypatch.setattr(execution, "_programs", collections.OrderedDict())
    monkeypatch.setattr(execution, "_SHARED_PROGRAMS", 2)
    total = keras.Variable(0.0)
    for factor in (1.0, 2.0, 1.0, 3.0, 1.0):
        step = functools.partial(lambda factor, batch: total.assign_add(factor * tf.reduce_sum(batch)), factor)
        backend.fuse_steps(step, lambda: {}, 3, None, [total])(iter(tf.data.Dataset.from_tensors(np.ones((2, 1)))))
    assert len(execution._programs) == 2 and float(total) == 16


def test_functions_that_are_to_run_eagerly_do():
    eagerly = []
    tf.config.run_functions_eagerly(True)
    run = backend.fuse_steps(lambda batch: eagerly.append(tf.executing_eagerly()), lambda: {}, 3, None, [])
    run(iter(tf.data.Dataset.from_tensor_slices(np.ones((2, 4, 1)))))
    assert eagerly == [True, True]
