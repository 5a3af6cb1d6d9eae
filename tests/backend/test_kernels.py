import numpy as np
import tensorflow as tf
from keras import ops

from keras_gen import backend


def test_sum_rows_is_the_sum():
    values = np.random.default_rng(0).standard_normal((5, 784)).astype("float32")
    np.testing.assert_allclose(
        backend.sum_rows(ops.convert_to_tensor(values)), values.sum(axis=1), rtol=1e-4, atol=1e-4
    )


def test_sum_rows_of_a_number_of_columns_known_at_run_time():
    values = np.random.default_rng(0).standard_normal((5, 7)).astype("float32")
    sums = tf.function(backend.sum_rows, input_signature=[tf.TensorSpec((None, None), "float32")])(values)
    np.testing.assert_allclose(sums, values.sum(axis=1), rtol=1e-5, atol=1e-5)
