"""Autoencoders of a curve in the plane: two hidden units are too few to follow it, four are enough.

python recipes/curve.py
"""

from pathlib import Path

import keras
import numpy as np
import typer
from matplotlib.figure import Figure

from keras_gen import models, networks
from keras_gen.reports import Finding, report


def points(n):
    """A sine of one and three quarters of a period: four bends, more than two units have."""
    t = np.linspace(-1, 1, n)
    return 3 * np.stack([t, 0.8 * np.sin(1.75 * np.pi * t)], axis=1).astype("float32")


def trained(hidden, x, epochs, batch_size, learning_rate, starts, seed):
    """The best of a few starts, for a network this small can settle in a bad place."""
    best, many = None, np.tile(x, (100, 1))  # an epoch of so few points would be mostly its beginning and end
    for start in range(seed, seed + starts):
        keras.utils.set_random_seed(start)
        model = models.Autoencoder(*networks.mlp_autoencoder([2, hidden, 1], "tanh"))
        steps = epochs * -(-len(many) // batch_size)
        model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps)))
        error = model.fit(many, batch_size=batch_size, epochs=epochs, verbose=0).history["loss"][-1]
        if best is None or error < best[0]:
            best = error, model
    return best[1]


def main(
    epochs: int = 30,
    batch_size: int = 50,
    learning_rate: float = 3e-2,
    starts: int = 10,
    seed: int = 0,
    out: Path = Path("saved_models/curve"),
):
    x = points(200)
    found, scores = {}, {}
    for hidden in (2, 4):
        name = f"2-{hidden}-1-{hidden}-2"
        model = trained(hidden, x, epochs, batch_size, learning_rate, starts, seed)
        found[name] = model.reconstruct(x)
        scores[name] = 1 - np.square(x - found[name]).sum() / np.square(x - x.mean(axis=0)).sum()

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, (name, curve) in zip(figure.subplots(1, 2, sharex=True, sharey=True), found.items(), strict=True):
        axes.plot(*x.T, color="lightgrey", linewidth=6, label="curve")
        axes.plot(*curve.T, color="tab:red", label="reconstruction")
        axes.set_title(f"{name}, tanh: R2 = {scores[name]:.3f}")
        axes.legend(loc="upper left")
    figure.savefig(out / "curve.png", dpi=100)
    report(
        "curve",
        [
            Finding("R2 of 2-4-1-4-2", scores["2-4-1-4-2"], at_least=0.99, reference="exact"),
            Finding("R2 of 2-2-1-2-2", scores["2-2-1-2-2"], at_most=0.98, reference="visibly worse"),
        ],
        out,
        dataset="200 points of a sine of one and three quarters of a period",
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        starts=starts,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
