"""Figures of objects that are found in pictures."""

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from keras_gen import checks
from keras_gen.plots.images import as_pixels

_TRUE, _FOUND = "lime", "orange"


def detections(images, truth, found, least=0.5, columns=4):
    """Pictures with their true boxes, in green, and the boxes found, in orange, with their labels and scores.

    Args:
        images: Array `(n, height, width, channels)` in [0, 1], 1 or 3 channels.
        truth: List with an array `(k, 4)` of boxes (top, left, bottom, right) for each picture, or for more pictures.
        found: Lists (boxes, labels, scores) as in `metrics.Detections`, with one array each for as many pictures.
        least: Number; boxes of a lower score are left out. Defaults to 0.5.
        columns: Pictures in a row, an integer >= 1. Defaults to 4.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If a list has fewer entries than there are pictures.

    Example:

    >>> box = [np.array([[2, 2, 6, 5]])]
    >>> figure = detections(np.zeros((1, 8, 8, 1)), box, (box, [np.array([7])], [np.array([0.9])]))
    """
    pixels, columns = as_pixels(images, (0, 1)), checks.integer("columns", columns)
    if (shortest := min(map(len, (truth, *found)))) < len(pixels):
        raise ValueError(
            f"`truth` and `found` must have an array for each picture. Expected: {len(pixels)}. Received: {shortest}"
        )
    columns = min(columns, len(pixels))
    rows = math.ceil(len(pixels) / columns)
    figure = Figure(figsize=(3 * columns, 3 * rows), dpi=100, layout="constrained")
    for number, (image, true_boxes, *given) in enumerate(zip(pixels, truth, *found, strict=False), start=1):
        axes = figure.add_subplot(rows, columns, number)
        axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.axis("off")
        scores = np.asarray(given[2])
        order = np.argsort(scores, kind="stable")[np.count_nonzero(scores < least) :]  # the best is drawn last, on top
        boxes, labels, scores = (np.asarray(values)[order] for values in given)
        for places, colour, width in ((true_boxes, _TRUE, 4), (boxes, _FOUND, 1.5)):
            for top, left, bottom, right in np.asarray(places) - 0.5:  # a pixel's centre is at its number
                axes.add_patch(
                    Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, lw=width)
                )
        for (top, left, *_), label, score in zip(boxes, labels, scores, strict=True):
            text = axes.text(left - 0.5, top - 1, f"{label}: {score:.2f}", color=_FOUND, fontsize=9, va="bottom")
            text.set_bbox({"facecolor": "black", "edgecolor": "none", "pad": 1})
    figure.supxlabel(f"green: true; orange: found, score >= {least:g}", fontsize=9)
    return figure
