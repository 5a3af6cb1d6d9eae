"""What `keras.ops` does not give: gradients, facts about the device and the replicas, and steps compiled as one.

With `keras_gen.data` this is the only place that names TensorFlow; another Keras backend would be added here.
"""

import contextlib
import contextvars
import math

import keras
import numpy as np

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "keras_gen runs on Keras's TensorFlow backend. Expected: KERAS_BACKEND=tensorflow. "
        f"Received: KERAS_BACKEND={keras.backend.backend()}"
    )

import tensorflow as tf


def value_and_grad(function, variables):
    """Evaluate a loss and its gradient with respect to `variables` alone.

    Gradients are summed over the replicas of a distribution strategy, so the loss is divided here, once.

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
    """Evaluate `function` once and give the pull-back of its result to `variables`.

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


def replica_count():
    """Number of replicas that a step runs on at the same time, 1 without a distribution strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def replica_id():
    """Number of the replica that runs this line, from 0; 0 without a distribution strategy."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group


def has_strategy():
    """Whether a distribution strategy is in scope."""
    return tf.distribute.has_strategy()


def on_cpu():
    """Whether the processor is the only device."""
    return all(device.device_type == "CPU" for device in tf.config.get_visible_devices())


def instance_normalized(x, gamma, beta, epsilon):
    """Each channel of each image at mean 0 and variance 1, scaled and shifted, by the kernel of batch normalisation.

    Laid side by side, the channels of all images are those of a batch of one; for one image nothing is moved.

    Args:
        x: Tensor `(batch, height, width, channels)` of float32, bfloat16 or float16, as is what is returned.
        gamma, beta, epsilon: Scale and shift, float32 tensors `(channels,)`; what is added to the float32 variance.
    """
    images, height, width, channels = keras.ops.shape(x)
    beside = tf.reshape(tf.transpose(x, (1, 2, 0, 3)), (1, height, width, images * channels))
    scale, offset = tf.tile(gamma, [images]), tf.tile(beta, [images])
    kernel = tf.raw_ops.FusedBatchNormV3
    beside = kernel(x=beside, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon, is_training=True).y
    return tf.transpose(tf.reshape(beside, (height, width, images, channels)), (2, 0, 1, 3))


def reducible(logs):
    """Logs in a form that every distribution strategy can gather: several workers refuse scalars."""
    if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return {name: tf.reshape(value, (1,)) for name, value in logs.items()}
    return logs


def after(data):
    """A context in which nothing is computed before `data` are there, not even what does not depend on them."""
    return tf.control_dependencies([t for t in tf.nest.flatten(data) if tf.is_tensor(t)])


def sum_rows(values):
    """Sum of each row: float32 tensor `(rows, columns)` -> `(rows,)`.

    On a CPU it is a product with a matrix of zeros and ones: XLA would draw what computes the values into the loop of a
    plain sum, or of a product with one vector, and give up its vector instructions, which makes a Bernoulli likelihood
    twice as slow. The matrix makes several partial sums, so that the rounding errors of long rows stay those of short
    ones.

    Example:

    >>> sum_rows(tf.ones((2, 6))).numpy().tolist()
    [6.0, 6.0]
    """
    if not on_cpu():
        return tf.reduce_sum(values, axis=1)
    columns = values.shape[1]
    groups = max(2, min(math.isqrt(columns), 32))
    membership = np.repeat(np.eye(groups), math.ceil(columns / groups), axis=0)[:columns]
    return tf.reduce_sum(tf.matmul(values, tf.constant(membership, values.dtype)), axis=1)


_under_xla = contextvars.ContextVar("under_xla", default=False)


@contextlib.contextmanager
def under_xla(active):
    """State, while a function is traced, whether XLA compiles it; `normal` asks."""
    token = _under_xla.set(bool(active))
    try:
        yield
    finally:
        _under_xla.reset(token)


