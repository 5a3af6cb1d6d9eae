"""Figures that compare models."""

import numpy as np
from matplotlib.figure import Figure

from keras_gen.estimates import estimate
from keras_gen.plots.images import mosaic
from keras_gen.plots.palette import BLUE, GREY, ORANGE


def compared(values, baselines=None, samples=None, baseline_name="baseline"):
    """Measures of models, one panel each, with mean and standard error over runs, above a strip of samples each.

    Args:
        values: Dict from a measure's name to a dict from a model's name to a list of numbers, one for each run.
        baselines: Dict from a measure's name to a number, drawn as a line, or to `None`. Defaults to `None`: no line.
        samples: Dict from a model's name to images in [0, 1], `(n, height, width, channels)`. Defaults to `None`.
        baseline_name: Label of the line in the legend. Defaults to `"baseline"`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = compared({"coverage": {"gan": [0.4, 0.5], "vae": [0.2]}}, {"coverage": 0.97})
    """
    models, samples = list(next(iter(values.values()))), samples or {}
    height = 0.45 * len(models) + 1.1
    figure = Figure(figsize=(max(6.4, 1.6 + 2.6 * len(values)), height + 0.7 * len(samples)), dpi=130)
    figure.set_layout_engine("constrained")
    heights = [height, 0.7 * len(samples)] if samples else [height]
    upper, *lower = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    panels = upper.subplots(1, len(values), sharey=True, squeeze=False)[0]
    for axes, (name, by_model) in zip(panels, values.items(), strict=True):
        for place, model in enumerate(models):
            runs = np.asarray(by_model[model], "float64")
            mean, error = estimate(runs)
            axes.scatter(runs, np.full(len(runs), place), s=9, color=GREY, alpha=0.7)
            axes.errorbar(mean, place, xerr=np.nan_to_num(error), fmt="o", color=BLUE, capsize=3, markersize=5)
        if baselines and baselines.get(name) is not None:
            axes.axvline(baselines[name], color=ORANGE, linestyle="--", label=baseline_name)
            axes.legend(fontsize=6)
        axes.set_title(name, fontsize=8)
        axes.tick_params(labelsize=7)
        axes.set_ylim(len(models) - 0.5, -0.5)
    panels[0].set_yticks(range(len(models)), models)
    if samples:
        strips = lower[0].subplots(len(samples), 1, squeeze=False)[:, 0]
        for axes, (model, images) in zip(strips, samples.items(), strict=True):
            axes.imshow(mosaic(images, len(images)), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_ylabel(model, rotation=0, ha="right", va="center", fontsize=7)
            axes.set_xticks([])
            axes.set_yticks([])
    return figure
