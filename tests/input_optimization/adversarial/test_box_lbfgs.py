import keras
import numpy as np

from tests.input_optimization.adversarial.classifiers import WEIGHTS, X, attacked, linear


def test_lbfgs_leaves_an_image_that_cannot_be_fooled():
    network = keras.models.clone_model(linear())
    network.layers[-1].set_weights([0 * WEIGHTS, np.array([2.0, 0.0, 0.0], "float32")])
    result = attacked("lbfgs", network, labels=np.zeros(6, int), steps=3, search_steps=1)
    np.testing.assert_array_equal(result, X)
