"""Training on several replicas and workers, in fresh processes, for TensorFlow fixes its devices when it begins."""

import contextlib
import dataclasses
import json
import os
import signal
import socket
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import backend, load_model, models, networks, runs
from keras_gen.callbacks import advice
from keras_gen.layers.sampling import ReplicaSeedGenerator, draw_by_replica
from keras_gen.runs import training
from tests import contract, faster
from tests.test_contract import MODELS, REPRESENTATIVES, SHAPE, small, small_cyclegan
from tests.toy import Pull

pytestmark = pytest.mark.compiled


def small_gan(kind, **options):
    return kind(networks.mlp_generator(3, (6,), SHAPE), networks.mlp_discriminator(SHAPE, (6,)), 3, **options)


def conditional_gan():
    generator = networks.mlp_generator(3, (6,), SHAPE, num_classes=10)
    discriminator = networks.mlp_discriminator(SHAPE, (6,), num_classes=10)
    return models.ConditionalGAN(generator, discriminator, 3, 10, n_critic=2, ema=0.9)


def bigan():
    encoder = networks.mlp_encoder(SHAPE, (6,), 3, heads=1)
    parts = networks.mlp_generator(3, (6,), SHAPE), encoder, networks.mlp_discriminator(SHAPE, (6,), condition_dim=3)
    return models.BiGAN(*parts, 3)


FAMILIES = {  # without batch statistics, pools and Keras's own noise, which differ between shares of a batch
    "deep contractive autoencoder": MODELS["deep contractive autoencoder"],
    "incomplete autoencoder": MODELS["incomplete autoencoder"],
    "VAE": MODELS["vae"],
    "IWAE": MODELS["burda-vae"],
    "convolutional VAE": MODELS["convolutional-vae"],
    "VAE of two conditions": MODELS["VAE of two conditions"],
    "semi-supervised VAE": MODELS["semi-supervised-vae"],
    "regularised classifier": MODELS["regularised classifier"],
    "GAN": MODELS["gan"],
    "conditional GAN of two updates": conditional_gan,
    "WGAN": lambda: small_gan(models.WGAN, n_critic=2),
    "dense WGAN-GP": MODELS["dense WGAN-GP"],
    "BiGAN": bigan,
    "CycleGAN": lambda: small_cyclegan(pool_size=0),
    "pix2pix": small("pix2pix", width=0.03, dropout=0.0),
    "SRResNet": MODELS["srresnet"],
    "SRGAN": MODELS["srgan"],
    "two players": MODELS["two players"],
}
EPOCHS = 4  # of 3 steps


VALIDATED = {MODELS["vae"], MODELS["dense WGAN-GP"], *(MODELS[name] for name in REPRESENTATIVES - set(FAMILIES))}


def trained(make, images, labels, strategy=None):
    """A model after four epochs, some also validated, whose steps take as long to trace: the pair (state, history)."""
    with (strategy or tf.distribute.get_strategy()).scope():
        model = contract.built(make, keras.optimizers.SGD(0.01))
    arrays = contract.example_arrays(model.data_description, images, labels, whole=True)
    history = contract.fit(model, arrays, epochs=EPOCHS, validation_data=arrays if make in VALIDATED else None)
    for variable in [*model.variables, *model.optimizer.variables]:
        copies = [copy.numpy() for copy in getattr(variable.value, "values", ())]
        # Each replica has batch statistics of its own unless a BatchNormalization is `synchronized`
        if not variable.path.rpartition("/")[2].startswith("moving_"):
            assert all((copies[0] == copy).all() for copy in copies), f"the replicas differ in {variable.path}"
    assert_finite(history)
    return contract.state(model), history


def assert_finite(history):
    assert all(np.isfinite(values).all() for values in history.values())


