"""Training on several replicas, in fresh processes, for devices and workers are fixed once TensorFlow begins."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPLICAS = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from keras_gen import backend, models, networks, presets
from keras_gen.layers import ReplicaSeedGenerator, draw_by_replica
from tests.training.test_generative_model import Pull
from tests.training.test_forward_pass import OwnerFirst

x = np.random.default_rng(0).random((32, 3)).astype("float32")

def trained(strategy):
    with strategy.scope():
        model = Pull(updates=2)
        model.compile(keras.optimizers.SGD(0.1))
    history = model.fit(x, batch_size=8, epochs=3, shuffle=False, validation_data=x, verbose=0).history
    few = model.evaluate(x[:7], batch_size=3, verbose=0)  # of the seventh the second of two replicas gets nothing
    values = [float(model.value(n)) for n in (model.first, model.second)]
    foreign = tf.data.Dataset.from_tensor_slices(x[:9]).batch(4)  # the ninth alone is left out
    assert np.isfinite(model.fit(foreign, verbose=0).history["loss"]).all()
    return np.array([*values, *few]), history

two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert two.num_replicas_in_sync == 2
(one_value, one_logs), (two_value, two_logs) = trained(tf.distribute.get_strategy()), trained(two)
np.testing.assert_allclose(one_value, two_value, rtol=1e-5)
np.testing.assert_allclose(one_logs["val_loss"], two_logs["val_loss"], rtol=1e-5)

for strategy in tf.distribute.get_strategy(), two:
    with strategy.scope():
        model = OwnerFirst(keras.regularizers.L2(0.5))
        model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    model.fit(np.full((4, 1), 2.0), batch_size=4, verbose=0)
    np.testing.assert_allclose(model.maker.get_weights()[0], 0.3, rtol=1e-5)  # as in test_forward_pass.py

with two.scope():
    generator = ReplicaSeedGenerator(3)
draws = two.run(lambda: backend.normal((4,), generator)).values
assert not np.allclose(draws[0], draws[1]), "replicas must not draw the same noise"

with two.scope():
    noise = draw_by_replica(keras.layers.GaussianNoise(1.0))
draws = two.run(lambda: noise(keras.ops.zeros((4,)), training=True)).values
assert not np.allclose(draws[0], draws[1]), "nor may they of Keras's own layers"

with two.scope():
    vae = presets.build("vae", (3,), width=0.02)
assert np.isfinite(vae.fit(x, batch_size=8, epochs=2, verbose=0).history["loss"]).all()
with two.scope():
    pair = networks.mlp_generator(2, (4,), (3,)), networks.mlp_discriminator((3,), (4,))
    gan = models.WGANGP(*pair, 2, n_critic=2, ema=0.9, discriminator_warmup_steps=2, generator_warmup_steps=1)
    gan.compile("adam")
history = gan.fit(2 * x - 1, batch_size=8, epochs=3, validation_data=2 * x - 1, verbose=0).history
assert all(np.isfinite(values).all() for values in history.values())
assert int(keras.ops.convert_to_numpy(gan.steps_done)) == 12
with two.scope():
    translator = presets.build("cyclegan", (8, 8, 1), width=0.03, blocks=1, pool_size=3)
images = 2 * np.random.default_rng(0).random((7, 8, 8, 1)) - 1
shown = {"validation_data": (images, -images), "validation_batch_size": 3}
history = translator.fit(images, -images, batch_size=2, epochs=2, verbose=0, **shown).history  # the seventh is left out
assert all(np.isfinite(values).all() for values in history.values())
assert int(keras.ops.convert_to_numpy(translator.pool_x.stored)) == 3
for size in 1, 3:
    try:
        translator.fit(images, -images, batch_size=size, verbose=0)
    except ValueError as error:
        assert "updates of a step on each of 2 replicas. Expected: batch_size >= 2, a multiple of 2. Rec" in str(error)
    else:
        raise AssertionError("replicas of unlike shares must be refused")
for model in gan, translator:
    for variable in [*model.variables, *model.optimizer.variables]:
        copies = [copy.numpy() for copy in getattr(variable.value, "values", ())]
        assert all((copies[0] == copy).all() for copy in copies), f"the replicas differ in {variable.path}"
print("equal")
"""
WORKER = """
import json
import numpy as np, tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
import keras
from tests.toy import TwoPlayers

keras.utils.set_random_seed(0)
x = np.random.default_rng(0).random((32, 8, 8, 1)).astype("float32")
with strategy.scope():
    model = TwoPlayers.small()
    model.compile(keras.optimizers.SGD(0.01))
history = model.fit(x, batch_size=8, epochs=2, verbose=0).history
weights = [variable.astype(float).sum() for variable in model.get_weights()]
print(json.dumps([strategy.num_replicas_in_sync, history, weights]))
"""


def started(script, **variables):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **variables}
    command = [sys.executable, "-c", script]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_two_replicas_train_as_one():
    output, errors = started(REPLICAS).communicate()
    assert output.strip().endswith("equal"), errors[-3000:]


def test_two_workers_keep_the_same_weights_and_logs():
    with socket.socket() as first, socket.socket() as second:
        for free in (first, second):
            free.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{free.getsockname()[1]}" for free in (first, second)]
    tasks = [{"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}} for index in (0, 1)]
    workers = [started(WORKER, TF_CONFIG=json.dumps(task)) for task in tasks]
    try:
        answers = [worker.communicate(timeout=120) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [0, 0], answers[0][1][-3000:]
    (replicas, history, weights), other = (json.loads(output) for output, _ in answers)
    assert replicas == 2 and set(history) == {"loss", "critic_loss", "generator_loss"}
    assert [replicas, history, weights] == other
