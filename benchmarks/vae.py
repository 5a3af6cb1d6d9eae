"""Milliseconds per training step of this library, of a plain Keras `train_step` and of Pythae, in one run.

    pip install -e '.[benchmark]'
    python benchmarks/vae.py --network mlp
    python benchmarks/vae.py --network conv --images 12800

All three train the same network with Adam on the same float32 images, each as its users do: `fit` on arrays with
default settings, and Pythae's own trainer. They take turns, round by round, so a drift in the machine's speed affects
all alike; the ratios are taken within a round. The first two epochs of each are not counted. The machine's
matrix-product peak is measured in every round too; the share is the step's matrix products and convolutions against
that peak.
"""

import argparse
import os
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import peers
import tensorflow as tf
import torch
from keras import ops
from pythae.data.datasets import BaseDataset
from pythae.models import VAE as PythaeVAE
from pythae.models import VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig

from keras_gen import data, models, networks

BATCH = {"mlp": 100, "conv": 128}
# Multiplications and additions of one example: each product of the forward pass, once more for the weights' gradients,
# and once more for the inputs' except at the first layer.
FLOPS = {
    "mlp": 2 * (3 * 2 * (784 * 400 + 400 * 20) + 3 * (2 * 20 * 3 + 3 * 20) - 784 * 400),
    "conv": 2
    * (
        3 * (7 * 7 * 9 * 32 * 64 + 3136 * 16 + 2 * 16 * 2 + 2 * 3136)
        + 3 * (7 * 7 * 9 * 64 * 64 + 14 * 14 * 9 * 64 * 32 + 28 * 28 * 9 * 32)
        + 2 * 14 * 14 * 9 * 32
    ),
}


def keras_networks(network):
    if network == "mlp":
        return networks.mlp_encoder((28, 28, 1), (400, 20), 3), networks.mlp_decoder(3, (20, 400), (28, 28, 1))
    return networks.convolutional_encoder((28, 28, 1), 2, units=(16,)), networks.convolutional_decoder(2, (28, 28, 1))


class PlainVAE(keras.Model):
    """What a Keras user writes by hand."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.seed_generator = keras.random.SeedGenerator(0)
        self.trackers = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction", "kl")]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, x):
        with tf.GradientTape() as tape:
            z_mean, z_log_var = self.encoder(x, training=True)
            noise = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
            logits = self.decoder(z_mean + ops.exp(0.5 * z_log_var) * noise, training=True)
            pixels = ops.binary_crossentropy(x, logits, from_logits=True)
            nll = ops.mean(ops.sum(pixels, axis=(1, 2, 3)))
            kl = ops.mean(ops.sum(0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var), axis=1))
            loss = nll + kl
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        for tracker, value in zip(self.trackers, (loss, nll, kl), strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}


class _TorchEncoder(BaseEncoder):
    def __init__(self, body, width, latent_dim):
        super().__init__()
        self.body = body
        self.mean, self.log_var = torch.nn.Linear(width, latent_dim), torch.nn.Linear(width, latent_dim)

    def forward(self, x):
        hidden = self.body(x)
        return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_var(hidden))


class _TorchDecoder(BaseDecoder):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, z):
        return ModelOutput(reconstruction=self.body(z))


def pythae_epoch(network, x, batch):
    nn, relu = torch.nn, torch.nn.ReLU
    if network == "mlp":
        latent_dim, width = 3, 20
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 400), relu(), nn.Linear(400, 20), relu())
        layers = [nn.Linear(3, 20), relu(), nn.Linear(20, 400), relu(), nn.Linear(400, 784), nn.Sigmoid()]
        decoder = nn.Sequential(*layers, nn.Unflatten(1, (1, 28, 28)))
    else:
        latent_dim, width = 2, 16
        down = [nn.Conv2d(1, 32, 3, 2, 1), relu(), nn.Conv2d(32, 64, 3, 2, 1), relu()]
        encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(3136, 16), relu())
        up = [nn.ConvTranspose2d(64, 64, 3, 2, 1, 1), relu(), nn.ConvTranspose2d(64, 32, 3, 2, 1, 1), relu()]
        start = [nn.Linear(2, 3136), relu(), nn.Unflatten(1, (64, 7, 7))]
        decoder = nn.Sequential(*start, *up, nn.ConvTranspose2d(32, 1, 3, 1, 1), nn.Sigmoid())
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=latent_dim, reconstruction_loss="bce")
    model = PythaeVAE(config, _TorchEncoder(encoder, width, latent_dim), _TorchDecoder(decoder))
    images = torch.tensor(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    settings = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(),
        num_epochs=1,
        learning_rate=1e-3,
        per_device_train_batch_size=batch,
        optimizer_cls="Adam",
    )
    trainer = BaseTrainer(model, BaseDataset(images, torch.zeros(len(images))), training_config=settings)
    trainer.prepare_training()
    return peers.timed(lambda: trainer.train_step(epoch=1))


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=list(BATCH), default="mlp")
    parser.add_argument("--images", type=int, default=60000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", default="mnist")
    arguments = parser.parse_args(words)
    batch = BATCH[arguments.network]
    x = np.array(data.load(arguments.data)[0].x[: arguments.images])
    steps = -(-len(x) // batch)
    ours, plain = (
        models.VAE(*keras_networks(arguments.network)),
        PlainVAE(*map(peers.plain, keras_networks(arguments.network))),
    )
    for model in (ours, plain):
        model.compile("adam")
    contestants = {
        "keras_gen": peers.keras_epoch(ours, x, batch),
        "plain Keras": peers.keras_epoch(plain, x, batch),
        "Pythae": pythae_epoch(arguments.network, x, batch),
    }
    title = f"{arguments.network}, batch {batch}, {len(x)} images"
    return peers.compare(contestants, title, steps, FLOPS[arguments.network] * batch, arguments.rounds)


if __name__ == "__main__":
    main()