def assert_equal_trainings(family, expected, found):
    try:
        contract.assert_same_state(expected[0], found[0], tolerance=1e-5)
        for name, values in expected[1].items():
            np.testing.assert_allclose(found[1][name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    except AssertionError as error:
        raise AssertionError(f"{family}: {error}") from None


def two_replicas():
    """A strategy of two replicas on one processor."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return backend.strategy("mirrored")


def _on_replicas(task):
    strategy = two_replicas()
    assert strategy.num_replicas_in_sync == 2
    for name in sorted(REPRESENTATIVES - set(FAMILIES)):
        trained(MODELS[name], *task, strategy)
    return {family: trained(make, *task, strategy) for family, make in FAMILIES.items()}


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
    assert advice.learning_rates(model) == "0.1"
    ninth_alone = tf.data.Dataset.from_tensor_slices(x[:9]).batch(4)  # is left out
    assert_finite(model.fit(ninth_alone, verbose=0).history)
    for size in 1, 3, 6:
        with pytest.raises(
            ValueError, match="Expected: a batch that divides among 2 devices and the 2 updates of a step"
        ):
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
    cluster, images, labels = task
    os.environ["TF_CONFIG"] = json.dumps(cluster)
    strategy = backend.strategy("multiworker")
    assert strategy.num_replicas_in_sync == 2
    assert backend.is_chief(strategy) == (cluster["task"]["index"] == 0)
    trainings = {family: trained(make, images, labels, strategy) for family, make in FAMILIES.items()}
    backend.barrier(strategy)
    return trainings


def clusters(count=2):
    """Descriptions of a cluster of workers on this machine, one for each."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{free.getsockname()[1]}" for free in sockets]
    return [{"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}} for index in range(count)]


def test_replicas_and_workers_train_every_family_as_one_device(digits, labels):
    task = digits[:24], labels[:24]  # of a short last batch a worker would get nothing to validate on
    replicas = contract.in_fresh_process(_on_replicas, task)
    workers = contract.in_fresh_processes(_on_worker, [(cluster, *task) for cluster in clusters()])
    for family, make in FAMILIES.items():
        one, other = (worker[family] for worker in workers)
        assert one[1] == other[1]
        contract.assert_same_state(one[0], other[0])
        expected = trained(make, *task)
        for found in (replicas[family], one):
            assert_equal_trainings(family, expected, found)


SETTINGS = runs.Settings("vae", epochs=2, batch_size=96, options={"width": 0.02, "doctor": False, "save_every": 10})


class Die(keras.callbacks.Callback):
    """Ends its process at once in the second epoch, behind a save."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.epochs_completed == 1 and batch == 11:
            os.kill(os.getpid(), signal.SIGKILL)


def _job(cluster, folder, dies):
    faster.optimize_graphs(False)
    os.environ["TF_CONFIG"] = json.dumps(cluster)
    if dies:
        of_settings = training.callbacks_of
        training.callbacks_of = lambda context: [*of_settings(context), Die()]
    try:
        runs.train(SETTINGS, folder, resume=True, verbose=0, strategy="multiworker")
    except ConnectionError as error:
        assert "A worker of the cluster is lost" in str(error)
        sys.exit(3)


def _finished(folder, killed=None):
    """The exit codes of the workers of a job that trains in a folder, one of which may be killed."""
    workers = [
        contract.FRESH.Process(target=_job, args=(cluster, folder, number == killed))
        for number, cluster in enumerate(clusters())
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
        worker.kill()
    return [worker.exitcode for worker in workers]


def test_a_job_whose_chief_is_killed_goes_on_and_ends_as_an_unbroken_one(tmp_path):
    assert _finished(tmp_path / "broken", killed=0) == [-signal.SIGKILL, 3]
    broken = load_model(tmp_path / "broken")
    assert broken.epochs_completed == 1 and broken.place_in_epoch.steps == 10
    assert _finished(tmp_path / "broken") == _finished(tmp_path / "whole") == [0, 0]
    expected, found = (contract.state(load_model(tmp_path / name)) for name in ("whole", "broken"))
    contract.assert_same_state(expected, found)
    # Means over replicas, which a save adds up, are rounded in another order
    paths = [tmp_path / name / "history.csv" for name in ("whole", "broken")]
    np.testing.assert_allclose(*(np.genfromtxt(path, delimiter=",", skip_header=1) for path in paths), rtol=1e-6)
    files = [path.name for path in (tmp_path / "broken").iterdir()]
    assert "model.keras" in files and not any("unfinished" in name for name in files)


def _run_on_replicas(folder):
    two_replicas()
    options = {"width": 0.02, "doctor": False, "pretrain_epochs": 1}
    settings = runs.Settings("stacked", epochs=1, batch_size=96, options=options)
    began = runs.train(settings, folder / "run", verbose=0, strategy="mirrored")
    with pytest.raises(ValueError, match="Expected: a batch that divides among 2 devices, a multiple of 2"):
        uneven = dataclasses.replace(settings, batch_size=97)
        runs.train(uneven, folder / "uneven", verbose=0, strategy="mirrored")
    for name in ("x", "y"):
        (folder / name).mkdir()
        keras.utils.save_img(folder / name / "a.png", np.zeros((8, 8, 3)))
    sets = {"x": str(folder / "x"), "y": str(folder / "y"), "size": 8, "width": 0.03}
    with pytest.raises(ValueError, match="Expected: a batch that divides among 2 devices, a multiple of 2"):
        pairs = runs.Settings("cyclegan", "pairs", epochs=1, batch_size=1, options=sets)
        runs.train(pairs, folder / "uneven", verbose=0, strategy="mirrored")
    assert not (folder / "uneven").exists()
    longer = dataclasses.replace(settings, epochs=2)
    return began.settings.replicas, runs.train(longer, folder / "run", True, {"epochs"}, verbose=0).settings.replicas


def test_a_run_on_replicas_goes_on_on_one_device(tmp_path):
    assert contract.in_fresh_process(_run_on_replicas, tmp_path) == (2, 1)
    assert load_model(tmp_path / "run").epochs_completed == 2
