"""Training on several replicas and workers, in fresh processes, for TensorFlow fixes its devices when it begins."""

import json
import os
import socket

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import backend, models
from keras_gen.layers.sampling import ReplicaSeedGenerator, draw_by_replica
from tests import contract
from tests.test_contract import MODELS, REPRESENTATIVES
from tests.toy import Pull

pytestmark = [pytest.mark.compiled, pytest.mark.as_for_users]
# Those that draw nothing and look at each example by itself, so that replicas must train as one device
EXACT = {"regularised classifier", "deep contractive autoencoder"}


def trained(name, images, labels, strategy=None):
    """A representative after two epochs: the pair (state, history)."""
    with (strategy or tf.distribute.get_strategy()).scope():
        model = contract.built(MODELS[name], contract.rmsprop())
    arrays = contract.example_arrays(model.data_description, images, labels, whole=True)
    history = contract.fit(model, arrays, epochs=2, validation_data=arrays)
    for variable in [*model.variables, *model.optimizer.variables]:
        copies = [copy.numpy() for copy in getattr(variable.value, "values", ())]
        # Each replica has batch statistics of its own unless a BatchNormalization is `synchronized`
        if not variable.path.rpartition("/")[2].startswith("moving_"):
            assert all((copies[0] == copy).all() for copy in copies), f"the replicas differ in {variable.path}"
    return contract.state(model), history


def assert_finite(history):
    assert all(np.isfinite(values).all() for values in history.values())


def assert_equal_trainings(expected, found):
    contract.assert_same_state(expected[0], found[0], tolerance=1e-4)
    for name, values in expected[1].items():
        np.testing.assert_allclose(found[1][name], values, rtol=1e-4, err_msg=name)


def two_replicas():
    """A strategy of two replicas on one processor."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def _on_replicas(task):
    strategy = two_replicas()
    assert strategy.num_replicas_in_sync == 2
    return trained(*task, strategy)


@pytest.mark.parametrize("name", sorted(REPRESENTATIVES))
def test_replicas_stay_equal_and_train_as_one_device(name, digits, labels):
    found = contract.in_fresh_process(_on_replicas, (name, digits, labels))
    assert_finite(found[1])
    if name in EXACT:
        assert_equal_trainings(trained(name, digits, labels), found)


def _several_updates(x, strategy=None):
    """Two players, one of two updates, on batches that replicas can and cannot share out."""
    with (strategy or tf.distribute.get_strategy()).scope():
        model = Pull(updates=2)
        model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    history = model.fit(x, batch_size=8, epochs=3, shuffle=False, validation_data=x, verbose=0).history
    few = model.evaluate(x[:7], batch_size=3, verbose=0)  # of the seventh the second of two replicas gets nothing
    return [float(model.value(network)) for network in (model.first, model.second)], few, history, model


def _several_updates_on_replicas(x):
    *results, model = _several_updates(x, two_replicas())
    ninth_alone = tf.data.Dataset.from_tensor_slices(x[:9]).batch(4)  # is left out
    assert_finite(model.fit(ninth_alone, verbose=0).history)
    for size in 1, 3:
        with pytest.raises(ValueError, match="updates of a step on each of 2 replicas. Expected: batch_size >= "):
            model.fit(x, batch_size=size, verbose=0)
    return results


def test_several_updates_on_replicas_are_those_on_one_device():
    x = np.random.default_rng(0).random((32, 3)).astype("float32")
    (values, few, history), (*expected, _) = (
        contract.in_fresh_process(_several_updates_on_replicas, x),
        _several_updates(x),
    )
    for one, other in zip(expected, (values, few, history), strict=True):
        one, other = (keras.tree.flatten(part) for part in (one, other))
        np.testing.assert_allclose(
            np.concatenate([np.ravel(part) for part in one]),
            np.concatenate([np.ravel(part) for part in other]),
            rtol=1e-5,
        )


def _measured(x, strategy=None):
    """A metric of `compile` on five examples, the last batch of one: of it the second of two replicas gets nothing."""
    with (strategy or tf.distribute.get_strategy()).scope():
        dense = keras.layers.Dense(2, kernel_initializer="ones", bias_initializer=lambda shape, dtype: [0.0, 1.0])
        model = models.Classifier(keras.Sequential([keras.Input((3,)), dense]))
        model.compile("sgd", metrics=[keras.metrics.SparseCategoricalAccuracy(name="measured")], jit_compile=False)
    return model.evaluate(x[:5], np.ones(5, "int64"), batch_size=4, verbose=0, return_dict=True)


def _measured_on_replicas(x):
    return _measured(x, two_replicas())


def test_metrics_do_not_count_what_stands_for_an_empty_share():
    x = np.random.default_rng(0).random((5, 3)).astype("float32")
    found = contract.in_fresh_process(_measured_on_replicas, x)
    assert found == pytest.approx(_measured(x), rel=1e-5) and found["measured"] == 1


def _draws_on_replicas(_):
    strategy = two_replicas()
    with strategy.scope():
        generator, noise = ReplicaSeedGenerator(3), draw_by_replica(keras.layers.GaussianNoise(1.0))
    draws = (
        strategy.run(lambda: backend.normal((4,), generator)),
        strategy.run(lambda: noise(keras.ops.zeros((4,)), training=True)),
    )
    return [[copy.numpy() for copy in draw.values] for draw in draws]


def test_replicas_draw_noise_of_their_own():
    """Of the library, and in layers of Keras's."""
    for first, second in contract.in_fresh_process(_draws_on_replicas, None):
        assert not np.isclose(first, second).any()


def _on_worker(task):
    cluster, *representatives = task
    os.environ["TF_CONFIG"] = json.dumps(cluster)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    assert strategy.num_replicas_in_sync == 2
    return [trained(*representative, strategy) for representative in representatives]


def test_workers_keep_equal_weights_and_logs_and_train_as_one_device(digits, labels):
    with socket.socket() as first, socket.socket() as second:
        for free in (first, second):
            free.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{free.getsockname()[1]}" for free in (first, second)]
    clusters = [{"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}} for index in (0, 1)]
    whole = digits[:24], labels[:24]  # of a short last batch a worker would get nothing
    names = "deep contractive autoencoder", "dense WGAN-GP"
    workers = contract.in_fresh_processes(
        _on_worker, [(cluster, *((name, *whole) for name in names)) for cluster in clusters]
    )
    for one, other in zip(*workers, strict=True):
        assert one[1] == other[1]
        contract.assert_same_state(one[0], other[0])
        assert_finite(one[1])
    assert_equal_trainings(trained(names[0], *whole), workers[0][0])
