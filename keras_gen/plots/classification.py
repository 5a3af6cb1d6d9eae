"""Figures of the decisions of classifiers."""

import numpy as np
from matplotlib.figure import Figure

from keras_gen import checks
from keras_gen.plots.images import as_pixels

_NAMES_UPRIGHT = 3  # characters from which the names of columns are turned
_SHORT = 5  # characters of names that fit side by side above an image
_COLUMNS = 10  # of wrong images
_COUNTED = 30  # classes up to which each cell shows its count


def confusion_matrix(labels, predicted, class_names=None, title=None):
    """How many examples of each class, one in a row, a classifier gives each class, one in a column.

    Rows are coloured by their shares, so that rare classes show too. Counts of zero are left out.

    Args:
        labels: Integers `(n,)`, the true classes, numbered from 0.
        predicted: Integers `(n,)`, the classes that the classifier gives.
        class_names: Names of the classes 0, 1, ... Defaults to `None`: their numbers, up to the largest that occurs.
        title: Text above. Defaults to `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the two have different lengths, or a class has no name.

    Example:

    >>> figure = confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1], ("cat", "dog"))
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['1', '1', '2']
    """
    from sklearn import metrics

    labels, predicted, names = _named(labels, predicted, class_names)
    counts = metrics.confusion_matrix(labels, predicted, labels=range(len(names)))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(3.2, 0.42 * min(len(names), _COUNTED) + 1.4)
    figure = Figure(figsize=(side, side), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(names) <= _COUNTED:
        for row, column in np.argwhere(counts):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=7, color=colour)
        turned = {"rotation": 90} if max(map(len, names)) >= _NAMES_UPRIGHT else {}
        axes.set_xticks(range(len(names)), names, fontsize=8, **turned)
        axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if title:
        axes.set_title(title, fontsize=10)
    return figure


def wrong_images(x, labels, predicted, class_names=None, n=60, value_range=(0, 1)):
    """Images that a classifier gives a wrong class, each below its true class and the predicted one.

    If more are wrong than shown, these are evenly spaced among them.

    Args:
        x: Array `(n, height, width, channels)`, 1 or 3 channels.
        labels, predicted, class_names: As in `confusion_matrix`.
        n: The most images to show, an integer >= 1. Defaults to 60.
        value_range: The pair (black, white). Defaults to (0, 1).

    Returns:
        A `matplotlib.figure.Figure`, which says so if no image is wrong.

    Example:

    >>> figure = wrong_images(np.zeros((2, 8, 8, 1)), [0, 1], [0, 0], ("cat", "dog"))
    >>> [axes.get_title() for axes in figure.axes]
    ['dog: cat']
    """
    labels, predicted, names = _named(labels, predicted, class_names)
    wrong = np.flatnonzero(labels != predicted)
    number = min(checks.integer("n", n), len(wrong))
    shown = wrong[np.linspace(0, len(wrong), number, endpoint=False).astype("int64")]
    rows = max(1, -(-len(shown) // _COLUMNS))
    columns = max(min(len(shown), _COLUMNS), 4)
    figure = Figure(figsize=(0.85 * columns, 0.95 * rows + 0.4), dpi=130, layout="constrained")
    kind = f"{number} of them" if number < len(wrong) else "all of them"
    between = ":\n" if max(map(len, names)) > _SHORT else ": "
    note = f", {kind}; true class: predicted class" if len(wrong) else ""
    figure.suptitle(f"{len(wrong)} of {len(labels)} wrong{note}", fontsize=9)
    if len(shown):
        pixels = as_pixels(np.asarray(x)[shown], value_range)
    for cell, place in enumerate(shown):
        axes = figure.add_subplot(rows, columns, cell + 1)
        axes.imshow(pixels[cell], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_axis_off()
        axes.set_title(f"{names[labels[place]]}{between}{names[predicted[place]]}", fontsize=6, pad=2)
    return figure


def _named(labels, predicted, class_names):
    """Validated labels and predicted classes as arrays, and the names of all classes."""
    labels, predicted = _classes("labels", labels), _classes("predicted", predicted)
    if len(labels) != len(predicted):
        raise ValueError(
            f"`predicted` must have one class for each label. Expected: {len(labels)}. Received: {len(predicted)}"
        )
    largest = int(max(labels.max(), predicted.max()))
    names = tuple(map(str, range(largest + 1) if class_names is None else class_names))
    if largest >= len(names):
        raise ValueError(
            f"`class_names` must name every class. Expected: {largest + 1} or more. Received: {len(names)}"
        )
    return labels, predicted, names


def _classes(name, classes):
    classes = np.asarray(classes)
    checks.array_spec(name, classes.dtype, classes.shape, ())
    if classes.dtype.kind not in "iu" or classes.min() < 0:
        raise ValueError(f"`{name}` must be integers from 0 on. Received: {classes.dtype} from {classes.min()} on")
    return classes
