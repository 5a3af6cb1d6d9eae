"""How large a code, and how much noise: two searches over a denoising autoencoder, each for the knee of its errors.

A run that was stopped continues if it is started again: every search keeps its trials in its folder.

Args:
    train_images, validation_images: Number of images.
    trials: Trials of each search.
    high: The largest code.
    corruption: Rate of the masking noise of the validation images, and of training in the search for the code size.
    repeats: Trainings of each code size; each rate of corruption has one.
    seeds: Repetitions of both searches, with the seeds from --seed on.
"""

import numpy as np

from keras_gen import plots, tuning
from keras_gen.cli.recipe import Finding, Outcome, cosine_decay_by_epoch, recipe
from keras_gen.data import load


@recipe
def main(
    out, data="mnist", train_images=10000, validation_images=2000, trials=12, high=500, corruption=0.5, units=500,
    epochs=15, batch_size=100, learning_rate=3e-3, repeats=3, seeds=2, seed=0, width=1.0,
):  # fmt: skip
    train, _ = load(data)
    x, clean = train.x[:-validation_images][:train_images], train.x[-validation_images:]
    masked = np.random.default_rng(seed).random(clean.shape) < corruption  # the same for all models
    validation = np.where(masked, np.float32(0), clean), clean
    # With a constant rate the errors of one size would differ by more than those of different sizes
    watchers = [cosine_decay_by_epoch(learning_rate, epochs)]
    options = {"trials": trials, "epochs": epochs, "batch_size": batch_size, "units": (units,), "width": width}
    options |= {"validation": validation, "callbacks": watchers}
    code = {"high": high, "corruption": corruption, "repeats": repeats}
    sizes, rates = [], []
    for number in range(seed, seed + seeds):
        sizes.append(tuning.search_latent_dim(x, out / f"latent_dim-{number}", seed=number, **code, **options))
        knee = sizes[0].chosen["latent_dim"]  # the first seed's for all, so that the rates can be compared
        rates.append(tuning.search_corruption(x, out / f"corruption-{number}", latent_dim=knee, seed=number, **options))

    figures, findings = {}, []
    for name, found, what in (("latent_dim", sizes, "code size"), ("corruption", rates, "rate of the masking noise")):
        chosen, rows = [result.chosen[name] for result in found], found[0].rows
        columns = [[row[key] for row in rows] for key in (name, "error", "standard_error")]
        figures[f"error_against_{name}"] = plots.error_against(what, *columns, chosen=chosen[0])
        findings += [
            *(Finding(f"chosen {what}, seed {seed + place}", value) for place, value in enumerate(chosen)),
            Finding(f"number of different choices of the {what}", len(set(chosen)), at_most=1),
            Finding(f"smallest error in the search for the {what}", min(row["error"] for row in rows)),
        ]
    facts = {"error": "squared, summed over pixels, between reconstructions of masked images and the clean images"}
    return Outcome(rates[0].model(), findings, figures, facts=facts)
