"""Milliseconds per training step of `models.Classifier` and of plain Keras `compile` and `fit`, in one run.

    pip install -e '.[benchmark]'
    python benchmarks/classifier.py --network lenet5
    python benchmarks/classifier.py --network conv --images 6400

Both train the same network with Adam on the same float32 images and labels, each as its users do: `fit` on arrays with
default settings. They take turns, round by round, so a drift in the machine's speed affects both alike; the ratios are
taken within a round. The first two epochs of each are not counted. The images are random: their content does not
matter.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import peers

from keras_gen import models, networks

BATCH, CLASSES = 100, 10


def small_convolutional():
    """Three convolutions and one dense layer, for colour images of 32x32."""
    layers = keras.layers
    parts = [layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu") for filters in (32, 64, 128)]
    return keras.Sequential([keras.Input((32, 32, 3)), *parts, layers.Flatten(), layers.Dense(CLASSES)])


NETWORKS = {"lenet5": lambda: networks.lenet5((28, 28, 1), CLASSES), "conv": small_convolutional}


def ours(network):
    model = models.Classifier(network)
    model.compile("adam")
    return model


def plain_keras(network):
    """The network itself, compiled."""
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return network


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=list(NETWORKS), default="lenet5")
    parser.add_argument("--images", type=int, default=20000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args(words)
    network, rng = NETWORKS[arguments.network], np.random.default_rng(0)
    x = rng.random((arguments.images, *network().input_shape[1:]), "float32")
    labels = rng.integers(0, CLASSES, len(x))
    contestants = {
        "keras_gen": peers.keras_epoch(ours(network()), (x, labels), BATCH),
        "plain Keras": peers.keras_epoch(plain_keras(network()), (x, labels), BATCH),
    }
    every, first = peers.operations(network())
    title = f"{arguments.network}, batch {BATCH}, {len(x)} images"
    # Each product of the forward pass, once more for the weights' gradients, and for the inputs' but at the first layer
    return peers.compare(contestants, title, -(-len(x) // BATCH), (3 * every - first) * BATCH, arguments.rounds)


if __name__ == "__main__":
    main()
