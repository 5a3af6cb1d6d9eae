"""Random draws by the generator that is fastest in compiled code."""

import contextlib
import contextvars

import keras
import tensorflow as tf

from keras_gen.backend.devices import on_cpu

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
    """
    return _draw(tf.random.stateless_normal, shape, seed, dtype)


def uniform(shape, seed, dtype="float32"):
    """Draw from the uniform distribution on [0, 1), with the generator and the arguments of `normal`."""
    return _draw(tf.random.stateless_uniform, shape, seed, dtype)


def _draw(distribution, shape, seed, dtype):
    seed = seed.next() if isinstance(seed, keras.random.SeedGenerator) else tf.constant([int(seed), 0])
    compiled = _under_xla.get() and not tf.config.functions_run_eagerly()
    algorithm = "threefry" if compiled and on_cpu() else "auto_select"
    return distribution(shape, seed, dtype=tf.as_dtype(dtype), alg=algorithm)
