"""Reports on tables: outliers, and missing values."""

import math

import numpy as np
from matplotlib.figure import Figure

from keras_gen.plots.palette import BLUE, GREEN, ORANGE, VERMILION

_ROWS, _COLUMNS = 15, 10  # of the map of errors: the strongest outliers, and the columns with the largest errors
_PANELS = 11  # tested columns of a report
_LONGEST = 14  # characters of a cell or a name


def outlier_report(scores, flagged, errors, cells, text):
    """The scores of all rows, and the cells behind the strongest outliers, each with its share of the row's error.

    Args:
        scores: Array `(n,)`, higher for stronger outliers.
        flagged: Boolean array `(n,)`: the rows that count as outliers.
        errors: DataFrame `(n, columns)` of the cells' errors, numbers >= 0.
        cells: DataFrame of the same shape of the cells.
        text: Function of a column's name and a cell that gives the text to show.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> import pandas as pd
    >>> errors = pd.DataFrame({"size": [0.1, 9.0], "colour": [0.2, 0.4]})
    >>> flagged = np.array([False, True])
    >>> figure = outlier_report(np.array([0.15, 4.7]), flagged, errors, errors, lambda name, cell: f"{name} {cell}")
    """
    scores, flagged, values = np.asarray(scores), np.asarray(flagged), np.asarray(errors, float)
    order = np.argsort(-scores, kind="stable")
    rows = order[:_ROWS]
    shares = values[rows] / np.maximum(values[rows].sum(axis=1, keepdims=True), 1e-12)
    columns = np.sort(np.argsort(-shares.sum(axis=0), kind="stable")[:_COLUMNS])
    figure = Figure(figsize=(4.5 + 0.95 * len(columns) + 1, 1.6 + 0.3 * max(len(rows), 8)), dpi=130)
    figure.set_layout_engine("constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3.5, 0.95 * len(columns) + 1))
    ranks = np.arange(1, len(scores) + 1)
    for chosen, colour in ((flagged[order], VERMILION), (~flagged[order], BLUE)):
        left.plot(ranks[chosen], scores[order][chosen], "o", markersize=3, color=colour)
    left.set(xlabel="rank", ylabel="score", title="Scores of all rows (flagged: red)")
    left.set_yscale("log" if scores.min() > 0 else "linear")  # one extreme row would leave the others on a line
    image = right.imshow(shares[:, columns], cmap="Reds", vmin=0, vmax=1, aspect="auto")
    for place, row in enumerate(rows):
        for number, column in enumerate(columns):
            share = shares[place, column]
            cell = _short(text(cells.columns[column], cells.iloc[row, column]))
            right.text(number, place, cell, ha="center", va="center", fontsize=7, color="w" if share > 0.6 else "k")
    names = [_short(errors.columns[column]) for column in columns]
    right.set_xticks(range(len(columns)), names, rotation=35, ha="right", fontsize=8)
    right.set_yticks(range(len(rows)), [f"row {row + 1}" for row in rows], fontsize=8)
    right.set_title("The strongest outliers, and which cells make them so")
    figure.colorbar(image, ax=right, label="share of the row's error", fraction=0.05)
    return figure


def imputation_report(missing, tests):
    """How much of each column is missing, and how well known cells, hidden for a test, are filled.

    Args:
        missing: Series or dict from a column's name to the fraction of its cells that is missing.
        tests: Dict from a column's name to (true values, filled ones, a title): arrays of floats, or of strings for
            categories, which may be empty. Columns with missing cells are shown first.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> true, filled = np.array([1.0, 2.0]), np.array([1.2, 1.7])
    >>> figure = imputation_report({"size": 0.1}, {"size": (true, filled, "RMSE 0.25")})
    """
    tests = [(name, *test) for name, test in tests.items() if len(test[0])]
    tests = sorted(tests, key=lambda test: not missing[test[0]])[:_PANELS]
    columns = min(4, len(tests) + 1)
    rows = math.ceil((len(tests) + 1) / columns)
    figure = Figure(figsize=(3.4 * columns, 3.1 * rows), dpi=130, layout="constrained")
    panels = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axes in panels[len(tests) + 1 :]:
        axes.axis("off")
    shown = sorted(missing.items(), key=lambda pair: pair[1])[-2 * _PANELS :]
    panels[0].barh([_short(name) for name, _ in shown], [100 * part for _, part in shown], color=ORANGE)
    panels[0].tick_params(axis="y", labelsize=7)
    panels[0].set_title("missing cells, %", fontsize=9)
    for axes, (name, true, filled, title) in zip(panels[1:], tests, strict=False):
        (_confusion if true.dtype == object else _scatter)(axes, true, filled)
        title = title.replace(" (", "\n(")
        axes.set_title(f"{_short(name, 30)}\n{title}", fontsize=8)
        axes.set_xlabel("known, hidden for the test", fontsize=8)
        axes.set_ylabel("filled", fontsize=8)
        axes.tick_params(labelsize=7)
    return figure


def _scatter(axes, true, filled):
    axes.plot(true, filled, "o", markersize=3, alpha=0.6)
    axes.axline((true.mean(), true.mean()), slope=1, color=GREEN, linewidth=1)  # where the filled are right


def _confusion(axes, true, filled):
    """Counts of the most frequent categories, true ones from left to right; white where there is none."""
    names, counts = np.unique(np.concatenate([true, filled]).astype(str), return_counts=True)
    names = np.sort(names[np.argsort(-counts, kind="stable")[:8]])
    table = np.array([[((true == column) & (filled == row)).sum() for column in names] for row in names])
    axes.imshow(np.where(table, table, np.nan), cmap="Blues", vmin=0, vmax=1.5 * table.max(), aspect="auto")
    for (row, column), count in np.ndenumerate(table):
        if count:
            axes.text(column, row, count, ha="center", va="center", fontsize=7)
    labels = [_short(name, 10) for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=35, ha="right")
    axes.set_yticks(range(len(names)), labels)


def _short(text, longest=_LONGEST):
    text = str(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"
