"""Milliseconds per training step of four families, against a plain Keras `train_step` of the same networks, in one run.

    pip install -e '.[benchmark]'
    python benchmarks/families.py --family pix2pix
    python benchmarks/families.py --family bigan
    python benchmarks/families.py --family conditional-vae
    python benchmarks/families.py --family semi-supervised-vae

Both train the same networks with the same Adam optimizers on the same arrays by `fit` with default settings. The plain
steps make what both players need once, as far as a user of `GradientTape` can: a persistent tape over the generators'
pass serves their own update after the discriminator's. They take turns, round by round; ratios are taken within a
round. Operations are those of the products and convolutions, each once forward and twice backward.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import peers
import tensorflow as tf
from keras import ops

from keras_gen import data, presets

SIDE = 32  # of the images of pix2pix
BATCHES = {
    "pix2pix": (16, 640),
    "bigan": (128, 12800),
    "conditional-vae": (100, 20000),
    "semi-supervised-vae": (100, 2000),
}


class Plain(keras.Model):
    """A model of networks and their optimizers, whose `train_step` a subclass writes by hand."""

    def __init__(self, model):
        super().__init__()
        self.networks = {name: keras.models.clone_model(getattr(model, name)) for name in self.names}
        self.seed_generator = keras.random.SeedGenerator(0)
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        self.adams = [keras.optimizers.Adam(*self.adam) for _ in range(2)]
        self.tracker = keras.metrics.Mean(name="value")

    @property
    def metrics(self):
        return [self.tracker]

    def update(self, optimizer, gradients, weights, value):
        optimizer.apply_gradients(zip(gradients, weights, strict=True))
        self.tracker.update_state(value)

    def against(self, logits, label):
        return self.cross_entropy(label * ops.ones_like(logits), logits)


class PlainPix2Pix(Plain):
    names, adam = ("generator", "discriminator"), (2e-4, 0.5)

    def train_step(self, batch):
        x, y = batch
        generator, discriminator = self.networks.values()
        with tf.GradientTape() as outer:
            fake = generator(x, training=True)
            with tf.GradientTape() as tape:
                real_logits, fake_logits = (
                    discriminator([one, x], training=True) for one in (y, tf.stop_gradient(fake))
                )
                loss = (self.against(real_logits, 1.0) + self.against(fake_logits, 0.0)) / 2
            weights = discriminator.trainable_weights
            with outer.stop_recording():
                self.update(self.adams[0], tape.gradient(loss, weights), weights, loss)
            adversarial = self.against(discriminator([fake, x], training=True), 1.0)
            total = adversarial + 100 * ops.mean(ops.abs(y - fake))
        weights = generator.trainable_weights
        self.update(self.adams[1], outer.gradient(total, weights), weights, total)
        return {"value": self.tracker.result()}


class PlainBiGAN(Plain):
    names, adam = ("generator", "encoder", "discriminator"), (2e-4, 0.5)

    def train_step(self, x):
        generator, encoder, discriminator = self.networks.values()
        shape = (ops.shape(x)[0], generator.input_shape[1])
        z = keras.random.uniform(shape, -1, 1, seed=self.seed_generator)

        def loss(fake, codes, labels):
            pairs = [x, codes], [fake, z]
            return sum(
                self.against(discriminator(pair, training=True), label)
                for pair, label in zip(pairs, labels, strict=True)
            )

        with tf.GradientTape() as outer:
            fake, codes = generator(z, training=True), encoder(x, training=True)
            with tf.GradientTape() as tape:
                value = loss(tf.stop_gradient(fake), tf.stop_gradient(codes), (1.0, 0.0))
            weights = discriminator.trainable_weights
            with outer.stop_recording():
                self.update(self.adams[0], tape.gradient(value, weights), weights, value)
            exchanged = loss(fake, codes, (0.0, 1.0))
        weights = [*generator.trainable_weights, *encoder.trainable_weights]
        self.update(self.adams[1], outer.gradient(exchanged, weights), weights, exchanged)
        return {"value": self.tracker.result()}


class PlainConditionalVAE(Plain):
    names, adam = ("encoder", "decoder"), (1e-3,)

    def bounds(self, x, labels):
        """The negative bound of each example."""
        encoder, decoder = self.networks["encoder"], self.networks["decoder"]
        mean, log_var = encoder([x, labels], training=True)
        z = mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        logits = decoder([z, labels], training=True)
        nll = ops.sum(ops.maximum(logits, 0) - logits * x + ops.log1p(ops.exp(-ops.abs(logits))), axis=(1, 2, 3))
        return nll + 0.5 * ops.sum(ops.square(mean) + ops.exp(log_var) - 1 - log_var, axis=-1)

    def objective(self, x, labels):
        return ops.mean(self.bounds(x, labels))

    def train_step(self, batch):
        weights = [weight for network in self.networks.values() for weight in network.trainable_weights]
        with tf.GradientTape() as tape:
            value = self.objective(*batch)
        self.update(self.adams[0], tape.gradient(value, weights), weights, value)
        return {"value": self.tracker.result()}


class PlainSemiSupervisedVAE(PlainConditionalVAE):
    names = ("encoder", "decoder", "classifier")

    def objective(self, x, labels):
        k = 10
        log_q = ops.log_softmax(self.networks["classifier"](x, training=True))
        known, one_hot = labels[:, None] >= 0, ops.one_hot(labels, k)
        q = ops.where(known, one_hot, ops.exp(log_q))
        every = self.bounds(ops.repeat(x, k, axis=0), ops.tile(ops.arange(k), ops.shape(labels)))
        entropy = ops.where(known[:, 0], 0.0, -ops.sum(q * log_q, axis=1))
        classification = -ops.sum(one_hot * log_q) / ops.maximum(ops.sum(ops.cast(known, "float32")), 1.0)
        return ops.mean(ops.sum(q * ops.reshape(every, (-1, k)), axis=1) - entropy) + classification


PLAIN = {
    "pix2pix": PlainPix2Pix,
    "bigan": PlainBiGAN,
    "conditional-vae": PlainConditionalVAE,
    "semi-supervised-vae": PlainSemiSupervisedVAE,
}


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=list(PLAIN), default="pix2pix")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args(words)
    batch, images = BATCHES[arguments.family]
    if arguments.family == "pix2pix":
        x = np.random.default_rng(0).uniform(-1, 1, (images, SIDE, SIDE, 3)).astype("float32")
        arrays, shape, options = (x, -x), x.shape[1:], {"filters": 32}
    else:
        value_range = (-1, 1) if arguments.family == "bigan" else (0, 1)
        train, _ = data.load("mnist", value_range=value_range)
        x, labels = np.array(train.x[:images]), train.y[:images].copy()
        if arguments.family == "semi-supervised-vae":
            labels[np.arange(images) % 10 > 0] = -1
        arrays, shape, options = (x,) if arguments.family == "bigan" else (x, labels), x.shape[1:], {}
    ours = presets.build(arguments.family, shape, **options)
    plain = PLAIN[arguments.family](ours)
    plain.compile()
    contestants = {
        "keras_gen": peers.keras_epoch(ours, arrays, batch),
        "plain Keras": peers.keras_epoch(plain, arrays, batch),
    }
    names = PLAIN[arguments.family].names
    counted = sum(peers.operations(getattr(ours, name))[0] for name in names if name != "discriminator")
    if "discriminator" in names:  # twice for its own update, once for the other's
        counted += 3 * peers.operations(ours.discriminator)[0]
    counted *= 10 if arguments.family == "semi-supervised-vae" else 1
    title = f"{arguments.family}, batch {batch}, {images} examples"
    return peers.compare(contestants, title, images // batch, 3 * batch * counted, arguments.rounds)


if __name__ == "__main__":
    main()
