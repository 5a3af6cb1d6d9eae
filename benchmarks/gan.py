"""Milliseconds per training step of this library's GANs, of a plain Keras `train_step` and of PyTorch, in one run.

    pip install -e '.[benchmark]'
    python benchmarks/gan.py --network dcgan
    python benchmarks/gan.py --network dcgan --precision mixed_bfloat16
    python benchmarks/gan.py --network conv-wgan-gp
    python benchmarks/gan.py --network dense-wgan-gp

All contestants train the same networks with the same Adam optimizers on the same arrays, with equal numbers of examples
per update and of updates per step, each as its users do:

- this library and plain Keras by `fit` with default settings;
- plain Keras in the style of keras.io's examples: fakes for the discriminator, whose batch holds real and generated
  images together; then other latents, and fakes once more under the tape. Its WGAN-GP calls the critic three times;
- PyTorch eagerly, by a loop over a shuffled index: the last fakes of a step, made with their graph, serve both players
  as in PyTorch's DCGAN tutorial, and the adversary's weights take no gradients while the generator is updated.

They take turns, round by round, so a drift in the machine's speed affects all alike; the ratios are taken within a
round. The machine's matrix-product peak, in float32, is measured in every round too. The share compares the step's
products and convolutions, with the fakes made once and padding counted, with this peak.
"""

import argparse
import dataclasses
import os
import typing

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import peers
import tensorflow as tf
import torch
from keras import layers, ops

from keras_gen import data, models, networks
from keras_gen.layers import NarrowConv2D

PENALTY = 10.0


def benchmark_dcgan(last=layers.Conv2D):
    """The networks of keras.io's conditional GAN, nearly: kernels of 4, and a flattened map before the logit.

    `last` is the kind of the generator's last layer.
    """
    generator = [
        keras.Input((128,)),
        layers.Dense(7 * 7 * 128),
        layers.LeakyReLU(0.2),
        layers.Reshape((7, 7, 128)),
        layers.Conv2DTranspose(128, 4, 2, "same"),
        layers.LeakyReLU(0.2),
        layers.Conv2DTranspose(128, 4, 2, "same"),
        layers.LeakyReLU(0.2),
        last(1, 7, padding="same", activation="tanh"),
    ]
    return keras.Sequential(generator, name="generator"), convolutional_adversary(4)


