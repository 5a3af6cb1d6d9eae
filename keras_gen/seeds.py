"""Random draws that a call makes for itself, without changing those of its caller."""

import contextlib
import random


@contextlib.contextmanager
def seeded(seed):
    """Draw what Keras takes from Python's generator (weights, noise, order) from `seed`, and restore the generator.

    Example:

    >>> import keras
    >>> with seeded(3):
    ...     first = keras.random.SeedGenerator().next()
    >>> with seeded(3):
    ...     second = keras.random.SeedGenerator().next()
    >>> bool(keras.ops.all(first == second))
    True
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
