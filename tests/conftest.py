"""Fixed seeds and clean Keras state for every test, and the small data that they share."""

import functools
import gc
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # exact figures and bit-equal runs are promised for CPUs

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import data
from keras_gen.training import GenerativeModel, compilation

gc.freeze()  # what was imported stays: no later walk has to pass over it


@pytest.fixture(autouse=True)
def _fixed_seed():
    keras.utils.set_random_seed(1)
    yield
    keras.config.set_dtype_policy("float32")
    keras.backend.clear_session(free_memory=False)


@pytest.fixture(autouse=True, scope="session")
def _plainly_compiled():
    """Steps are traced and no more, in half the time, where a test does not ask for what users get by `optimized`."""
    chosen = compilation.chosen_execution

    def without_xla(layers, policies, jit_compile, *others, **options):
        execution = chosen(layers, policies, jit_compile, *others, **options)
        return (False, *execution[1:]) if jit_compile == "auto" else execution

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compilation, "chosen_execution", without_xla)
        _optimize_graphs(False)
        yield chosen


@pytest.fixture(autouse=True)
def _optimized(request, monkeypatch, _plainly_compiled):
    """Under the mark `optimized` XLA compiles what it compiles for users, and TensorFlow optimises its graphs."""
    if request.node.get_closest_marker("optimized") is None:
        yield
        return
    monkeypatch.setattr(compilation, "chosen_execution", _plainly_compiled)
    _optimize_graphs(True)
    yield
    _optimize_graphs(False)


def _optimize_graphs(on):
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": not on})


@pytest.fixture
def without_graphs(monkeypatch):
    """Models run eagerly: a graph would be traced for many times as long as a model trains."""
    for kind in (keras.Model, GenerativeModel):
        monkeypatch.setattr(kind, "compile", functools.partialmethod(kind.compile, run_eagerly=True))


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
