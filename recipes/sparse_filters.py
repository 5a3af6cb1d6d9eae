"""What 100 hidden units look for: made sparse by KL, by L1, and by letting only the k largest pass.

python recipes/sparse_filters.py
"""

from pathlib import Path

import keras
import numpy as np
import typer
from matplotlib.figure import Figure

from keras_gen import data, plots, presets
from keras_gen.reports import Finding, report

KINDS = {"kl": {"rho": 0.05, "weight": 5.0}, "l1": {"weight": 0.5}, "k": {"k": 10}}


def filters(model, shape):
    """Each unit's weights as an image, all on one scale that ends at the strongest units, so that zero is grey."""
    kernel = model.encoder.get_layer("encoder_1").get_weights()[0]
    scaled = np.clip(kernel / np.quantile(np.abs(kernel).max(axis=0), 0.9), -1, 1)
    return (scaled.T.reshape(-1, *shape) + 1) / 2


def main(
    dataset: str = "mnist",
    units: int = 100,
    epochs: int = 20,
    batch_size: int = 100,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/sparse_filters"),
):
    train, test = data.load(dataset)
    shape, findings = train.x.shape[1:], []
    mean = train.x.mean(axis=0)  # without it many units never learn: those that stand for the mean image win
    x, x_test = train.x - mean, test.x - mean
    units = max(12, round(units * width))
    out.mkdir(parents=True, exist_ok=True)
    sheet = Figure(figsize=(15, 5.4), layout="constrained")
    for axes, (kind, options) in zip(sheet.subplots(1, len(KINDS)), KINDS.items(), strict=True):
        keras.utils.set_random_seed(seed)
        model = presets.sparse(shape, units, sparsity=kind, reconstruction="squared_error", **options)
        model.fit(x, batch_size=batch_size, epochs=epochs, verbose=2)
        code = model.encode(x_test)
        active = (np.abs(code) > 0.1 * np.abs(code).max()).mean()
        images = filters(model, shape)
        plots.image_grid(images).savefig(out / f"filters_{kind}.png")
        axes.imshow(plots.mosaic(images), cmap="gray", vmin=0, vmax=1)
        axes.set_title(f"{kind}, {active:.0%} of the units active")
        axes.set_axis_off()
        error = np.square(x_test - model.reconstruct(x_test)).sum(axis=(1, 2, 3)).mean()
        findings.append(Finding(f"{kind}: part of the units above a tenth of the largest", active, at_most=0.35))
        findings.append(Finding(f"{kind}: test error, squared", error))
    model.save(out / "model.keras")
    sheet.savefig(out / "filters.png", dpi=100)
    report(
        "sparse_filters",
        findings,
        out,
        dataset=dataset,
        units=units,
        penalties=KINDS,
        error="squared error, the training mean taken off the images",
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
