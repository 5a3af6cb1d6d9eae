"""Fixed seeds and clean Keras state for every test, and the small data that they share."""

import gc
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # exact figures and bit-equal runs are promised for CPUs

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import data

gc.freeze()  # what was imported stays: no later walk has to pass over it


@pytest.fixture(autouse=True)
def _fixed_seed():
    keras.utils.set_random_seed(1)
    yield
    keras.config.set_dtype_policy("float32")
    keras.backend.clear_session(free_memory=False)


@pytest.fixture(autouse=True)
def _eagerly(request):
    """No graph is made, which takes seconds and memory, unless a test is marked `compiled`."""
    tf.config.run_functions_eagerly(request.node.get_closest_marker("compiled") is None)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(autouse=True)
def _fast_adam(request, monkeypatch):
    """Adam is one operation of TensorFlow: Keras's many take more than half of the time of an eager step."""
    if request.node.get_closest_marker("adam_of_keras") is None:
        monkeypatch.setattr(keras.optimizers.Adam, "update_step", _update_step)


def _update_step(optimizer, gradient, variable, learning_rate, of_keras=keras.optimizers.Adam.update_step):
    if optimizer.amsgrad or isinstance(gradient, tf.IndexedSlices):
        of_keras(optimizer, gradient, variable, learning_rate)
        return
    index, step = optimizer._get_variable_index(variable), tf.cast(optimizer.iterations.value + 1, variable.dtype)
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=optimizer._momentums[index].value.handle,
        v=optimizer._velocities[index].value.handle,
        beta1_power=optimizer.beta_1**step,
        beta2_power=optimizer.beta_2**step,
        lr=tf.cast(learning_rate, variable.dtype),
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        epsilon=optimizer.epsilon,
        grad=tf.cast(gradient, variable.dtype),
    )


@pytest.fixture(autouse=True, scope="session")
def _cache(tmp_path_factory):
    """Classifiers that tests train are kept apart from the user's, and shared by all tests of a run."""
    of_process = tmp_path_factory.getbasetemp()
    folder = (of_process.parent if "PYTEST_XDIST_WORKER" in os.environ else of_process) / "cache"
    folder.mkdir(exist_ok=True)
    os.environ["KERAS_GEN_CACHE"] = str(folder)


@pytest.fixture(autouse=True, scope="module")
def _memory():
    """A walk over all that was made takes a third of a second: once a file, and never again over what is left."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def digits():
    """Real 8x8 digits in [0, 1]: 28 of the training part, three batches of 8 and one of 4."""
    return np.array(data.load("digits")[0].x[:28])


@pytest.fixture(scope="session")
def labels():
    """The labels of `digits`."""
    return np.array(data.load("digits")[0].y[:28])
