"""Gradients and Jacobians."""

import keras
import tensorflow as tf

from keras_gen.backend.devices import replica_count


def value_and_grad(function, variables):
    """Evaluate a loss and its gradient with respect to `variables` alone.

    A distribution strategy sums the gradients of its replicas, so the loss is divided by their number here, once.

    Args:
        function: Callable without arguments that returns the pair (scalar loss, anything else to keep).
        variables: List of `keras.Variable`, and of tensors that `function` uses.

    Returns:
        The pair (what `function` kept, list of gradients in the order of `variables`), `None` where there is none.

    Example:

    >>> w = keras.Variable(3.0)
    >>> kept, gradients = value_and_grad(lambda: (w * w, "kept"), [w])
    >>> kept, float(gradients[0])
    ('kept', 6.0)
    """
    values = [variable.value if isinstance(variable, keras.Variable) else variable for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss, kept = function()
        loss = loss / replica_count()
    return kept, tape.gradient(loss, values)


def vjp(function, variables):
    """Evaluate `function` once, and return its value with the pull-back to `variables`.

    Args:
        function: Callable without arguments that returns `y`, a tensor or a structure of tensors.
        variables: List of `keras.Variable`.

    Returns:
        The pair (`y`, `pull_back`), where `pull_back(v)`, with `v` of the shape of `y`, is the list of the products
        of `v` with the Jacobian of `y`, one a variable, `None` where `y` does not depend on it. It can be called once.

    Example:

    >>> w = keras.Variable([1.0, 2.0])
    >>> y, pull_back = vjp(lambda: w * w, [w])
    >>> pull_back(keras.ops.ones(2))[0].numpy().tolist()
    [2.0, 4.0]
    """
    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        y = function()
    return y, lambda v: tape.gradient(tf.nest.flatten(y), values, output_gradients=tf.nest.flatten(v))


def input_gradient(function, x):
    """Gradient of the sum of `function(x)` with respect to `x`: for a per-sample function, each sample's gradient.

    Args:
        function: Callable of one tensor.
        x: Tensor.

    Returns:
        Tensor of the shape of `x`.

    Example:

    >>> input_gradient(keras.ops.square, keras.ops.convert_to_tensor([1.0, 2.0])).numpy().tolist()
    [2.0, 4.0]
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


def batch_jacobian(function, x):
    """Jacobian of each sample's `function(x)` with respect to that sample's `x`.

    Args:
        function: Callable of one tensor `(batch, *inputs)` that returns `(batch, *outputs)`, sample by sample.
        x: Tensor `(batch, *inputs)`.

    Returns:
        Tensor `(batch, *outputs, *inputs)`.

    Example:

    >>> batch_jacobian(keras.ops.square, keras.ops.ones((1, 2))).numpy().tolist()
    [[[2.0, 0.0], [0.0, 2.0]]]
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = function(x)
    return tape.batch_jacobian(y, x)
