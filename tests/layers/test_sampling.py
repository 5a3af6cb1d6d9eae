import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from keras_gen import backend
from keras_gen.layers import ReplicaSeedGenerator, reparameterize


def test_draws_have_the_stated_distribution():
    mean, log_var = ops.full((20000, 1), 2.0), ops.full((20000, 1), np.log(9.0))
    z = np.asarray(reparameterize(mean, log_var, seed=1))[:, 0]
    assert stats.kstest(z, "norm", args=(2, 3)).pvalue > 1e-3


def test_several_samples_are_independent_draws():
    z = np.asarray(reparameterize(ops.zeros((4000, 1)), ops.zeros((4000, 1)), seed=1, samples=2))
    assert z.shape == (4000, 2, 1)
    assert abs(np.corrcoef(z[:, 0, 0], z[:, 1, 0])[0, 1]) < 0.06


def test_gradients_reach_both_parameters():
    mean, log_var = ops.zeros((3, 2)), ops.zeros((3, 2))
    noise = np.asarray(reparameterize(mean, log_var, seed=1))
    np.testing.assert_allclose(backend.input_gradient(lambda m: reparameterize(m, log_var, 1), mean), np.ones((3, 2)))
    by_log_var = backend.input_gradient(lambda v: reparameterize(mean, v, 1), log_var)
    np.testing.assert_allclose(by_log_var, noise / 2, rtol=1e-6)


def test_generator_restarts():
    generator = ReplicaSeedGenerator(seed=5)
    first = generator.next().numpy()
    assert not np.array_equal(generator.next().numpy(), first)
    generator.restart()
    np.testing.assert_array_equal(generator.next().numpy(), first)


@pytest.mark.parametrize("ordered", [True, False])
def test_generator_is_keras_own_on_one_replica(ordered):
    ours, theirs = ReplicaSeedGenerator(seed=5), keras.random.SeedGenerator(seed=5)
    for _ in range(3):
        np.testing.assert_array_equal(ours.next(ordered).numpy(), theirs.next(ordered).numpy())
