import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_gen import backend
from keras_gen.layers import ReplicaSeedGenerator


@pytest.mark.parametrize("jit_compile", [False, True])
def test_normal_draws_are_standard_and_follow_the_seed(jit_compile):
    generator = ReplicaSeedGenerator(seed=3)
    draw = backend.compiled(lambda x: x * 0 + backend.normal((20000,), generator), jit_compile=jit_compile)
    first, second = draw(tf.zeros(())).numpy(), draw(tf.zeros(())).numpy()
    assert stats.kstest(first, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03
    generator.restart()
    np.testing.assert_array_equal(draw(tf.zeros(())).numpy(), first)


def test_shares_of_a_draw_are_rows_of_that_of_one_device(monkeypatch):
    def draws():
        generator = keras.random.SeedGenerator(3)
        return [np.asarray(draw((4, 5), generator)) for draw in (backend.normal, backend.uniform)]

    shares = []
    for replica in range(3):
        monkeypatch.setattr("keras_gen.backend.random.shares", lambda: 3)
        monkeypatch.setattr("keras_gen.backend.random.replica_id", lambda replica=replica: replica)
        shares.append(draws())
    monkeypatch.undo()
    generator = keras.random.SeedGenerator(3)
    for number, draw in enumerate((backend.normal, backend.uniform)):
        np.testing.assert_array_equal(np.concatenate([share[number] for share in shares]), draw((12, 5), generator))
