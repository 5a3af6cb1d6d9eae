"""How wide a code, and how much noise: two searches over a denoising autoencoder, each for the knee of its errors.

python recipes/tune_denoising_autoencoder.py

Stopped and started again, it goes on where it was: every search keeps its trials in its folder.
"""

import math
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import data, plots, tuning
from keras_gen.reports import Finding, report


def main(
    dataset: str = "mnist",
    train_images: int = 10000,
    validation_images: int = 2000,
    trials: int = 12,
    high: int = 500,
    noise: float = 0.5,
    units: int = 500,
    epochs: int = 15,
    batch_size: int = 100,
    learning_rate: float = 3e-3,
    repeats: int = 3,
    seeds: int = 2,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/tune_denoising_autoencoder"),
):
    train, _ = data.load(dataset)
    x, clean = train.x[:-validation_images][:train_images], train.x[-validation_images:]
    masked = np.random.default_rng(seed).random(clean.shape) < noise  # the same for all: what they are to undo
    validation = np.where(masked, np.float32(0), clean), clean
    options = {"trials": trials, "epochs": epochs, "batch_size": batch_size, "units": (units,), "width": width}
    falling = keras.callbacks.LearningRateScheduler(
        lambda epoch: learning_rate * (1 + math.cos(math.pi * epoch / epochs)) / 2
    )
    options["callbacks"] = [falling]  # a constant rate leaves more noise in the errors than sizes differ by
    sizes, rates = [], []
    for number in range(seed, seed + seeds):
        shared = {**options, "validation": validation, "seed": number}
        sizes.append(
            tuning.search_bottleneck(x, out / f"bottleneck-{number}", high=high, noise=noise, repeats=repeats, **shared)
        )
        knee = sizes[0].chosen["latent_dim"]  # the first seed's for all, so that the rates can be compared
        rates.append(tuning.search_denoising_rate(x, out / f"noise-{number}", latent_dim=knee, **shared))

    rates[0].model().save(out / "model.keras")
    for name, found, axis in (("latent_dim", sizes, "code size"), ("noise", rates, "rate of the masking noise")):
        columns = [[row[key] for row in found[0].rows] for key in (name, "error", "standard_error")]
        figure = plots.error_against(axis, *columns, chosen=found[0].chosen[name])
        figure.savefig(out / f"error_against_{name}.png")
    findings = []
    for name, found, what in (("latent_dim", sizes, "code size"), ("noise", rates, "noise rate")):
        chosen = [one.chosen[name] for one in found]
        findings += [Finding(f"chosen {what}, seed {seed + place}", value) for place, value in enumerate(chosen)]
        findings.append(Finding(f"number of choices of {what} over the seeds", len(set(chosen)), at_most=1))
        findings.append(Finding(f"smallest error of the search for a {what}", min(r["error"] for r in found[0].rows)))
    report(
        "tune_denoising_autoencoder",
        findings,
        out,
        dataset=dataset,
        train_images=len(x),
        validation_images=len(clean),
        error="squared, summed over pixels, between what comes out of masked images and the clean ones",
        trials=trials,
        noise=f"masking, {noise} of the validation images and in the search for a code size",
        units=units,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        repeats=f"{repeats} trainings a code size, one a noise rate",
        seeds=seeds,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
