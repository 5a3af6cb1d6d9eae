"""Random draws by the generator that is fastest in compiled code."""

import contextlib
import contextvars

import keras
import tensorflow as tf

from keras_gen.backend.devices import on_cpu, replica_id, shares

_under_xla = contextvars.ContextVar("under_xla", default=False)


@contextlib.contextmanager
def under_xla(active):
    """A context that states whether XLA compiles the code traced in it, for `normal` and `uniform`."""
    token = _under_xla.set(bool(active))
    try:
        yield
    finally:
        _under_xla.reset(token)


def normal(shape, seed, dtype="float32"):
    """Draw from the standard normal distribution.

    On a CPU, XLA takes 200 ns per number with the Philox generator of `keras.random` and 10 ns with Threefry, so draws
    under XLA use Threefry. A model thus sees different noise with and without XLA, as it does with `keras.random`.
    `shape` is a tuple of integers or scalar tensors, `seed` a `keras.random.SeedGenerator` or an integer.

    Replicas that share a batch draw what one device draws for the whole of it, and each takes the rows of its share:
    the noise of an example does not depend on the number of devices. An integer gives all replicas the same numbers.
    """
    return _draw(tf.random.stateless_normal, shape, seed, dtype)


def uniform(shape, seed, dtype="float32"):
    """Draw from the uniform distribution on [0, 1), with the generator and the arguments of `normal`."""
    return _draw(tf.random.stateless_uniform, shape, seed, dtype)


def _draw(distribution, shape, seed, dtype):
    compiled = _under_xla.get() and not tf.config.functions_run_eagerly()
    algorithm = "threefry" if compiled and on_cpu() else "auto_select"
    options = {"dtype": tf.as_dtype(dtype), "alg": algorithm}
    if not isinstance(seed, keras.random.SeedGenerator):
        return distribution(shape, tf.constant([int(seed), 0]), **options)
    seed = keras.random.SeedGenerator.next(seed)  # that of all replicas, also of a `ReplicaSeedGenerator`
    if (number := shares()) == 1:
        return distribution(shape, seed, **options)
    rows = shape[0]
    drawn = distribution((number * rows, *shape[1:]), seed, **options)
    return drawn[replica_id() * rows :][:rows]
