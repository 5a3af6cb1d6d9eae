"""Functions compiled as one graph, and training steps fused into one XLA program."""

import tensorflow as tf

from keras_gen.backend.random import under_xla


def after(*structures):
    """A context in which every operation waits for the tensors in `structures`, even if it does not use them."""
    return tf.control_dependencies([t for t in tf.nest.flatten(structures) if tf.is_tensor(t)])


def compiled(function, jit_compile=False):
    """`function` of tensors as one compiled graph, with XLA if `jit_compile`."""

    def traced(*tensors):
        with under_xla(jit_compile):
            return function(*tensors)

    return tf.function(traced, jit_compile=jit_compile, reduce_retracing=True, autograph=False)


def fuse_steps(step, result, steps, fallback):
    """A training function of a `tf.data` iterator that runs `steps` batches, or what is left, as ONE XLA program.

    Keras's `steps_per_execution` calls one compiled step after another, and each call passes every variable again,
    which for a small network costs as much as its arithmetic. Here the loop is inside the program: batches of equal
    size are stacked, and the loop's length is a tensor, so a short last execution needs no second program. A batch
    of another size is an execution of its own. `step` is the model's `train_step`, whose value is ignored; `result`
    gives the logs; `fallback` is the training function for any other iterator.
    """
    execute = _batch_reader(_fused_loop(step, result), steps)

    def function(iterator):
        if not isinstance(iterator, tf.data.Iterator):
            return fallback(iterator)
        logs, done = None, 0
        while done < steps:
            try:
                logs, count = execute(iterator, tf.constant(steps - done))
            except tf.errors.OutOfRangeError as error:
                if logs is None:
                    raise StopIteration from error
                break
            done += int(count)
        return logs

    return function


def _fused_loop(step, result):
    """One XLA program that takes a step on each of the first `count` of stacked batches, and returns the logs."""

    def loop(stacked, count):
        def body(i):
            step(tf.nest.map_structure(lambda t: t[i], stacked))
            return (i + 1,)

        tf.while_loop(lambda i: i < count, body, (tf.constant(0),))
        return result()

    return compiled(loop, jit_compile=True)


def _batch_reader(loop, steps):
    """A function that trains on up to `limit` batches of equal size, and returns the logs and the number of batches."""

    @tf.function(reduce_retracing=True, autograph=False)
    def execute(iterator, limit):
        first = iterator.get_next()
        spec = tf.nest.map_structure(tf.TensorSpec.from_tensor, first)
        arrays = [tf.TensorArray(t.dtype, steps, element_shape=t.shape).write(0, t) for t in tf.nest.flatten(first)]

        def read(i):
            return tf.cond(i < limit, iterator.get_next_as_optional, lambda: tf.experimental.Optional.empty(spec))

        def stack(i, optional, arrays):
            arrays = [a.write(i, t) for a, t in zip(arrays, tf.nest.flatten(optional.get_value()), strict=True)]
            return i + 1, read(i + 1), arrays

        count, left, arrays = tf.while_loop(
            lambda i, optional, _: _has_size_of(optional, first), stack, (1, read(1), arrays)
        )
        logs = loop(tf.nest.pack_sequence_as(first, [a.stack() for a in arrays]), count)

        def train_on_left():
            return loop(tf.nest.map_structure(lambda t: t[None], left.get_value()), tf.constant(1)), count + 1

        return tf.cond(left.has_value(), train_on_left, lambda: (logs, count))

    return execute


def _has_size_of(optional, batch):
    """Whether an optional holds a batch, and one of the size of `batch`."""

    def equal():
        pairs = zip(tf.nest.flatten(optional.get_value()), tf.nest.flatten(batch), strict=True)
        return tf.reduce_all([tf.shape(a)[0] == tf.shape(b)[0] for a, b in pairs])

    return tf.cond(optional.has_value(), equal, lambda: tf.constant(False))
