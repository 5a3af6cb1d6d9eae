"""Figures of quantities over the epochs, and over sizes."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_gen.plots.palette import BLUE, ORANGE, VERMILION

_COLOURS = {"training": BLUE, "validation": ORANGE}


def history_curves(history, title=None):
    """Each logged quantity over the epochs, training and validation in one panel; none for one that is always 0.

    Args:
        history: Dict, not empty, from a name to a list of numbers, one per epoch, as in `fit(...).history`.
        title: Text above. Defaults to `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = history_curves({"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]})
    """
    names = [name for name in history if not name.startswith("val_") or name[4:] not in history]
    names = [name for name in names if np.any(history[name])] or names
    if not names:
        raise ValueError("`history` must hold at least one quantity. Received: an empty dict")
    figure = Figure(figsize=(3.6 * len(names), 2.8), dpi=130)
    for place, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), place + 1)
        keys = {"validation": name} if name.startswith("val_") else {"training": name, "validation": f"val_{name}"}
        curves = {label: history[key] for label, key in keys.items() if key in history}
        is_point = max(map(len, curves.values())) == 1
        options = {"marker": "o"} if is_point else {}
        for label, values in curves.items():
            axes.plot(np.arange(1, len(values) + 1), values, color=_COLOURS[label], label=label, **options)
        axes.set_xlabel("epoch")
        if is_point:
            axes.set_xticks([1])
        else:
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_title(name, fontsize=9)
        axes.legend(fontsize=7)
    if title:
        figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    return figure


def error_against(
    name,
    sizes,
    errors,
    standard_errors,
    chosen=None,
    label="squared error of the reconstruction",
    greater_is_better=False,
):
    """Errors of models of several sizes, with the bound of the one-standard-error rule.

    Args:
        name: Label of the axis of sizes.
        sizes: List of numbers.
        errors: List of the models' errors, at least one finite; others are left out.
        standard_errors: List of the errors' standard errors.
        chosen: The size to mark, or `None`. Defaults to `None`.
        label: Label of the axis of errors, which may be another value of the models. Defaults to
            `"squared error of the reconstruction"`.
        greater_is_better: Whether the best value is the largest. Defaults to `False`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = error_against("latent_dim", [2, 8, 32], [9.0, 5.2, 5.0], [0.3, 0.3, 0.3], chosen=8)
    """
    rows = sorted(row for row in zip(sizes, errors, standard_errors, strict=True) if np.isfinite(row[1]))
    if not rows:
        raise ValueError("`errors` must hold a finite number. Received: none")
    x, y, deviations = (np.array(column, "float64") for column in zip(*rows, strict=True))
    figure = Figure(figsize=(6.4, 4.2), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    options = {"fmt": "o-", "capsize": 3, "color": BLUE}
    axes.errorbar(x, y, yerr=np.nan_to_num(deviations), label="validation, 1 standard error", **options)
    sign, best = (-1, "below the largest") if greater_is_better else (1, "above the smallest")
    place = int(np.argmin(sign * y))
    bound = y[place] + sign * np.nan_to_num(deviations[place])
    axes.axhline(bound, color="grey", linestyle=":", label=f"one standard error {best}")
    if chosen is not None:
        axes.axvline(chosen, color=VERMILION, linestyle="--", label=f"chosen: {chosen:.4g}")
    if x.min() > 0 and x.max() / x.min() >= 8:
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(name)
    axes.set_ylabel(label)
    axes.legend(fontsize=8)
    return figure
