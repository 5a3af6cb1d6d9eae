import keras
import numpy as np
import pytest
from keras import ops

from keras_gen.input_optimization import SteepestDescent

GRADIENT = np.array([[3.0, -4.0], [0.0, 0.0], [1e-5, 0.0]], "float32")


@pytest.mark.parametrize(
    ("norm", "expected"),
    [("linf", [[-0.5, 0.5], [0, 0], [-0.5, 0]]), ("l2", [[-0.3, 0.4], [0, 0], [-0.5, 0]])],
)
def test_a_step_has_its_length_whatever_the_gradients(norm, expected):
    x = keras.Variable(np.zeros((3, 2), "float32"))
    SteepestDescent(0.5, norm).apply([ops.convert_to_tensor(GRADIENT)], [x])
    np.testing.assert_allclose(np.asarray(x.value), expected, rtol=1e-6)


def test_its_configuration_and_its_rate():
    optimizer = SteepestDescent(0.25, "l2")
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert copy.norm == "l2"
    assert float(copy.learning_rate) == 0.25
    with pytest.raises(ValueError, match="Unknown norm"):
        SteepestDescent(norm="l1")
