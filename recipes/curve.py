"""Autoencoders of a curve in the plane: two hidden units are too few to follow it; four are enough.

Args:
    starts: Trainings of each network; the best counts.
"""

import keras
import numpy as np
from matplotlib.figure import Figure

from keras_gen import models, networks
from keras_gen.cli.recipe import Finding, Outcome, cosine_decay, recipe
from keras_gen.plots.palette import VERMILION


def points(n):
    """One and three quarters periods of a sine: four bends, more than two units can follow."""
    t = np.linspace(-1, 1, n)
    return 3 * np.stack([t, 0.8 * np.sin(1.75 * np.pi * t)], axis=1).astype("float32")


def trained(hidden, x, epochs, batch_size, learning_rate, starts, seed):
    """The best of several trainings: so small a network may end in a poor local minimum."""
    best, x = None, np.tile(x, (100, 1))  # with 200 points, an epoch would be over after four updates
    for start in range(seed, seed + starts):
        keras.utils.set_random_seed(start)
        model = models.Autoencoder(*networks.mlp_autoencoder([2, hidden, 1], "tanh"))
        model.compile(keras.optimizers.Adam(cosine_decay(learning_rate, len(x), epochs, batch_size)))
        error = model.fit(x, batch_size=batch_size, epochs=epochs, verbose=0).history["loss"][-1]
        if best is None or error < best[0]:
            best = error, model
    return best[1]


@recipe
def main(epochs=30, batch_size=50, learning_rate=3e-2, starts=10, seed=0):
    x, scores = points(200), {}
    figure = Figure(figsize=(9, 4), layout="constrained")
    for hidden, axes in zip((2, 4), figure.subplots(1, 2, sharex=True, sharey=True), strict=True):
        name = f"2-{hidden}-1-{hidden}-2"
        model = trained(hidden, x, epochs, batch_size, learning_rate, starts, seed)
        reconstruction = model.reconstruct(x)
        scores[name] = 1 - np.square(x - reconstruction).sum() / np.square(x - x.mean(axis=0)).sum()
        axes.plot(*x.T, color="lightgrey", linewidth=6, label="curve")
        axes.plot(*reconstruction.T, color=VERMILION, label="reconstruction")
        axes.set(title=f"{name}, tanh: R2 = {scores[name]:.3f}", xlabel="$x_1$", ylim=(-2.9, 3.9))
        axes.label_outer()
        axes.legend(loc="upper left", ncols=2)
    figure.axes[0].set_ylabel("$x_2$")
    findings = [
        Finding("R2 of 2-4-1-4-2", scores["2-4-1-4-2"], at_least=0.99, reference="exact"),
        Finding("R2 of 2-2-1-2-2", scores["2-2-1-2-2"], at_most=0.98, reference="visibly worse"),
    ]
    return Outcome(model, findings, {"curve": figure}, facts={"data": "200 points of 1.75 periods of a sine"})
