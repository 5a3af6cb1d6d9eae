"""How much codes move with their images: the Jacobian's norm of a plain, a denoising and a contractive autoencoder.

python recipes/contractive.py
"""

from pathlib import Path

import keras
import numpy as np
import typer
from keras import ops
from matplotlib.figure import Figure

from keras_gen import data, losses, models, networks
from keras_gen.reports import Finding, report

KINDS = {
    "AE": lambda: {},
    "DAE": lambda: {"corruption": keras.layers.GaussianNoise(0.3)},
    "CAE": lambda: {"contraction": 0.1},
}


def jacobian_norm(model, x):
    """Mean over the examples of the Frobenius norm."""
    parts = [losses.jacobian_penalty(model.encoder, x[i : i + 1000]) for i in range(0, len(x), 1000)]
    return float(ops.mean(ops.sqrt(ops.concatenate(parts))))


def main(
    dataset: str = "mnist",
    units: int = 1000,
    epochs: int = 10,
    batch_size: int = 100,
    seeds: int = 3,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/contractive"),
):
    train, test = data.load(dataset)
    norms = {name: [] for name in KINDS}
    for number in range(seed, seed + seeds):
        for name, options in KINDS.items():
            keras.utils.set_random_seed(number)
            widths = [train.x.shape[1:], max(4, round(units * width))]
            pair = networks.mlp_autoencoder(widths, code_activation="sigmoid", tied=True)
            model = models.Autoencoder(*pair, reconstruction="bernoulli", **options())
            model.compile("adam")
            model.fit(train.x, batch_size=batch_size, epochs=epochs, verbose=2)
            norms[name].append(jacobian_norm(model, test.x))

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for place, values in enumerate(norms.values()):
        axes.bar(place, np.mean(values), color="lightgrey")
        axes.plot([place] * len(values), values, "o", color="tab:blue")
    axes.set_xticks(range(len(norms)), norms)
    axes.set_ylabel("mean norm of the code's Jacobian, test images")
    figure.savefig(out / "jacobian_norms.png", dpi=100)
    ordered = sum(c < d < a for a, d, c in zip(*norms.values(), strict=True))
    report(
        "contractive",
        [
            *(Finding(f"mean Jacobian norm, {name}", np.mean(values)) for name, values in norms.items()),
            Finding("seeds with CAE < DAE < AE", ordered, at_least=seeds, reference="Rifai et al. 2011, the order"),
        ],
        out,
        dataset=dataset,
        units=units,
        contraction=0.1,
        noise="Gaussian, 0.3",
        epochs=epochs,
        batch_size=batch_size,
        seeds=seeds,
        norms=norms,
    )


if __name__ == "__main__":
    typer.run(main)
