"""What makes tests faster changes nothing that they see."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from tests import faster


def trained(updates=5):
    optimizer = keras.optimizers.Adam(0.1, beta_1=0.5, epsilon=1e-3)
    weight = keras.Variable(np.linspace(-1, 1, 6, dtype="float32"))
    for gradient in np.random.default_rng(0).normal(size=(updates, 6)).astype("float32"):
        optimizer.apply([gradient], [weight])
    return [keras.ops.convert_to_numpy(variable) for variable in (weight, *optimizer.variables)]


def test_adam_of_tests_is_that_of_keras(monkeypatch):
    fast, update_step = trained(), keras.optimizers.Adam.update_step
    monkeypatch.undo()
    assert keras.optimizers.Adam.update_step is not update_step
    for found, expected in zip(fast, trained(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)  # in float32, 1 - 0.999 has a relative error of 5e-5


@pytest.mark.as_for_users
def test_marked_tests_use_adam_of_keras():
    assert keras.optimizers.Adam.update_step.__module__.startswith("keras")


def nodes_run():
    """Number of nodes of a graph of constants as TensorFlow has run it: its optimizer leaves one constant."""
    context.context().enable_graph_collection()
    try:
        tf.function(lambda: tf.constant(1.0) + tf.constant(2.0) * tf.constant(3.0))()
        graphs = context.context().export_run_metadata().function_graphs
    finally:
        context.context().disable_graph_collection()
    return len(graphs[0].post_optimization_graph.node)


@pytest.mark.compiled
def test_graphs_are_run_as_they_are():
    assert nodes_run() >= 5


@pytest.mark.compiled
@pytest.mark.as_for_users
def test_marked_tests_optimize_graphs():
    assert nodes_run() < 5


def random_numbers():
    tf.random.set_seed(0)
    return tf.random.uniform((3,), seed=1).numpy()


def test_kernels_are_kept_and_with_them_their_random_states():
    assert (random_numbers() != random_numbers()).any()


@pytest.mark.compiled
def test_compiled_tests_keep_no_kernels():
    np.testing.assert_array_equal(random_numbers(), random_numbers())


def test_variables_that_share_a_kernel_are_variables_of_their_own():
    first, second = (tf.Variable([value], name=name) for value, name in ((1.0, "a"), (2.0, "b")))
    first.assign([5.0])
    assert (float(first[0]), float(second[0]), first.name, second.name) == (5, 2, "a:0", "b:0")
    faster.clear_kernels()
    assert float(first[0] + second[0]) == 7
