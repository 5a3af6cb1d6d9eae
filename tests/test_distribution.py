"""Training on several replicas: two logical CPUs in a fresh process, for devices are fixed once TensorFlow begins."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from keras_gen import backend, presets
from keras_gen.layers import ReplicaSeedGenerator
from tests.training.test_generative_model import Pull

x = np.random.default_rng(0).random((32, 3)).astype("float32")

def trained(strategy):
    with strategy.scope():
        model = Pull(moves=2)
        model.compile(keras.optimizers.SGD(0.1))
    history = model.fit(x, batch_size=8, epochs=3, shuffle=False, validation_data=x, verbose=0).history
    return np.array([float(model.value(n)) for n in (model.first, model.second)]), history

two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert two.num_replicas_in_sync == 2
(one_value, one_logs), (two_value, two_logs) = trained(tf.distribute.get_strategy()), trained(two)
np.testing.assert_allclose(one_value, two_value, rtol=1e-5)
np.testing.assert_allclose(one_logs["val_loss"], two_logs["val_loss"], rtol=1e-5)

with two.scope():
    generator = ReplicaSeedGenerator(3)
draws = two.run(lambda: backend.normal((4,), generator)).values
assert not np.allclose(draws[0], draws[1]), "replicas must not draw the same noise"

with two.scope():
    vae = presets.build("vae", (3,), width=0.02)
assert np.isfinite(vae.fit(x, batch_size=8, epochs=2, verbose=0).history["loss"]).all()
print("equal")
"""


def test_two_replicas_train_as_one():
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment)
    assert done.stdout.strip().endswith("equal"), done.stderr[-3000:]
