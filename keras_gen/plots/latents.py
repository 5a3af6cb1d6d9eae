"""Figures of latent spaces."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from keras_gen import checks
from keras_gen.plots.images import as_pixels, sheet_figure
from keras_gen.plots.palette import BLUE, CLASS_COLOURS


def latent_scatter(z, labels=None, title=None, class_names=None, axis_names=("$z_1$", "$z_2$", "$z_3$")):
    """Codes as points in two or three dimensions, coloured by label, with a colour bar.

    Args:
        z: Array `(n, 2)` or `(n, 3)`.
        labels: Integers `(n,)`, or `None` for one colour. Defaults to `None`.
        title: Text above. Defaults to `None`.
        class_names: Names of the labels 0, 1, ... Defaults to `None`: the labels themselves.
        axis_names: Names of the dimensions. Defaults to those of latents, counted from 1.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = latent_scatter(np.zeros((4, 2)), labels=np.array([0, 1, 2, 0]))
    """
    z = np.asarray(z)
    if z.ndim != 2 or z.shape[1] not in (2, 3):
        raise ValueError(f"`z` must be of shape (n, 2) or (n, 3). Received: shape {z.shape}")
    if labels is not None and len(labels) != len(z):
        raise ValueError(f"`labels` must have one label for each code. Expected: {len(z)}. Received: {len(labels)}")
    figure = Figure(figsize=(6.4, 5.4), dpi=130)
    axes = figure.add_subplot(projection="3d" if z.shape[1] == 3 else None)
    if labels is None:
        axes.scatter(*z.T, s=4, color=BLUE, alpha=0.6)
    else:
        _scatter_by_label(axes, z, np.asarray(labels), class_names)
    axes.set_xlabel(axis_names[0])
    axes.set_ylabel(axis_names[1])
    if z.shape[1] == 3:
        axes.set_zlabel(axis_names[2])
    if title:
        axes.set_title(title, fontsize=10)
    return figure


def manifold(decode, n=20, value_range=(0, 1), title=None, coordinates=None, names=("$z_1$", "$z_2$")):
    """Decoded points of a two-dimensional latent space, at equal steps of the prior's probability.

    The axes show the coordinates of some rows and columns.

    Args:
        decode: Callable from codes `(n, 2)` to images, such as a VAE's `decode`.
        n: Points along each axis. Defaults to 20.
        value_range: The pair (black, white). Defaults to (0, 1).
        title: Text above. Defaults to `None`.
        coordinates: The pair of arrays `(n,)` of the points' coordinates along the axes. Defaults to `None`: quantiles
            of N(0, 1), in equal steps of probability.
        names: The pair of names of the axes. Defaults to `("$z_1$", "$z_2$")`.

    Returns:
        A `matplotlib.figure.Figure`, the first coordinate from left to right and the second upwards.

    Example:

    >>> figure = manifold(lambda z: np.zeros((len(z), 8, 8, 1)), n=3)

    Reference:
        Kingma and Welling, 2014, arXiv:1312.6114, figure 4.
    """
    from scipy.stats import norm

    n = checks.integer("n", n)
    if coordinates is None:
        coordinates = (norm.ppf(probabilities(n)),) * 2
    elif np.shape(coordinates) != (2, n):
        raise ValueError(
            f"`coordinates` must be a pair of arrays. Expected: shape (2, {n}). Received: {np.shape(coordinates)}"
        )
    first, second = np.meshgrid(coordinates[0], coordinates[1][::-1])
    pixels = as_pixels(decode(np.stack([first.ravel(), second.ravel()], axis=1).astype("float32")), value_range)
    height, width, *channels = pixels.shape[1:]
    sheet = pixels.reshape(n, n, height, width, *channels).swapaxes(1, 2).reshape(n * height, n * width, *channels)
    columns, rows = (_labels(values) for values in coordinates)
    figure = sheet_figure(sheet, n, n, title, rows[::-1], columns)
    figure.axes[0].set_xlabel(names[0], fontsize=9)
    figure.axes[0].set_ylabel(names[1], fontsize=9)
    return figure


def _labels(values):
    """Texts of four or five of the values, with the first and the last, evenly spaced; empty ones of the others."""
    shown = np.linspace(0, len(values) - 1, min(len(values), 5 if len(values) % 2 else 4)).round()
    return [f"{value:.2g}" if place in shown else "" for place, value in enumerate(values)]


def probabilities(n):
    """n probabilities in equal steps, none of them 0 or 1."""
    return (np.arange(n) + 0.5) / n


def _scatter_by_label(axes, z, labels, class_names):
    """Points in one colour per label, with a colour bar."""
    classes = np.unique(labels)
    few = len(classes) <= len(CLASS_COLOURS)
    colours, number = (ListedColormap(CLASS_COLOURS), len(CLASS_COLOURS)) if few else ("turbo", len(classes))
    points = axes.scatter(
        *z.T, c=np.searchsorted(classes, labels), cmap=colours, s=4, alpha=0.7, vmin=-0.5, vmax=number - 0.5
    )
    pad = 0.1 if z.shape[1] == 3 else 0.03
    bar = axes.figure.colorbar(points, ax=axes, ticks=range(len(classes)), shrink=0.8, pad=pad)
    bar.ax.set_yticklabels([str(label if class_names is None else class_names[label]) for label in classes])
    bar.ax.set_ylim(-0.5, len(classes) - 0.5)
    bar.solids.set_alpha(1)
