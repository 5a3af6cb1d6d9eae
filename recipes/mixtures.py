"""Which GANs reach all modes, of eight normals on a ring and of twenty-five on a grid: python recipes/mixtures.py"""

import math
import time
from pathlib import Path

import keras
import numpy as np
import typer
from matplotlib.figure import Figure

from keras_gen import data, metrics, models, networks
from keras_gen.reports import Finding, report

MIXTURES = {"ring": data.ring(), "grid": data.grid()}
GOALS = {"ring": (0.8, 300), "grid": (0.7, 600)}  # WGANGP's: share of samples near a centre, seconds for all seeds
GANS = ("non_saturating", "minimax", "maximum_likelihood", "least_squares", "hinge")
VARIANTS = {  # class, arguments, learning rate
    **{loss: (models.GAN, {"adversarial_loss": loss}, 1e-3) for loss in GANS},
    "WGAN": (models.WGAN, {"clip": 0.1}, 1e-3),
    "WGANGP": (models.WGANGP, {"gradient_penalty_weight": 0.1}, 4e-3),
}


def trained(variant, mixture, steps, epochs, batch_size, units, seed):
    """A model of two latents; its learning rate falls to zero by a cosine."""
    keras.utils.set_random_seed(seed)
    kind, options, rate = VARIANTS[variant]
    generator = networks.mlp_generator(2, units, (2,), output_activation=None)
    model = kind(generator, networks.mlp_discriminator((2,), units, "relu"), 2, ema=0.999, **options)
    model.compile(keras.optimizers.Adam(rate, beta_1=0.5, beta_2=0.9))
    falling = keras.callbacks.LearningRateScheduler(lambda epoch: rate * (1 + math.cos(math.pi * epoch / epochs)) / 2)
    size = batch_size * model.n_critic
    model.fit(mixture.draw(steps * size, seed), batch_size=size, epochs=epochs, callbacks=[falling], verbose=0)
    return model


def pictured(mixture, panels):
    """The samples of every variant, over the centres."""
    figure = Figure(figsize=(10.4, 6.4), layout="constrained")
    for axes, (name, samples) in zip(figure.subplots(2, 4).flat, panels.items(), strict=False):
        axes.plot(*mixture.centres.T, "o", color="tab:orange", alpha=0.4)
        axes.plot(*samples.T, ".", color="tab:blue", markersize=1.5, alpha=0.5)
        found, good = metrics.mode_counts(samples, *mixture)
        reach = 1.25 * np.abs(mixture.centres).max()
        axes.set(title=f"{name}:\n{found} modes, {good:.0%} near", xlim=(-reach, reach), ylim=(-reach, reach), aspect=1)
    return figure


def main(
    mixture: str = "both",
    variants: list[str] = tuple(VARIANTS),
    seeds: int = 3,
    steps: int = 100,
    epochs: int = 30,
    batch_size: int = 256,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/mixtures"),
):
    units, findings, table = [max(4, round(128 * width))] * 3, [], []
    for name in MIXTURES if mixture == "both" else [mixture]:
        points = MIXTURES[name]
        panels = {"data": points.draw(2500, seed)}
        for variant in variants:
            start, found = time.perf_counter(), []
            for number in range(seed, seed + seeds):
                model = trained(variant, points, steps, epochs, batch_size, units, number)
                panels.setdefault(variant, samples := model.sample(2500, seed=number))
                found.append(metrics.mode_counts(samples, *points))
            modes, shares = zip(*found, strict=True)
            table.append({"mixture": name, "variant": variant, "modes": modes, "near a centre": shares})
            table[-1]["seconds"] = round(time.perf_counter() - start, 1)
            print(table[-1])
            if variant == "WGANGP":
                share, seconds = GOALS[name]
                findings += [
                    Finding(f"{name}, WGANGP, worst of {seeds} seeds: modes", min(modes), at_least=len(points.centres)),
                    Finding(f"{name}, WGANGP, worst of {seeds} seeds: share in 3 sigma", min(shares), at_least=share),
                    Finding(f"{name}, WGANGP: seconds, all seeds", table[-1]["seconds"], at_most=seconds),
                ]
        model.save(out / "model.keras")
        pictured(points, panels).savefig(out / f"{name}.png", dpi=100)
    protocol = {"steps": steps * epochs, "batch_size": batch_size, "units": units, "seeds": seeds, "seed": seed}
    report(
        "mixtures",
        findings,
        out,
        dataset="8 normals of deviation 0.05 on a ring of radius 2; 25 of 0.1 on a grid of spacing 2; 2500 samples",
        table=table,
        options={name: {**options, "learning_rate": rate} for name, (_, options, rate) in VARIANTS.items()},
        **protocol,
    )


if __name__ == "__main__":
    typer.run(main)
