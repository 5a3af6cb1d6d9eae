import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.input_optimization import adversarial
from tests.input_optimization.adversarial.classifiers import LABELS, UNIT, X, attacked, linear, norms


def test_confidence_reaches_a_margin_of_the_logits():
    result = attacked("carlini_wagner", linear(), confidence=0.5, search_steps=4)
    logits = ops.convert_to_numpy(linear()(result))
    assert (logits.max(axis=1) - logits[np.arange(6), LABELS] >= 0.499).all()


@pytest.mark.compiled
def test_carlini_wagner_moves_pixels_that_start_at_the_end_of_the_range():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
    network.layers[-1].set_weights([np.array([[1.0, -1.0], [-1.0, 1.0]], "float32")])
    result = adversarial.carlini_wagner(network, [[0.5, 0.0]], [0], steps=120, search_steps=5, value_range=(0, 1))
    np.testing.assert_allclose(result, [[0.25, 0.25]], atol=0.03)


@pytest.mark.compiled
def test_carlini_wagner_lowers_a_weight_that_is_too_large():
    options = {"first_weight": 100.0 * UNIT, "steps": 20, "learning_rate": 0.05}
    once, often = (attacked("carlini_wagner", linear(), **{**options, "search_steps": n}) for n in (1, 7))
    assert (norms(often - X) < 0.9 * norms(once - X)).all()


@pytest.mark.compiled
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_carlini_wagner_finds_a_near_class_that_is_not_second(scale):
    """Class 1 is second, but its boundary is 2 away; that of class 2 is 0.3 away."""
    network = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
    network.layers[-1].set_weights([scale * np.array([[0, 0.5, 0], [0, 0, 4]]), scale * np.array([0, -1, -1.2])])
    options = {"steps": 60, "learning_rate": 0.02, "search_steps": 5, "first_weight": 0.1 / scale}
    result = adversarial.carlini_wagner(network, np.zeros((1, 2)), [0], value_range=(-5, 5), **options)
    np.testing.assert_allclose(result, [[0.0, 0.3]], atol=0.02)
