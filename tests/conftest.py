"""Fixed seeds and clean Keras state for every test, and the small data that they share."""

import gc
import importlib
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # exact figures and bit-equal runs are promised for CPUs

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import data
from tests import faster

faster.share_kernels_of_variables()
faster.optimize_graphs(False)
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
def _faster(request, monkeypatch):
    """Apply `tests.faster`, except for what a test is marked to have as users have it."""
    as_for_users = request.node.get_closest_marker("as_for_users") is not None
    faster.optimize_graphs(as_for_users)
    faster.keep_kernels(request.node.get_closest_marker("compiled") is None)
    if not as_for_users:
        monkeypatch.setattr(keras.optimizers.Adam, "update_step", faster.adam_update_step)


@pytest.fixture(autouse=True, scope="session")
def _cache(tmp_path_factory):
    """Classifiers that tests train are kept apart from the user's, and shared by all tests of a run."""
    of_process = tmp_path_factory.getbasetemp()
    folder = (of_process.parent if "PYTEST_XDIST_WORKER" in os.environ else of_process) / "cache"
    folder.mkdir(exist_ok=True)
    os.environ["KERAS_GEN_CACHE"] = str(folder)


@pytest.fixture(autouse=True, scope="module")
def _memory():
    """Collect garbage once a file, which takes a third of a second, and freeze what is left: no later walk sees it."""
    yield
    faster.clear_kernels()
    gc.collect()
    gc.freeze()


@pytest.fixture
def short_googlenet(monkeypatch):
    """GoogLeNet has two modules, which stand for its nine: these are alike, and cost seconds each."""
    source = importlib.import_module("keras_gen.networks.classifiers.googlenet")
    monkeypatch.setattr(source, "_MODULES", {name: source._MODULES[name] for name in ("3a", "5a")})


@pytest.fixture(scope="session")
def digits():
    """Real 8x8 digits in [0, 1]: 28 of the training part, three batches of 8 and one of 4."""
    return np.array(data.load("digits")[0].x[:28])


@pytest.fixture(scope="session")
def labels():
    """The labels of `digits`."""
    return np.array(data.load("digits")[0].y[:28])
