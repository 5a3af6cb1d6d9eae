"""What tests use in place of Keras's, to run faster, gives the same."""

import keras
import numpy as np
import pytest


def trained(updates=5):
    optimizer = keras.optimizers.Adam(0.1, beta_1=0.5, epsilon=1e-3)
    weight = keras.Variable(np.linspace(-1, 1, 6, dtype="float32"))
    for gradient in np.random.default_rng(0).normal(size=(updates, 6)).astype("float32"):
        optimizer.apply([gradient], [weight])
    return [keras.ops.convert_to_numpy(variable) for variable in (weight, *optimizer.variables)]


def test_adam_of_tests_is_that_of_keras(monkeypatch):
    fast, update_step = trained(), keras.optimizers.Adam.update_step
    monkeypatch.undo()
    assert keras.optimizers.Adam.update_step is not update_step
    for found, expected in zip(fast, trained(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)  # in float32, 1 - 0.999 has a relative error of 5e-5


@pytest.mark.adam_of_keras
def test_marked_tests_use_adam_of_keras():
    assert keras.optimizers.Adam.update_step.__module__.startswith("keras")
