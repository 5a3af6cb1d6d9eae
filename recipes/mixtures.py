"""Which GANs find all modes of eight normals on a ring and of twenty-five on a grid.

Args:
    mixture: The data.
    variants: Models to train: losses of `models.GAN`, WGAN and WGANGP.
    steps: Updates of the generator in an epoch.
"""

from typing import Literal

import keras
import numpy as np
from matplotlib.figure import Figure

from keras_gen import checks, metrics, models, networks
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay_by_epoch, recipe
from keras_gen.data import grid, ring
from keras_gen.plots.palette import BLUE, ORANGE
from keras_gen.presets.registry import scaled

MIXTURES = {"ring": ring(), "grid": grid()}
SAMPLES = 2500
GOALS = {"ring": (0.8, 300), "grid": (0.7, 600)}  # WGANGP's: share of samples near a centre, seconds for all seeds
GANS = ("non_saturating", "minimax", "maximum_likelihood", "least_squares", "hinge")
VARIANTS = {  # class, arguments, learning rate
    **{loss: (models.GAN, {"adversarial_loss": loss}, 1e-3) for loss in GANS},
    "WGAN": (models.WGAN, {"clip": 0.1}, 1e-3),
    "WGANGP": (models.WGANGP, {"gradient_penalty_weight": 0.1}, 4e-3),
}


def small_gan(kind, width, **options):
    """A model with two latents."""
    units = scaled("units", (128, 128, 128), width, 4)
    generator = networks.mlp_generator(2, units, (2,), output_activation=None)
    return kind(generator, networks.mlp_discriminator((2,), units, "relu"), 2, ema=0.999, **options)


def fit(model, mixture, learning_rate, steps, epochs, batch_size, seed, callbacks=(), verbose=0):
    """Train with a learning rate that falls to zero, and return the history."""
    model.compile(keras.optimizers.Adam(learning_rate, beta_1=0.5, beta_2=0.9))
    callbacks = [cosine_decay_by_epoch(learning_rate, epochs), *callbacks]
    size = batch_size * model.n_critic
    points = mixture.draw(steps * size, seed)
    return model.fit(points, batch_size=size, epochs=epochs, callbacks=callbacks, verbose=verbose).history


def pictured(mixture, panels):
    """The samples of every variant, over the centres."""
    figure = Figure(figsize=(10.4, 6.4), layout="constrained")
    for number, (name, samples) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(2, 4, number)
        axes.plot(*mixture.centres.T, "o", color=ORANGE, alpha=0.4)
        axes.plot(*samples.T, ".", color=BLUE, markersize=1.5, alpha=0.5)
        found, good = metrics.mode_counts(samples, *mixture)
        reach = 1.25 * np.abs(mixture.centres).max()
        title = f"{name.replace('_', ' ').replace('GANGP', 'GAN-GP')}:\n{found} modes, {good:.0%} near"
        axes.set(title=title, xlabel="$x_1$", ylabel="$x_2$", xlim=(-reach, reach), ylim=(-reach, reach), aspect=1)
    return figure


@recipe
def main(
    mixture: Literal["both", "ring", "grid"] = "both", variants=tuple(VARIANTS), seeds=3, steps=100, epochs=30,
    batch_size=256, seed=0, width=1.0,
):  # fmt: skip
    trained = {variant: VARIANTS[checks.choice("variant", variant, VARIANTS)] for variant in variants}
    findings, figures, table = [], {}, []
    for name in MIXTURES if mixture == "both" else [mixture]:
        points, panels = MIXTURES[name], {"data": MIXTURES[name].draw(SAMPLES, seed)}
        for variant, (kind, options, learning_rate) in trained.items():
            found = []
            with Timer() as timer:
                for number in range(seed, seed + seeds):
                    keras.utils.set_random_seed(number)
                    model = small_gan(kind, width, **options)
                    fit(model, points, learning_rate, steps, epochs, batch_size, number)
                    panels.setdefault(variant, samples := model.sample(SAMPLES, seed=number))
                    found.append(metrics.mode_counts(samples, *points))
            modes, shares = zip(*found, strict=True)
            row = {"mixture": name, "variant": variant, "modes": modes, "near a centre": shares}
            table.append({**row, "seconds": round(timer.seconds, 1)})
            print(table[-1])
            if variant == "WGANGP":
                (share, seconds), worst = GOALS[name], f"{name}, WGANGP, worst of {seeds} seeds"
                findings += [
                    Finding(f"{worst}: modes", min(modes), at_least=len(points.centres)),
                    Finding(f"{worst}: share within 3 sigma", min(shares), at_least=share),
                    Finding(f"{name}, WGANGP: seconds, all seeds", timer.seconds, at_most=seconds),
                ]
        figures[name] = pictured(points, panels)
    facts = {
        "data": {n: f"{len(m.centres)} normals of deviation {m.sigma}, {SAMPLES} samples" for n, m in MIXTURES.items()},
        "table": table,
        "options": {name: {**options, "learning_rate": rate} for name, (_, options, rate) in trained.items()},
    }
    return Outcome(model, findings, figures, facts=facts)
