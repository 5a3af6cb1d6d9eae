import numpy as np
import pytest
from keras import ops

from tests.input_optimization.adversarial.classifiers import (
    LABELS,
    TARGETS,
    WEIGHTS,
    X,
    attacked,
    curved,
    linear,
    norms,
)


def test_fgsm_moves_every_pixel_by_epsilon_in_the_direction_of_the_gradient():
    result = attacked("fgsm", linear())
    probabilities = ops.convert_to_numpy(ops.softmax(linear()(X)))
    gradient = (probabilities - np.eye(3)[LABELS]) @ WEIGHTS.T
    np.testing.assert_allclose(result - X, 0.3 * np.sign(gradient).reshape(X.shape), atol=1e-6)
    towards = attacked("fgsm", linear(), targets=TARGETS)
    gradient = (probabilities - np.eye(3)[TARGETS]) @ WEIGHTS.T
    np.testing.assert_allclose(towards - X, -0.3 * np.sign(gradient).reshape(X.shape), atol=1e-6)


@pytest.mark.parametrize(("norm", "order"), [("linf", np.inf), ("l2", 2)])
def test_pgd_stays_in_its_ball_and_raises_the_loss_more_than_one_step(norm, order):
    network, labels = curved()

    def loss(x):
        return np.asarray(ops.sparse_categorical_crossentropy(labels, network(x), from_logits=True))

    result = attacked("pgd", network, labels=labels, norm=norm, epsilon=0.2, steps=20)
    assert (norms(result - X, order) <= 0.2 + 1e-5).all()
    if norm == "linf":
        assert loss(result).mean() >= loss(attacked("fgsm", network, labels=labels, epsilon=0.2)).mean() - 1e-3
    again, other = (
        attacked("pgd", network, labels=labels, norm=norm, epsilon=0.2, steps=2, seed=seed) for seed in (0, 1)
    )
    np.testing.assert_array_equal(again, attacked("pgd", network, labels=labels, norm=norm, epsilon=0.2, steps=2))
    assert (again != other).any()
