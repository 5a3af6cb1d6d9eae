"""Milliseconds per training step of this library's CycleGAN, of a plain Keras `train_step` and of PyTorch, in one run.

    pip install -e '.[benchmark]'
    python benchmarks/cyclegan.py
    python benchmarks/cyclegan.py --precision mixed_bfloat16

The published networks at 128x128: residual generators of 6 blocks, discriminators of 70x70 patches, batches of one
image per set, Adam, least squares, no pool. All make each translation once: the generators' loss uses it, and the
discriminators see its values. PyTorch runs in both layouts, because its convolutions and its instance normalisation
prefer different ones. The images are random: their content does not matter.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import peers
import tensorflow as tf
import torch
from keras import ops

from keras_gen import models, networks

CYCLE, RATE, BETAS = 10.0, 2e-4, (0.5, 0.999)


def built(size, filters, blocks):
    """The four networks, in the order of `models.CycleGAN`."""
    shape = (size, size, 3)
    generators = [networks.resnet_generator(shape, filters=filters, blocks=blocks, name=way) for way in ("xy", "yx")]
    return *generators, *(networks.patchgan_discriminator(shape, filters, name=side) for side in ("x", "y"))


def adam():
    return keras.optimizers.Adam(RATE, *BETAS)


def operations(size, filters, blocks):
    """Multiplications and additions of a step: twelve passes of a generator and sixteen of a discriminator.

    A generator runs forward on two images. Each pass goes back to the weights and, except at the first layer of the
    first pass, to its input: 2 x 3 per generator. A discriminator sees one image for the generators, forward and back
    to the image, and two for itself, forward and back to the weights: 2 + 2 x 3.
    """
    shapes = built(size, filters, blocks)
    (generator, first), (discriminator, discriminator_first) = (peers.operations(shapes[number]) for number in (0, 2))
    return 2 * (6 * generator - first) + 2 * (8 * discriminator - 2 * discriminator_first)


def ours(networks_):
    model = models.CycleGAN(*networks_, cycle_weight=CYCLE, pool_size=0)
    model.compile(adam())
    return model


class PlainCycleGAN(keras.Model):
    """As keras.io's example writes it, but with each translation made once."""

    def __init__(self, *parts):
        super().__init__()
        self.g, self.f, self.dx, self.dy = parts
        self.trackers = [keras.metrics.Mean(name=name) for name in ("generators_loss", "discriminators_loss")]

    def compile(self):
        super().compile()
        self.players = [(self.g, adam()), (self.f, adam()), (self.dx, adam()), (self.dy, adam())]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, data):
        x, y = data
        with tf.GradientTape(persistent=True) as tape:
            fake_y, fake_x = self.g(x, training=True), self.f(y, training=True)
            cycled_x, cycled_y = self.f(fake_y, training=True), self.g(fake_x, training=True)
            fake_logits = [
                ops.cast(discriminator(fake, training=True), "float32")
                for discriminator, fake in ((self.dx, fake_x), (self.dy, fake_y))
            ]
            cycle = ops.mean(ops.abs(ops.cast(cycled_x, "float32") - x)) + ops.mean(
                ops.abs(ops.cast(cycled_y, "float32") - y)
            )
            generators_loss = sum(ops.mean(ops.square(logits - 1)) for logits in fake_logits) + CYCLE * cycle
        with tf.GradientTape(persistent=True) as discriminators_tape:
            discriminators_loss = 0.0
            for discriminator, real, fake in ((self.dx, x, fake_x), (self.dy, y, fake_y)):
                logits = [
                    ops.cast(discriminator(images, training=True), "float32")
                    for images in (real, ops.stop_gradient(fake))
                ]
                discriminators_loss += (ops.mean(ops.square(logits[0] - 1)) + ops.mean(ops.square(logits[1]))) / 2
        generators = [*self.g.trainable_weights, *self.f.trainable_weights]
        slopes = tape.gradient(generators_loss, generators) + discriminators_tape.gradient(
            discriminators_loss, [*self.dx.trainable_weights, *self.dy.trainable_weights]
        )
        place = 0
        for network, optimizer in self.players:
            weights = network.trainable_weights
            optimizer.apply(slopes[place : place + len(weights)], weights)
            place += len(weights)
        for tracker, value in zip(self.trackers, (generators_loss, discriminators_loss), strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}


def plain_keras(networks_):
    model = PlainCycleGAN(*map(peers.plain, networks_))
    model.compile()
    return model