def normal(shape, seed, dtype="float32"):
    """Draw from the standard normal distribution.

    On a CPU, XLA's Philox generator, which `keras.random` gets, takes 200 ns a number, its Threefry 10: so under XLA
    the draw is Threefry's. With and without XLA a model thus sees different noise, as it does with Keras's own draws.

    Args:
        shape: Tuple of integers or scalar tensors.
        seed: A `keras.random.SeedGenerator`, or an integer.
        dtype: A float type. Defaults to `"float32"`.

    Returns:
        Tensor of that shape.

    Example:

    >>> normal((2, 3), seed=1).shape
    TensorShape([2, 3])
    """
    return _draw(tf.random.stateless_normal, shape, seed, dtype)


def uniform(shape, seed, dtype="float32"):
    """Draw from the uniform distribution on [0, 1), by the generator that `normal` takes, and with its arguments.

    Example:

    >>> uniform((2, 3), seed=1).shape
    TensorShape([2, 3])
    """
    return _draw(tf.random.stateless_uniform, shape, seed, dtype)


def _draw(distribution, shape, seed, dtype):
    seed = seed.next() if isinstance(seed, keras.random.SeedGenerator) else tf.constant([int(seed), 0])
    algorithm = "threefry" if _under_xla.get() and on_cpu() else "auto_select"
    return distribution(shape, seed, dtype=tf.as_dtype(dtype), alg=algorithm)


def compiled(function, jit_compile=False):
    """`function` of tensors as one compiled graph, with XLA if `jit_compile`."""

    def traced(*tensors):
        with under_xla(jit_compile):
            return function(*tensors)

    return tf.function(traced, jit_compile=jit_compile, reduce_retracing=True, autograph=False)


def fuse_steps(step, result, steps, fallback):
    """A training function whose `steps` steps are ONE program of the XLA compiler.

    Keras's `steps_per_execution` calls one compiled step after another; each call hands over every variable anew,
    which for a small network costs as much as its arithmetic. Here the loop is inside: batches of equal size are
    stacked and the loop's length is a tensor, so that a short last execution needs no second program. A batch of
    another size is an execution of its own.

    Args:
        step: Callable of one batch, the model's `train_step`; its return value is dropped.
        result: Callable that returns the logs after the last step.
        steps: Number of batches taken by one call, >= 1.
        fallback: The training function for anything that is not a `tf.data` iterator.

    Returns:
        Callable of an iterator that trains on `steps` batches, or on what is left, and returns the logs.
    """

    def loop(stacked, count):
        def body(i):
            step(tf.nest.map_structure(lambda t: t[i], stacked))
            return (i + 1,)

        tf.while_loop(lambda i: i < count, body, (tf.constant(0),))
        return result()

    loop = compiled(loop, jit_compile=True)

    @tf.function(reduce_retracing=True, autograph=False)
    def execute(iterator, limit):
        """Train on up to `limit` batches, up to the first of another size; gives the logs and their number."""
        first = iterator.get_next()
        spec = tf.nest.map_structure(tf.TensorSpec.from_tensor, first)
        arrays = [tf.TensorArray(t.dtype, steps, element_shape=t.shape).write(0, t) for t in tf.nest.flatten(first)]

        def next_of(i):
            return tf.cond(i < limit, iterator.get_next_as_optional, lambda: tf.experimental.Optional.empty(spec))

        def fits(optional):
            def same():
                pairs = zip(tf.nest.flatten(optional.get_value()), tf.nest.flatten(first), strict=True)
                return tf.reduce_all([tf.shape(a)[0] == tf.shape(b)[0] for a, b in pairs])

            return tf.cond(optional.has_value(), same, lambda: tf.constant(False))

        def take(i, optional, arrays):
            arrays = [a.write(i, t) for a, t in zip(arrays, tf.nest.flatten(optional.get_value()), strict=True)]
            return i + 1, next_of(i + 1), arrays

        count, left, arrays = tf.while_loop(lambda i, optional, _: fits(optional), take, (1, next_of(1), arrays))
        logs = loop(tf.nest.pack_sequence_as(first, [a.stack() for a in arrays]), count)

        def odd():
            return loop(tf.nest.map_structure(lambda t: t[None], left.get_value()), tf.constant(1)), count + 1

        return tf.cond(left.has_value(), odd, lambda: (logs, count))

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
