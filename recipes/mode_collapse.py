"""Mode collapse and its cure: the same networks, data and updates with the cross-entropy loss and with WGAN-GP's.

Args:
    steps: Updates of the generator in an epoch.
"""

import math

import keras
import numpy as np
from matplotlib.figure import Figure
from mixtures import fit, small_gan

from keras_gen import callbacks, metrics, models
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import grid
from keras_gen.plots.palette import BLUE, ORANGE, VERMILION

VARIANTS = {  # class, arguments, colour
    "GAN, non-saturating": (models.GAN, {"adversarial_loss": "non_saturating"}, VERMILION),
    "WGAN-GP": (models.WGANGP, {"gradient_penalty_weight": 0.1}, BLUE),
}


@recipe
def main(steps=100, epochs=30, batch_size=256, learning_rate=4e-3, seed=0, width=1.0):
    mixture, last, updates = grid(), {}, steps * np.arange(1, epochs + 1)
    figure = Figure(figsize=(14, 4), layout="constrained")
    count, share, *planes = figure.subplots(1, 4)
    for axes, (variant, (kind, options, colour)) in zip(planes, VARIANTS.items(), strict=True):
        measures = [metrics.ModeCount(*mixture), metrics.HighQualitySamples(*mixture)]
        keras.utils.set_random_seed(seed)
        model = small_gan(kind, width, n_critic=5, **options)
        watchers = [callbacks.EvaluateSamples(measures, seed=seed)]
        history = fit(model, mixture, learning_rate, steps, epochs, batch_size, seed, watchers, verbose=2)
        modes, shares = (history[f"val_{metric.name}"] for metric in measures)
        last[variant] = modes[-1], shares[-1]
        count.plot(updates, modes, ".-", color=colour, label=variant)
        share.plot(updates, shares, ".-", color=colour, label=variant)
        axes.plot(*mixture.centres.T, "o", color=ORANGE, markersize=8, alpha=0.4)
        axes.plot(*model.sample(2500, seed=seed).T, ".", color=colour, markersize=2, alpha=0.5)
        axes.set(title=f"{variant}, at the end", xlim=(-5.2, 5.2), ylim=(-5.2, 5.2), aspect=1)
        axes.set(xlabel="$x_1$", ylabel="$x_2$")
    count.set(ylabel="modes found, of 25", xlabel="updates of the generator", ylim=(-1, 26))
    share.set(ylabel="share of samples near a mode", xlabel="updates of the generator", ylim=(-0.04, 1.06))
    share.axhline(1 - math.exp(-4.5), color="grey", linestyle=":", label="the data: 0.989")
    share.legend(loc="lower right")
    (collapsed, near), (whole, near_whole) = last.values()
    findings = [
        Finding("modes, non-saturating GAN", collapsed, at_most=12, reference="fewer than half"),
        Finding("share within 3 sigma, non-saturating GAN", near),
        Finding("modes, WGAN-GP", whole, at_least=25, reference="all"),
        Finding("share within 3 sigma, WGAN-GP", near_whole, at_least=0.7, reference="the data: 0.989"),
    ]
    facts = {"data": "25 normals of deviation 0.1 on a grid of spacing 2; 2500 samples, near within 3 deviations"}
    return Outcome(model, findings, {"mode_collapse": figure}, facts=facts)
