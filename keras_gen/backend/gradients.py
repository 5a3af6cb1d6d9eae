"""Gradients and Jacobians."""

import contextlib
import threading

import keras
import tensorflow as tf
from tensorflow.python.framework import ops

from keras_gen.backend.devices import on_cpu, replica_count

_REGISTRY = ops.gradient_registry._registry
_OF_TENSORFLOW = _REGISTRY["BiasAdd"]
_lock, _entered = threading.Lock(), 0


def value_and_grad(function, variables):
    """The pair (kept, gradients) of `function`, which returns (scalar loss, anything to keep).

    Gradients are with respect to `variables`, Keras variables or tensors that `function` uses, in their order; `None`
    where there is none. A distribution strategy sums the gradients of its replicas, so the loss is divided by their
    number here.
    """
    values = [variable.value if isinstance(variable, keras.Variable) else variable for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss, kept = function()
        loss = loss / replica_count()
    return kept, tape.gradient(loss, values)


@contextlib.contextmanager
def exact_bias_gradients():
    """A context in which gradients of biases are right in bfloat16 on a CPU.

    TensorFlow's kernel adds up in bfloat16, where a sum of ones ends at 256; the bias of a convolution has a term for
    each pixel of a batch. Its graph optimizer avoids that kernel for plain `Conv2D` layers alone. The replicas of a
    strategy enter the context in threads of their own.
    """
    global _entered
    with _lock:
        _entered += 1
        _REGISTRY["BiasAdd"] = {**_OF_TENSORFLOW, "type": _bias_gradients}
    try:
        yield
    finally:
        with _lock:
            _entered -= 1
            if not _entered:
                _REGISTRY["BiasAdd"] = _OF_TENSORFLOW


def _bias_gradients(op, received):
    """The gradients of a layer's outputs before the bias, and of the bias."""
    if received.dtype != tf.bfloat16 or not on_cpu():
        return _OF_TENSORFLOW["type"](op, received)
    rank, channels_first = tf.rank(received), op.get_attr("data_format") in (b"NCHW", "NCHW")
    axes = tf.concat([[0], tf.range(2, rank)], axis=0) if channels_first else tf.range(rank - 1)
    return received, tf.reduce_sum(received, axes)


def vjp(function, variables):
    """The pair (y, pull_back) of `function`, which returns a tensor or a structure of tensors y.

    `pull_back(v)`, with v of the shape of y, can be called once: it gives the products of v with the Jacobian of y, one
    for each of the Keras `variables`, `None` where y does not depend on it.
    """
    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        y = function()
    return y, lambda v: tape.gradient(tf.nest.flatten(y), values, output_gradients=tf.nest.flatten(v))


def input_gradient(function, x):
    """Gradient of the sum of `function(x)` with respect to `x`: for a per-sample function, each sample's gradient."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


def batch_jacobian(function, x):
    """Jacobians of each sample's `function(x)` with respect to that sample, `(batch, *outputs, *inputs)`."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = function(x)
    return tape.batch_jacobian(y, x)


def value_and_few_slopes(function, x):
    """The pair of y = `function(x)`, `(batch, k)`, and of the `batch_jacobian`, by k passes back through one forward.

    For a few outputs this is faster than `batch_jacobian`, which needs one pass of a batch k times as large.
    """
    with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
        tape.watch(x)
        y = function(x)
        columns = tf.unstack(y, axis=1)
    return y, tf.stack([tape.gradient(column, x) for column in columns], axis=1)


def with_gradient(function, x):
    """The tensors of `function(x)`, which returns the pair (list of tensors, pull_back), with a gradient of its own.

    `pull_back(*v)`, one v for each tensor, is the gradient with respect to `x`. The operations of `function` are not
    differentiated, so what they compute on the way need not be kept.
    """

    @tf.custom_gradient
    def tensors(x):
        outputs, pull_back = function(x)

        def gradient(*v, variables=()):
            return (pull_back(*v), [None] * len(variables)) if variables else pull_back(*v)

        return outputs, gradient

    return tensors(x)
