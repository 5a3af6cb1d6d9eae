"""A CycleGAN whose right answers are known: grey digits, and other digits inverted and tinted.

python recipes/cyclegan_digits.py

No digit of one side has its counterpart on the other, but each has one that is known: its inverted and tinted self. So
the error of a translation can be measured; once more without the cycle consistency.
"""

import time
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import callbacks, data, models, networks, plots
from keras_gen.reports import Finding, report

TINT = np.array([1.0, 0.6, 0.2], "float32")


def tinted(x):
    """The counterpart of images in [-1, 1]: inverted, and each channel with its own share of the light."""
    return TINT * (1 - x) - 1


def trained(x, y, cycle_weight, epochs, batch_size, filters, learning_rate, seed):
    """Networks without halvings, for there are only 8x8 pixels."""
    keras.utils.set_random_seed(seed)
    generators = [
        networks.resnet_generator(x.shape[1:], filters=filters, blocks=2, downsamplings=0, name=way)
        for way in ("xy", "yx")
    ]
    judges = [networks.patchgan_discriminator(x.shape[1:], 2 * filters, 1, name=side) for side in ("x", "y")]
    model = models.CycleGAN(*generators, *judges, cycle_weight=cycle_weight)
    model.compile(keras.optimizers.Adam(learning_rate, beta_1=0.5))
    decay = callbacks.LinearDecay(learning_rate, epochs // 2, epochs - epochs // 2)
    history = model.fit(x, y, batch_size=batch_size, epochs=epochs, callbacks=[decay], verbose=2)
    return model, history.history


def main(
    dataset: str = "digits",
    epochs: int = 20,
    batch_size: int = 16,
    filters: int = 16,
    learning_rate: float = 1e-3,
    seeds: int = 3,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/cyclegan_digits"),
):
    train, test = (np.repeat(split.x, 3, axis=-1) for split in data.load(dataset, value_range=(-1, 1)))
    half = len(train) // 2
    x, y, seconds = train[:half], tinted(train[half:]), 0.0
    options = {"epochs": epochs, "batch_size": batch_size, "filters": max(1, round(filters * width))}
    options["learning_rate"] = learning_rate
    errors = {"with": [], "without": []}
    for number in range(seed, seed + seeds):
        for cycle, weight in (("without", 0.0), ("with", 10.0)):
            start = time.perf_counter()
            model, history = trained(x, y, weight, seed=number, **options)
            seconds += (time.perf_counter() - start) / (2 * seeds)
            errors[cycle].append(
                [  # of a range of 1
                    np.abs(model.translate(test, to="y") - tinted(test)).mean() / 2,
                    np.abs(model.translate(tinted(test), to="x") - test).mean() / 2,
                ]
            )
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    shown = test[:8]
    rows = {"x": shown, "G(x)": model.translate(shown), "true": tinted(shown), "F(G(x))": model.cycle(shown)}
    plots.image_rows(rows, (-1, 1)).savefig(out / "x-to-y.png")
    rows = {"y": tinted(shown), "F(y)": model.translate(tinted(shown), to="x"), "true": shown}
    rows["G(F(y))"] = model.cycle(tinted(shown), via="x")
    plots.image_rows(rows, (-1, 1)).savefig(out / "y-to-x.png")
    plots.history_curves(history).savefig(out / "history.png")
    worst, without = np.max(errors["with"], axis=0), np.min(errors["without"], axis=0)
    report(
        "cyclegan_digits",
        [
            Finding(f"mean absolute error of translations to y, worst of {seeds} seeds", worst[0], at_most=0.05),
            Finding(f"mean absolute error of translations to x, worst of {seeds} seeds", worst[1], at_most=0.05),
            Finding("the same to y without the cycle consistency, best seed", without[0]),
            Finding("the same to x without the cycle consistency, best seed", without[1]),
            Finding("seconds a training", seconds),
        ],
        out,
        dataset=dataset,
        tint=TINT.tolist(),
        seed=seed,
        **options,
    )


if __name__ == "__main__":
    typer.run(main)
