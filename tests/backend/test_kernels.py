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


def test_sums_of_long_rows_take_no_matrix_and_are_exact():
    values = np.random.default_rng(0).random((2, 2**17), "float32")
    traced = tf.function(backend.sum_rows, input_signature=[tf.TensorSpec(values.shape, "float32")])
    size = traced.get_concrete_function().graph.as_graph_def().ByteSize()
    assert size < 10_000, "bytes of the graph"
    np.testing.assert_allclose(traced(values), values.sum(axis=1, dtype="float64"), rtol=1e-6)
