"""A GAN that grows from 4x4 to the size of its images, against the same network trained at full size for equal time.

The Frechet distance of both is measured while they train, on samples enlarged to the full size; the time of measuring
does not count.

Args:
    epochs: Epochs of each stage.
    fade_epochs: Epochs in which the layers of a new stage are faded in.
    filters: Channels of each stage, from 4x4 on.
    every: Minutes of training between two measurements.
    features: The network whose features are compared; lenet5 is trained on the data, identity are the pixels.
"""

import time
from typing import Literal

import keras
import numpy as np
from matplotlib.figure import Figure

from keras_gen import models, networks, plots, runs
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.networks.parts import narrowed
from keras_gen.runs.baselines import frechet_findings, sample_metrics


class Quality(keras.callbacks.Callback):
    """The Frechet distance over the seconds of training, which ends after `limit` seconds; samples of each `fit`."""

    def __init__(self, frechet, seconds, limit=float("inf")):
        super().__init__()
        self.frechet, self.every, self.limit, self.curve, self.shown = frechet, seconds, limit, [], []
        self.started, self.measuring, self.next = time.perf_counter(), 0.0, seconds

    @property
    def seconds(self):
        return time.perf_counter() - self.started - self.measuring

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training |= self.seconds >= self.limit
        if self.seconds >= self.next:
            self.measure()

    def on_train_end(self, logs=None):
        self.shown.append(self.measure()[:12])

    def measure(self):
        seconds = self.seconds
        self.next = seconds + self.every
        samples = self.model.sample(self.frechet.n, seed=0)
        times = self.frechet.real.shape[0] // samples.shape[1]  # the sides of a sample go into the data's
        samples = samples.repeat(times, axis=1).repeat(times, axis=2)
        self.curve.append((seconds / 60, self.frechet.score(samples)))
        self.measuring += self.seconds - seconds
        return samples


@recipe
def main(
    data="cifar10", epochs=2, fade_epochs=1.0, batch_size=32, filters=(64, 64, 32, 16, 8), latent_dim=64,
    learning_rate=1e-3, ema=0.999, features: Literal["lenet5", "inception_v3", "identity"] = "lenet5", samples=5000,
    every=1.5, precision="mixed_bfloat16", seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data, value_range=(-1, 1))
    (frechet,) = sample_metrics("frechet", train, test, samples, features)
    shape, filters = train.x.shape[1:], [narrowed(channels, width) for channels in filters]

    def build(stage):
        generator = networks.progressive_generator(latent_dim, shape, stage, filters)
        return {"generator": generator, "critic": networks.progressive_discriminator(shape, stage, filters)}

    def compiled(stage):
        model = models.WGANGP(**build(stage), latent_dim=latent_dim, n_critic=1, ema=ema)
        model.compile(keras.optimizers.Adam(learning_rate, beta_1=0.0, beta_2=0.99, epsilon=1e-8))
        return model

    options, growing = {"batch_size": batch_size, "verbose": 2}, Quality(frechet, 60 * every)
    schedule = {"epochs": epochs, "fade_epochs": fade_epochs, "callbacks": [growing]}
    grown, histories = runs.grow(compiled(0), build, train.x, **schedule, **options)
    shapes, minutes = networks.progressive_shapes(shape), growing.curve[-1][0]
    whole = Quality(frechet, 60 * every, limit=60 * minutes)
    compiled(len(shapes) - 1).fit(train.x, epochs=10_000, callbacks=[whole], **options)
    axes = Figure(figsize=(6, 4), layout="constrained").subplots()
    for name, quality in (("grown", growing), ("full size from the start", whole)):
        axes.semilogy(*np.transpose(quality.curve), "o-", label=name)
    axes.legend(title=frechet.name)
    axes.set(xlabel="minutes of training")
    rows = [*growing.shown, *whole.shown, test.x[:: max(1, len(test.x) // 12)][:12]]
    names = [*(f"{sides[0]}x{sides[1]}" for sides in shapes), "direct", "test"]
    findings = [
        *frechet_findings(frechet, grown.sample(frechet.n, seed=seed), train.x),
        Finding(f"{frechet.name} of the same network at full size from the start", whole.curve[-1][1]),
        Finding("steps of the grown model, at all sizes", int(grown.steps_done)),
        Finding("steps of the other", int(whole.model.steps_done)),
        Finding("minutes of training, each model", minutes),
    ]
    figures = {"samples": plots.image_grid(np.concatenate(rows), 12, (-1, 1), row_names=names), "curves": axes.figure}
    return Outcome(grown, findings, figures, histories[-1])
