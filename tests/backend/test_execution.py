import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import backend

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


def test_fused_steps_leave_other_iterators_to_keras():
    run = backend.fuse_steps(None, None, 3, fallback=lambda iterator: ("fallback", iterator))
    assert run("a generator") == ("fallback", "a generator")


def test_programs_of_equal_keys_are_shared_unless_they_use_something_of_their_own():
    iterator = lambda: iter(tf.data.Dataset.from_tensor_slices(np.ones((2, 4, 1), "float32")))  # noqa: E731
    totals, own = [keras.Variable(float(n)) for n in range(2)], [tf.Variable(10.0 * n) for n in range(2)]
    for key, others in (("shared", [0.0, 0.0]), ("not shared", own)):
        for total, other in zip(totals, others, strict=True):
            step = functools.partial(
                lambda total, other, batch: total.assign_add(tf.reduce_sum(batch) + other), total, other
            )
            backend.fuse_steps(step, lambda: {}, 3, None, [total], key)(iterator())
    assert [float(total) for total in totals] == [0 + 8 + 8, 1 + 8 + 8 + 20]
