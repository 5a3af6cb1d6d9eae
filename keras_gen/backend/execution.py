"""Functions compiled as one graph, and training steps fused into one XLA program."""

import collections
import contextlib
import functools
import threading

import tensorflow as tf

from keras_gen.backend.graphs import fingerprint
from keras_gen.backend.memory import ShortTraces, unoptimized
from keras_gen.backend.random import under_xla

_SHARED_PROGRAMS = 8  # that are kept: each takes some 10 MB, and as much again in TensorFlow, which never frees any
_programs = collections.OrderedDict()
_one_trace = threading.RLock()


def after(*structures):
    """A context in which every operation waits for the tensors in `structures`, even if it does not use them."""
    return tf.control_dependencies([t for t in tf.nest.flatten(structures) if tf.is_tensor(t)])


def compiled(function, jit_compile=False):
    """`function` of tensors as one compiled graph, with XLA if `jit_compile`."""
    # A partial, not a nested function: TensorFlow counts the traces of all functions of one code together, and warns
    traced = functools.partial(_call, function, jit_compile)
    return tf.function(traced, jit_compile=jit_compile, reduce_retracing=True, autograph=False)


def _call(function, jit_compile, *tensors):
    with under_xla(jit_compile):
        return function(*tensors)


def fuse_steps(step, result, steps, fallback, variables=()):
    """A training function of a `tf.data` iterator that runs `steps` batches, or what is left, as ONE XLA program.

    Keras's `steps_per_execution` calls one compiled step after another, and each call passes every variable again,
    which for a small network costs as much as its arithmetic. Here the loop is inside the program: batches of equal
    size are stacked, and the loop's length is a tensor, so a short last execution needs no second program. A batch
    of another size is an execution of its own. `step` is the model's `train_step`, whose value is ignored; `result`
    gives the logs; `fallback` is the training function for any other iterator.

    Compiling takes seconds, and TensorFlow keeps every program until the process ends. Models whose graphs are equal,
    up to names, therefore share one program, which is given the `variables` of each, a list of Keras variables. A graph
    that uses others as well has a program of its own.
    """
    execute = _shared(_batch_reader(_fused_loop(step, result)), variables)

    def function(iterator):
        if not isinstance(iterator, tf.data.Iterator):
            return fallback(iterator)
        logs, done, left = None, 0, tf.experimental.Optional.empty(iterator.element_spec)
        while done < steps:
            try:
                with unoptimized():
                    logs, count, left = execute(iterator, left, tf.constant(steps - done))
            except tf.errors.OutOfRangeError as error:
                if logs is None:
                    raise StopIteration from error
                break
            done += int(count)
        return logs

    return function


def _shared(execute, variables):
    """The function `execute(iterator, left, limit)`, by a program that it shares with others of an equal graph."""

    def with_variables(values, *arguments):
        with _in_place_of(variables, values):
            return execute.python_function(*arguments)

    programs = {}  # by what the iterator gives; `None` for one that cannot be shared

    def run(iterator, *others):
        if tf.config.functions_run_eagerly():
            return execute(iterator, *others)
        values, spec = [variable._value for variable in variables], str(iterator.element_spec)
        if spec not in programs:
            with _one_trace:
                traced = tf.function(with_variables, autograph=False).get_concrete_function(values, iterator, *others)
                programs[spec] = None if traced.captured_inputs else _first_of_equals(traced)
        if programs[spec] is None:
            return execute(iterator, *others)
        return programs[spec](values, iterator, *others)

    return run


def _first_of_equals(program):
    """The program that was traced first of those whose graphs equal that of `program`, if it is still kept."""
    logs = tf.nest.map_structure(lambda output: getattr(output, "dtype", None), program.structured_outputs)
    key = fingerprint(program.graph), str(program.structured_input_signature[0][0]), str(logs)
    first = _programs.setdefault(key, program)
    _programs.move_to_end(key)
    if len(_programs) > _SHARED_PROGRAMS:
        _programs.popitem(last=False)
    return first


@contextlib.contextmanager
def _in_place_of(variables, values):
    """A context in which the Keras `variables` stand for the TensorFlow variables `values`."""
    own = [variable._value for variable in variables]
    for variable, value, old in zip(variables, values, own, strict=True):
        value._unique_id = old._unique_id  # by which an optimizer knows it
        variable._value = value
    try:
        yield
    finally:
        for variable, old in zip(variables, own, strict=True):
            variable._value = old


def _fused_loop(step, result):
    """One XLA program that takes a step on each of the first `count` of stacked batches, and returns the logs."""

    def loop(stacked, count):
        def body(i):
            step(tf.nest.map_structure(lambda t: t[i], stacked))
            return (i + 1,)

        tf.while_loop(lambda i: i < count, body, (tf.constant(0),))
        return result()

    return compiled(loop, jit_compile=True)


def _batch_reader(loop):
    """A function that trains on up to `limit` batches of equal size, and returns the logs and the number of batches.

    It takes, and also returns, an optional batch that was read but had another size than those before it.
    """

    @tf.function(reduce_retracing=True, autograph=False)
    def execute(iterator, left, limit):
        first = tf.cond(left.has_value(), left.get_value, iterator.get_next)
        arrays = [tf.TensorArray(t.dtype, limit, element_shape=t.shape).write(0, t) for t in tf.nest.flatten(first)]

        def read(i):
            return tf.cond(
                i < limit, iterator.get_next_as_optional, lambda: tf.experimental.Optional.empty(iterator.element_spec)
            )

        def stack(i, optional, arrays):
            arrays = [a.write(i, t) for a, t in zip(arrays, tf.nest.flatten(optional.get_value()), strict=True)]
            return i + 1, read(i + 1), arrays

        count, left, arrays = tf.while_loop(
            lambda i, optional, _: _has_size_of(optional, first), stack, (1, read(1), arrays)
        )
        with ShortTraces():
            return loop(tf.nest.pack_sequence_as(first, [a.stack() for a in arrays]), count), count, left

    return execute


def _has_size_of(optional, batch):
    """Whether an optional holds a batch, and one of the size of `batch`."""

    def equal():
        pairs = zip(tf.nest.flatten(optional.get_value()), tf.nest.flatten(batch), strict=True)
        return tf.reduce_all([tf.shape(a)[0] == tf.shape(b)[0] for a, b in pairs])

    return tf.cond(optional.has_value(), equal, lambda: tf.constant(False))
