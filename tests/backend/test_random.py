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
