"""Seconds of greedy pretraining with codes computed once, against re-running the layers below in every epoch.

    python benchmarks/pretraining.py

The same layers, tied, with the same masking noise, losses, optimizer and batches, trained in turn, round by round, so a
drift in the machine's speed affects both alike; the ratio is taken within a round. The naive way is what a Keras user
writes by hand: for each layer a model whose lower layers are frozen, with Keras's own `fit` and default settings.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import ops

from keras_gen import callbacks, data, layers, losses, models, networks


def whole(units):
    keras.utils.set_random_seed(0)
    model = models.Autoencoder(*networks.mlp_autoencoder(units, "sigmoid", tied=True), reconstruction="bernoulli")
    model.compile("adam")
    return model


def with_codes(units, x, arguments):
    """The library's own: seconds of the pretraining alone."""
    pretraining = callbacks.GreedyPretraining(
        x, arguments.epochs, arguments.batch_size, corruption=arguments.corruption, verbose=0
    )
    pretraining.set_model(whole(units))
    start = time.perf_counter()
    pretraining.on_train_begin()
    pretraining.on_epoch_begin(0)
    return time.perf_counter() - start


class FrozenBelow(keras.Model):
    """One hidden layer on what frozen layers below give, recomputed for each batch, trained by Keras alone."""

    def __init__(self, below, hidden, mirror, corruption, bernoulli):
        super().__init__()
        self.below, self.hidden, self.mirror = below, hidden, mirror
        self.corruption, self.bernoulli = corruption, bernoulli
        below.trainable = False

    def call(self, x, training=False):
        codes = self.below(x)
        return codes, self.mirror(self.hidden(self.corruption(codes, training=training)))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        codes, outputs = y_pred
        loss = losses.bernoulli_nll if self.bernoulli else losses.squared_error
        return ops.mean(loss(codes, outputs))


def single_layers(units):
    """For each layer: the frozen layers below it, the layer itself and its mirror image."""
    keras.utils.set_random_seed(0)
    inputs = hidden = keras.Input((units[0],))
    for number, width in enumerate(units[1:], start=1):
        below = keras.Model(inputs, hidden)
        activation = "sigmoid" if number < len(units) - 1 else None
        layer = keras.layers.Dense(width, activation)
        outputs = layer(hidden)
        mirror = layers.TiedDense(layer, units[number - 1], activation="sigmoid" if number > 1 else None)
        yield number, below, layer, mirror
        layer.trainable = False
        hidden = outputs


def by_hand(units, x, arguments):
    seconds = 0.0
    for number, below, layer, mirror in single_layers(units):
        model = FrozenBelow(below, layer, mirror, layers.MaskingNoise(arguments.corruption), bernoulli=number == 1)
        model.compile("adam")
        start = time.perf_counter()
        model.fit(x, batch_size=arguments.batch_size, epochs=arguments.epochs, verbose=0)
        seconds += time.perf_counter() - start
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--units", type=int, nargs="+", default=[784, 1000, 400, 20])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=500)
    parser.add_argument("--corruption", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=60000)
    parser.add_argument("--precision", default="mixed_bfloat16", help="Keras's dtype policy, of both; the recipe's own")
    arguments = parser.parse_args()
    keras.config.set_dtype_policy(arguments.precision)
    x = data.load(arguments.data)[0].x[: arguments.images].reshape(-1, arguments.units[0])
    ratios = []
    for number in range(arguments.rounds):
        ours, naive = with_codes(arguments.units, x, arguments), by_hand(arguments.units, x, arguments)
        ratios.append(naive / ours)
        print(f"round {number}: codes once {ours:.1f} s, layers below re-run {naive:.1f} s: {ratios[-1]:.2f} times")
    print(f"median: {np.median(ratios):.2f} times as fast, {arguments.epochs} epochs a layer")


if __name__ == "__main__":
    main()
