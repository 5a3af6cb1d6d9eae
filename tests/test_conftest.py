"""What the tests replace to run faster does what it replaces."""

import keras
import numpy as np
import pytest


def _trained(updates=5):
    optimizer, weight = (
        keras.optimizers.Adam(0.1, beta_1=0.5, epsilon=1e-3),
        keras.Variable(np.linspace(-1, 1, 6, dtype="float32")),
    )
    for gradient in np.random.default_rng(0).normal(size=(updates, 6)).astype("float32"):
        optimizer.apply([gradient], [weight])
    return [keras.ops.convert_to_numpy(variable) for variable in (weight, *optimizer.variables)]


def test_adam_of_eager_tests_is_that_of_keras(request):
    of_tests, name = _trained(), keras.optimizers.Adam.update_step.__name__
    assert name == "_adam"
    request.getfixturevalue("monkeypatch").undo()
    assert keras.optimizers.Adam.update_step.__name__ == "update_step"
    for found, expected in zip(of_tests, _trained(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)  # in float32, 1 - 0.999 has a relative error of 5e-5


@pytest.mark.compiled
def test_compiled_tests_run_the_adam_of_keras():
    assert keras.optimizers.Adam.update_step.__name__ == "update_step"