def convolutional_adversary(kernel_size):
    adversary = [
        keras.Input((28, 28, 1)),
        layers.Conv2D(64, kernel_size, 2, "same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(128, kernel_size, 2, "same"),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dense(1),
    ]
    return keras.Sequential(adversary, name="adversary")


def small_dcgan():
    generator = [
        keras.Input((100,)),
        layers.Dense(7 * 7 * 128, use_bias=False),
        layers.Reshape((7, 7, 128)),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(64, 5, 2, "same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(1, 5, 2, "same", activation="tanh"),
    ]
    return keras.Sequential(generator, name="generator"), convolutional_adversary(5)


def dense(shape, latent_dim, units, output_activation):
    hidden = [layers.Dense(width, "relu") for width in units]
    outputs = [layers.Dense(int(np.prod(shape)), output_activation), layers.Reshape(shape)]
    mirrored = [layers.Dense(width, "leaky_relu") for width in units[::-1]]
    return (
        keras.Sequential([keras.Input((latent_dim,)), *hidden, *outputs], name="generator"),
        keras.Sequential([keras.Input(shape), layers.Flatten(), *mirrored, layers.Dense(1)], name="adversary"),
    )


@dataclasses.dataclass(frozen=True)
class Setup:
    """What is trained: networks, whether by the Wasserstein distance with a penalty, and the data of an update."""

    build: typing.Callable  # the pair (generator, adversary) of Keras's own layers
    sizes: tuple  # its arguments
    penalty: bool
    images: int  # examples of one epoch
    batch: int = 64  # examples of one update
    n_critic: int = 1
    learning_rate: float = 2e-4
    betas: tuple = (0.5, 0.999)

    def networks(self):
        return self.build(*self.sizes)

    def adam(self):
        return keras.optimizers.Adam(self.learning_rate, *self.betas)


WASSERSTEIN = {"penalty": True, "n_critic": 5, "learning_rate": 1e-4, "betas": (0.5, 0.9)}
POINTS, DIGITS = ((2,), 2, (128,) * 3, None), ((28, 28, 1), 64, (256, 512), "tanh")
SETUPS = {
    "dcgan": Setup(benchmark_dcgan, (), penalty=False, images=1920),
    "dense-gan": Setup(dense, DIGITS, penalty=False, images=19200),
    "conv-wgan-gp": Setup(small_dcgan, (), images=6400, **WASSERSTEIN),
    "dense-wgan-gp": Setup(dense, POINTS, batch=256, images=163840, **WASSERSTEIN),
    "mnist-wgan-gp": Setup(dense, DIGITS, images=20480, **WASSERSTEIN),
}


def operations(setup):
    """Multiplications and additions of a step with the fakes made once.

    Each product once forward, once more for the weights' gradients, and once more for the inputs' except at the first
    layer of the updated network. The penalty goes forward, back to its input, and through that pass back once more for
    its two factors.
    """
    (generator, first), (adversary, adversary_first) = map(peers.operations, setup.networks())
    update = 2 * (3 * adversary - adversary_first) + (4 * adversary if setup.penalty else 0)
    return setup.batch * ((setup.n_critic + 2) * generator - first + setup.n_critic * update + 2 * adversary)


# This library


def library_networks(setup):
    """The same networks by the library's builders or layers."""
    if setup.build is dense:
        shape, latent_dim, units, activation = setup.sizes
        generator = networks.mlp_generator(latent_dim, units, shape, output_activation=activation)
        return generator, networks.mlp_discriminator(shape, units[::-1])
    if setup.build is small_dcgan:
        generator = networks.dcgan_generator(100, (28, 28, 1), filters=32)
        return generator, networks.dcgan_discriminator((28, 28, 1), filters=32, normalization=None)
    return benchmark_dcgan(NarrowConv2D)


def ours(setup):
    generator, adversary = library_networks(setup)
    latent_dim = generator.input_shape[1]
    if setup.penalty:
        model = models.WGANGP(generator, adversary, latent_dim, setup.n_critic, PENALTY)
    else:
        model = models.GAN(generator, adversary, latent_dim, n_critic=setup.n_critic)
    model.compile(setup.adam())
    return model


# What a Keras user writes by hand


class PlainGAN(keras.Model):
    def __init__(self, generator, adversary, n_critic=1):
        super().__init__()
        self.generator, self.adversary, self.n_critic = generator, adversary, n_critic
        self.seed_generator = keras.random.SeedGenerator(0)
        self.trackers = [keras.metrics.Mean(name=name) for name in ("adversary_loss", "generator_loss")]
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    def compile(self, adversary_optimizer, generator_optimizer):
        super().compile()
        self.adversary_optimizer, self.generator_optimizer = adversary_optimizer, generator_optimizer

    @property
    def metrics(self):
        return self.trackers

    def latents(self, batch):
        return keras.random.normal((ops.shape(batch)[0], self.generator.input_shape[1]), seed=self.seed_generator)

    def update(self, tape, loss, network, optimizer):
        gradients = tape.gradient(loss, network.trainable_weights)
        optimizer.apply_gradients(zip(gradients, network.trainable_weights, strict=True))

    def logs(self, *values):
        for tracker, value in zip(self.trackers, values, strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}

    def train_step(self, real):
        fake = self.generator(self.latents(real), training=True)
        images = ops.concatenate([real, fake], axis=0)
        labels = ops.concatenate([ops.ones((ops.shape(real)[0], 1)), ops.zeros((ops.shape(real)[0], 1))], axis=0)
        with tf.GradientTape() as tape:
            adversary_loss = 2 * self.cross_entropy(labels, self.adversary(images, training=True))
        self.update(tape, adversary_loss, self.adversary, self.adversary_optimizer)
        z = self.latents(real)
        with tf.GradientTape() as tape:
            logits = self.adversary(self.generator(z, training=True), training=True)
            generator_loss = self.cross_entropy(ops.ones((ops.shape(real)[0], 1)), logits)
        self.update(tape, generator_loss, self.generator, self.generator_optimizer)
        return self.logs(adversary_loss, generator_loss)


class PlainWGANGP(PlainGAN):
    def gradient_penalty(self, real, fake):
        shape = (ops.shape(real)[0], *(1 for _ in real.shape[1:]))
        between = real + keras.random.uniform(shape, seed=self.seed_generator) * (ops.cast(fake, "float32") - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            value = self.adversary(between, training=True)
        slopes = tape.gradient(value, between)
        norm = ops.sqrt(ops.sum(ops.square(slopes), axis=tuple(range(1, len(slopes.shape)))) + 1e-12)
        return ops.mean(ops.square(norm - 1.0))

    def train_step(self, batch):
        size = ops.shape(batch)[0] // self.n_critic
        for number in range(self.n_critic):
            real = batch[number * size : (number + 1) * size]
            z = self.latents(real)
            with tf.GradientTape() as tape:
                fake = self.generator(z, training=True)
                value = self.adversary(fake, training=True), self.adversary(real, training=True)
                loss = ops.mean(ops.cast(value[0], "float32")) - ops.mean(ops.cast(value[1], "float32"))
                adversary_loss = loss + PENALTY * self.gradient_penalty(real, fake)
            self.update(tape, adversary_loss, self.adversary, self.adversary_optimizer)
        z = self.latents(real)
        with tf.GradientTape() as tape:
            logits = self.adversary(self.generator(z, training=True), training=True)
            generator_loss = -ops.mean(ops.cast(logits, "float32"))
        self.update(tape, generator_loss, self.generator, self.generator_optimizer)
        return self.logs(adversary_loss, generator_loss)


def plain_keras(setup):
    model = (PlainWGANGP if setup.penalty else PlainGAN)(*setup.networks(), setup.n_critic)
    model.compile(setup.adam(), setup.adam())
    return model


# What a PyTorch user writes by hand


def torch_epoch(setup, x, half):
    generator, adversary = (peers.torch_network(network) for network in setup.networks())
    latent_dim = generator[0].in_features
    options = {"lr": setup.learning_rate, "betas": setup.betas}
    generator_optimizer, adversary_optimizer = (
        torch.optim.Adam(network.parameters(), **options) for network in (generator, adversary)
    )
    softplus = torch.nn.functional.softplus
    examples = torch.tensor(np.ascontiguousarray(np.moveaxis(x, -1, 1)) if x.ndim == 4 else x)

    def gradient_penalty(real, fake):
        u = torch.rand(len(real), *(1 for _ in real.shape[1:]))
        between = (u * real + (1 - u) * fake).requires_grad_()
        (slopes,) = torch.autograd.grad(adversary(between).sum(), between, create_graph=True)
        return ((slopes.flatten(1).square().sum(1) + 1e-12).sqrt() - 1).square().mean()

    def adversary_loss(real, fake):
        real_logits, fake_logits = adversary(real).float(), adversary(fake).float()
        if setup.penalty:
            return fake_logits.mean() - real_logits.mean() + PENALTY * gradient_penalty(real, fake)
        return softplus(-real_logits).mean() + softplus(fake_logits).mean()

    def update(loss, optimizer):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def step(batch):
        reals = batch.split(setup.batch)
        for number, real in enumerate(reals, start=1):
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                with torch.set_grad_enabled(number == len(reals)):
                    fake = generator(torch.randn(len(real), latent_dim))
                loss = adversary_loss(real, fake.detach())
            update(loss, adversary_optimizer)
        adversary.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = adversary(fake).float()
            loss = -logits.mean() if setup.penalty else softplus(-logits).mean()
        update(loss, generator_optimizer)
        adversary.requires_grad_(True)

    def epoch():
        for indices in torch.randperm(len(examples)).split(setup.n_critic * setup.batch):
            step(examples[indices])

    return peers.timed(epoch)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=list(SETUPS), default="dcgan")
    parser.add_argument(
        "--precision", choices=["float32", "mixed_bfloat16"], default="float32", help="also run in float32"
    )
    parser.add_argument("--images", type=int, help="examples of an epoch")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args(words)
    setup = SETUPS[arguments.network]
    batch = setup.n_critic * setup.batch
    steps = max((arguments.images or setup.images) // batch, 1)
    if arguments.network == "dense-wgan-gp":
        x = data.grid().draw(steps * batch, seed=0)
    else:
        x = np.array(data.load("mnist", value_range=(-1, 1))[0].x[: steps * batch])
    contestants = {}
    for precision in dict.fromkeys([arguments.precision, "float32"]):
        keras.config.set_dtype_policy(precision)
        contestants[f"keras_gen {precision}"] = peers.keras_epoch(ours(setup), x, batch)
        contestants[f"plain Keras {precision}"] = peers.keras_epoch(plain_keras(setup), x, batch)
        contestants[f"PyTorch {precision}"] = torch_epoch(setup, x, half=precision != "float32")
    title = f"{arguments.network}, batch {setup.n_critic} x {setup.batch}, {len(x)} examples"
    return peers.compare(contestants, title, steps, operations(setup), arguments.rounds)


if __name__ == "__main__":
    main()
