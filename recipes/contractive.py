"""How much codes change with their images: Jacobian norms of a plain, a denoising and a contractive autoencoder."""

import keras
import numpy as np
from keras import ops
from matplotlib.figure import Figure

from keras_gen import losses, models, networks
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.plots.palette import BLUE
from keras_gen.presets.registry import scaled

NOISE, CONTRACTION = 0.3, 0.1
KINDS = {
    "AE": lambda: {},
    "DAE": lambda: {"corruption": keras.layers.GaussianNoise(NOISE)},
    "CAE": lambda: {"contraction": CONTRACTION},
}


def jacobian_norm(model, x):
    """Mean over the examples of the Frobenius norm."""
    parts = [losses.jacobian_penalty(model.encoder, x[i : i + 1000]) for i in range(0, len(x), 1000)]
    return float(ops.mean(ops.sqrt(ops.concatenate(parts))))


@recipe
def main(data="mnist", units=1000, epochs=10, batch_size=100, seeds=3, seed=0, width=1.0):
    train, test = load(data)
    norms = {name: [] for name in KINDS}
    for number in range(seed, seed + seeds):
        for name, options in KINDS.items():
            keras.utils.set_random_seed(number)
            widths = [train.x.shape[1:], *scaled("units", (units,), width, 4)]
            pair = networks.mlp_autoencoder(widths, code_activation="sigmoid", tied=True)
            model = models.Autoencoder(*pair, reconstruction="bernoulli", **options())
            model.compile("adam")
            model.fit(train.x, batch_size=batch_size, epochs=epochs, verbose=2)
            norms[name].append(jacobian_norm(model, test.x))

    axes = Figure(figsize=(6, 4), layout="constrained").subplots()
    for place, values in enumerate(norms.values()):
        axes.bar(place, np.mean(values), color="lightgrey")
        axes.plot([place] * len(values), values, "o", color=BLUE)
    axes.set_xticks(range(len(norms)), norms)
    axes.set_ylabel("mean norm of the code's Jacobian, test images")
    ordered = sum(c < d < a for a, d, c in zip(*norms.values(), strict=True))
    findings = [
        *(Finding(f"mean Jacobian norm, {name}", np.mean(values)) for name, values in norms.items()),
        Finding("seeds with CAE < DAE < AE", ordered, at_least=seeds, reference="order in Rifai et al. 2011"),
    ]
    facts = {"contraction": CONTRACTION, "noise": f"Gaussian, {NOISE}", "norms": norms}
    return Outcome(model, findings, {"jacobian_norms": axes.figure}, facts=facts)
