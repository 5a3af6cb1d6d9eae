"""Mode collapse, and its cure: the same networks, data and steps with the cross-entropy's loss and with WGAN-GP's.

python recipes/mode_collapse.py
"""

import math
from pathlib import Path

import keras
import numpy as np
import typer
from matplotlib.figure import Figure

from keras_gen import callbacks, data, metrics, models, networks
from keras_gen.reports import Finding, report

VARIANTS = {
    "GAN, non-saturating": (models.GAN, {"adversarial_loss": "non_saturating"}),
    "WGAN-GP": (models.WGANGP, {"gradient_penalty_weight": 0.1}),
}


def trained(variant, mixture, steps, epochs, batch_size, learning_rate, units, seed):
    """The model, and a dict from `modes` and `good` to their values after every epoch."""
    keras.utils.set_random_seed(seed)
    kind, options = VARIANTS[variant]
    generator = networks.mlp_generator(2, units, (2,), output_activation=None)
    model = kind(generator, networks.mlp_discriminator((2,), units, "relu"), 2, n_critic=5, ema=0.999, **options)
    model.compile(keras.optimizers.Adam(learning_rate, beta_1=0.5, beta_2=0.9))
    falling = lambda epoch: learning_rate * (1 + math.cos(math.pi * epoch / epochs)) / 2  # noqa: E731
    measures = [metrics.ModeCount(*mixture), metrics.HighQualitySamples(*mixture)]
    history = model.fit(
        mixture.draw(steps * 5 * batch_size, seed),
        batch_size=5 * batch_size,
        epochs=epochs,
        callbacks=[keras.callbacks.LearningRateScheduler(falling), callbacks.EvaluateSamples(measures, seed=seed)],
        verbose=2,
    ).history
    return model, {metric.label: history[f"val_{metric.name}"] for metric in measures}


def main(
    steps: int = 100,
    epochs: int = 30,
    batch_size: int = 256,
    learning_rate: float = 4e-3,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/mode_collapse"),
):
    out.mkdir(parents=True, exist_ok=True)
    mixture, units, last = data.grid(), [max(4, round(128 * width))] * 3, {}
    figure = Figure(figsize=(14, 3.6), layout="constrained")
    count, share, *planes = figure.subplots(1, 4)
    for variant, axes, colour in zip(VARIANTS, planes, ("tab:red", "tab:blue"), strict=True):
        model, found = trained(variant, mixture, steps, epochs, batch_size, learning_rate, units, seed)
        last[variant] = {label: values[-1] for label, values in found.items()}
        passed = steps * np.arange(1, epochs + 1)
        count.plot(passed, found["modes"], ".-", color=colour, label=variant)
        share.plot(passed, found["high_quality"], ".-", color=colour, label=variant)
        axes.plot(*mixture.centres.T, "o", color="tab:orange", markersize=8, alpha=0.4)
        axes.plot(*model.sample(2500, seed=seed).T, ".", color=colour, markersize=2, alpha=0.5)
        axes.set(title=f"{variant}, at the end", xlim=(-5.2, 5.2), ylim=(-5.2, 5.2), aspect=1)
    count.set(title="modes found, of 25", xlabel="generator's steps", ylim=(-1, 26))
    share.set(title="share of samples near a mode", xlabel="generator's steps", ylim=(-0.04, 1.06))
    share.axhline(1 - math.exp(-4.5), color="grey", linestyle=":", label="the data: 0.989")
    share.legend(loc="lower right")
    figure.savefig(out / "mode_collapse.png", dpi=100)
    model.save(out / "model.keras")
    collapsed, whole = last.values()
    report(
        "mode_collapse",
        [
            Finding("modes, non-saturating GAN", collapsed["modes"], at_most=12, reference="fewer than half"),
            Finding("share within 3 sigma, non-saturating GAN", collapsed["high_quality"]),
            Finding("modes, WGAN-GP", whole["modes"], at_least=25, reference="all"),
            Finding("share within 3 sigma, WGAN-GP", whole["high_quality"], at_least=0.7, reference="the data: 0.989"),
        ],
        out,
        dataset="25 normals of deviation 0.1 on a grid of spacing 2; 2500 samples, near within 3 deviations",
        steps=steps * epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        units=units,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