def torch_epoch(x, y, filters, blocks, half, layout):
    nn = torch.nn

    def normalized(channels):
        return nn.InstanceNorm2d(channels, affine=True)

    class Residual(nn.Module):
        def __init__(self, channels):
            super().__init__()
            parts = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=False), normalized(channels)]
            again = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, bias=False), normalized(channels)]
            self.block = nn.Sequential(*parts, nn.ReLU(True), *again)

        def forward(self, x):
            return x + self.block(x)

    def generator():
        f = filters
        parts = [nn.ReflectionPad2d(3), nn.Conv2d(3, f, 7, bias=False), normalized(f), nn.ReLU(True)]
        for width in (f, 2 * f):
            parts += [nn.Conv2d(width, 2 * width, 3, 2, 1, bias=False), normalized(2 * width), nn.ReLU(True)]
        parts += [Residual(4 * f) for _ in range(blocks)]
        for width in (4 * f, 2 * f):
            up = nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1, bias=False)
            parts += [up, normalized(width // 2), nn.ReLU(True)]
        return nn.Sequential(*parts, nn.ReflectionPad2d(3), nn.Conv2d(f, 3, 7), nn.Tanh())

    def discriminator():
        f = filters
        parts = [nn.Conv2d(3, f, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        for width, stride in ((f, 2), (2 * f, 2), (4 * f, 1)):
            parts += [
                nn.Conv2d(width, 2 * width, 4, stride, 1, bias=False),
                normalized(2 * width),
                nn.LeakyReLU(0.2, True),
            ]
        return nn.Sequential(*parts, nn.Conv2d(8 * f, 1, 4, 1, 1))

    g, f, dx, dy = (
        part.to(memory_format=layout) for part in (generator(), generator(), discriminator(), discriminator())
    )
    generators_optimizer, discriminators_optimizer = (
        torch.optim.Adam([*a.parameters(), *b.parameters()], RATE, BETAS) for a, b in ((g, f), (dx, dy))
    )
    images = [torch.tensor(np.moveaxis(side, -1, 1).copy()).to(memory_format=layout) for side in (x, y)]

    def step(x, y):
        for network in (dx, dy):
            network.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            fake_y, fake_x = g(x), f(y)
            cycle = (f(fake_y).float() - x).abs().mean() + (g(fake_x).float() - y).abs().mean()
            loss = (dx(fake_x).float() - 1).square().mean() + (dy(fake_y).float() - 1).square().mean() + CYCLE * cycle
        generators_optimizer.zero_grad()
        loss.backward()
        generators_optimizer.step()
        for network in (dx, dy):
            network.requires_grad_(True)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = 0.0
            for network, real, fake in ((dx, x, fake_x), (dy, y, fake_y)):
                loss = (
                    loss
                    + (network(real).float() - 1).square().mean() / 2
                    + network(fake.detach()).float().square().mean() / 2
                )
        discriminators_optimizer.zero_grad()
        loss.backward()
        discriminators_optimizer.step()

    def epoch():
        for number in torch.randperm(len(images[0])):
            step(*(side[number : number + 1] for side in images))

    return peers.timed(epoch)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--precision", choices=["float32", "mixed_bfloat16"], default="float32", help="also run in float32"
    )
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--filters", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--images", type=int, default=6, help="steps of an epoch")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args(words)
    sizes = arguments.size, arguments.filters, arguments.blocks
    rng = np.random.default_rng(0)
    x, y = (rng.uniform(-1, 1, (arguments.images, arguments.size, arguments.size, 3)).astype("float32") for _ in "xy")
    contestants = {}
    for precision in dict.fromkeys([arguments.precision, "float32"]):
        keras.config.set_dtype_policy(precision)
        half = precision != "float32"
        contestants[f"keras_gen {precision}"] = peers.keras_epoch(ours(built(*sizes)), (x, y), 1)
        contestants[f"plain Keras {precision}"] = peers.keras_epoch(plain_keras(built(*sizes)), (x, y), 1)
        for name, layout in (("last", torch.channels_last), ("first", torch.contiguous_format)):
            contestants[f"PyTorch {precision}, channels {name}"] = torch_epoch(x, y, *sizes[1:], half, layout)
    title = (
        f"CycleGAN, {arguments.size}x{arguments.size}, {arguments.blocks} blocks, batch 1, {arguments.images} images"
    )
    return peers.compare(contestants, title, arguments.images, operations(*sizes), arguments.rounds)


if __name__ == "__main__":
    main()
