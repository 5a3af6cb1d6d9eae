"""Filters of 100 hidden units, made sparse by KL, by L1, and by keeping only the k largest active."""

import keras
import numpy as np
from matplotlib.figure import Figure

from keras_gen import plots, presets
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.presets.registry import scaled
from keras_gen.runs.baselines import squared_error

KINDS = {"kl": {"rho": 0.05, "sparsity": 5.0}, "l1": {"sparsity": 0.5}, "k": {"k": 10}}


def filters(model, shape):
    """The weights of each unit as an image; zero is grey, and black and white are set by the strongest units."""
    kernel = model.encoder.get_layer("encoder_1").get_weights()[0]
    relative = np.clip(kernel / np.quantile(np.abs(kernel).max(axis=0), 0.9), -1, 1)
    return (relative.T.reshape(-1, *shape) + 1) / 2


@recipe
def main(data="mnist", units=100, epochs=20, batch_size=100, seed=0, width=1.0):
    train, test = load(data)
    shape = train.x.shape[1:]
    mean = train.x.mean(axis=0)  # without it, the units that learn the mean image win, and many others never learn
    x, x_test = train.x - mean, test.x - mean
    (units,) = scaled("units", (units,), width, 12)
    sheet = Figure(figsize=(15, 5.4), layout="constrained")
    figures, findings = {"filters": sheet}, []
    for axes, (kind, options) in zip(sheet.subplots(1, len(KINDS)), KINDS.items(), strict=True):
        keras.utils.set_random_seed(seed)
        model = presets.sparse(shape, units, sparsity_kind=kind, reconstruction="squared_error", **options)
        model.fit(x, batch_size=batch_size, epochs=epochs, verbose=2)
        code = model.encode(x_test)
        active = (np.abs(code) > 0.1 * np.abs(code).max()).mean()
        images = filters(model, shape)
        figures[f"filters_{kind}"] = plots.image_grid(images)
        axes.imshow(plots.mosaic(images), cmap="gray", vmin=0, vmax=1)
        axes.set_title(f"{kind}, {active:.0%} of the units active")
        axes.set_axis_off()
        findings += [
            Finding(f"{kind}: share of the units above a tenth of the largest", active, at_most=0.35),
            Finding(f"{kind}: test error, squared", squared_error(x_test, model.reconstruct(x_test))),
        ]
    facts = {"penalties": KINDS, "error": "squared error, the training mean subtracted from the images"}
    return Outcome(model, findings, figures, facts=facts)
