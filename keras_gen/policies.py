"""Keras's dtype policy for a part of a program."""

import contextlib

import keras


@contextlib.contextmanager
def dtype_policy(policy):
    """Use a dtype policy within the block, and restore the former one afterwards."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
