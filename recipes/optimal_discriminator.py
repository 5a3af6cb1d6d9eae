"""The best discriminator of known densities p and q: trained, it is p / (p + q), and its loss gives their distance.

Args:
    draws: Number of examples of p to train on, and as many to measure on.
"""

import keras
import numpy as np
from keras import ops
from matplotlib.figure import Figure

from keras_gen import models, networks
from keras_gen.cli.recipe import Finding, Outcome, cosine_decay, recipe
from keras_gen.data import Mixture
from keras_gen.plots.palette import BLUE, GREEN, ORANGE
from keras_gen.presets.registry import scaled

Q = Mixture(np.array([[0.5]]), sigma=1.5)
CASES = {"p = q": Q, "two modes": Mixture(np.array([[-1.5], [1.0]]), sigma=0.5)}  # the data's p
SEEN = 1e-3  # where both densities are smaller, there are too few examples to learn D


def trained(x, epochs, batch_size, learning_rate, width):
    """A GAN whose generator has the density q and is not trained: its warm-up lasts longer than the training."""
    fixed = keras.layers.Dense(
        1,
        kernel_initializer=keras.initializers.Constant(Q.sigma),
        bias_initializer=keras.initializers.Constant(Q.centres[0, 0]),
    )
    generator = keras.Sequential([keras.Input((1,)), fixed], name="generator")
    discriminator = networks.mlp_discriminator((1,), scaled("units", (64, 64), width, 2), "silu")
    schedule = cosine_decay(learning_rate, len(x), epochs, batch_size)
    model = models.GAN(generator, discriminator, 1, discriminator_warmup_steps=schedule.decay_steps + 1)
    model.compile(keras.optimizers.Adam(schedule))
    model.fit(x, batch_size=batch_size, epochs=epochs, verbose=2)
    return model


def jensen_shannon(p, q, step):
    """Jensen-Shannon divergence of two densities on a grid of points, in nats."""
    middle = (p + q) / 2
    return step * np.sum(p * np.log(p / middle) + q * np.log(q / middle)) / 2


@recipe
def main(draws=200_000, epochs=30, batch_size=2000, learning_rate=3e-3, seed=0, width=1.0):
    x, step = np.linspace(-8, 9, 3401, retstep=True)
    q, findings = Q.density(x[:, None]), []
    figure = Figure(figsize=(10, 4), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for axes, (name, mixture) in zip(panels, CASES.items(), strict=True):
        keras.utils.set_random_seed(seed)
        model = trained(mixture.draw(draws, seed), epochs, batch_size, learning_rate, width)
        fresh = mixture.draw(draws, seed + 1)
        value = -model.evaluate(fresh, batch_size=10_000, return_dict=True, verbose=0)["discriminator_loss"]
        d = ops.convert_to_numpy(ops.sigmoid(model.discriminator(x[:, None])))[:, 0]
        p = mixture.density(x[:, None])
        best, seen = p / (p + q), np.maximum(p, q) > SEEN
        error, jsd = np.abs(d - best)[seen].mean(), jensen_shannon(p, q, step)
        exact, read = -np.log(4) + 2 * jsd, (value + np.log(4)) / 2
        findings += [
            Finding(f"{name}: mean |D - p / (p + q)|", error, at_most=0.02),
            Finding(f"{name}: value of the game", value, exact + 0.005, exact - 0.005, f"-log 4 + 2 JSD = {exact:.4f}"),
            Finding(f"{name}: JSD by the loss, nats", read, jsd + 0.0025, jsd - 0.0025, f"the integral: {jsd:.4f}"),
        ]
        axes.fill_between(x, p, color=GREEN, alpha=0.3, label="p, the data's density")
        axes.fill_between(x, q, color=ORANGE, alpha=0.3, label="q, the generator's")
        axes.plot(x, best, color="black", linewidth=4, alpha=0.3, label="p / (p + q)")
        axes.plot(x[seen], d[seen], color=BLUE, linewidth=1.2, label="D, trained")
        axes.set(xlabel="x", xlim=(-5.5, 6.5), title=f"{name}: mean |D - p / (p + q)| = {error:.3f}")
    panels[0].legend(loc="upper right")
    panels[0].set_ylabel("densities, and D")
    facts = {"data": "N(0.5, 1.5^2) against itself, and two normals of deviation 0.5 at -1.5 and 1 against it"}
    return Outcome(model, findings, {"optimal_discriminator": figure}, facts=facts)
