"""Pictures of what a model does. Every function returns a matplotlib figure, shows nothing and needs no screen."""

import math

import numpy as np
from matplotlib.figure import Figure

from keras_gen import checks


def _as_pixels(images, value_range):
    """Images in [0, 1], `(n, height, width)` or `(n, height, width, 3)`, for `imshow`."""
    images = np.asarray(images, "float32")
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or len(images) == 0:
        raise ValueError(
            "`images` must be of shape (n, height, width, channels) with 1 or 3 channels. "
            f"Received: shape {images.shape}"
        )
    low, high = value_range
    images = np.clip((images - low) / (high - low), 0, 1)
    return images[..., 0] if images.shape[-1] == 1 else images


def image_grid(images, columns=None, value_range=(0, 1), title=None):
    """Images side by side in one picture.

    Args:
        images: Array `(n, height, width, channels)`, 1 or 3 channels.
        columns: Images in a row; about the square root of n if `None`. Defaults to `None`.
        value_range: The pair (black, white). Defaults to (0, 1).
        title: Text above. Defaults to `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the shape is another.

    Example:

    >>> figure = image_grid(np.zeros((6, 8, 8, 1)), columns=3)
    """
    sheet, columns, rows = _mosaic(images, columns, value_range)
    return _sheet(sheet, columns, rows, title)


def mosaic(images, columns=None, value_range=(0, 1)):
    """Images side by side as one image, for a panel of a figure of one's own.

    Args:
        images: Array `(n, height, width, channels)`, 1 or 3 channels.
        columns: Images in a row; about the square root of n if `None`. Defaults to `None`.
        value_range: The pair (black, white). Defaults to (0, 1).

    Returns:
        float32 array in [0, 1], `(rows, columns)` of pixels, with a third axis for colours.

    Raises:
        ValueError: If the shape is another.

    Example:

    >>> mosaic(np.zeros((6, 8, 8, 1)), columns=3).shape
    (19, 28)
    """
    return _mosaic(images, columns, value_range)[0]


def _mosaic(images, columns, value_range):
    pixels = _as_pixels(images, value_range)
    columns = checks.integer("columns", columns or math.ceil(math.sqrt(len(pixels))))
    rows = math.ceil(len(pixels) / columns)
    height, width = pixels.shape[1:3]
    gap = max(1, round(min(height, width) / 14))
    sheet = np.ones((rows * (height + gap) + gap, columns * (width + gap) + gap, *pixels.shape[3:]), "float32")
    for number, image in enumerate(pixels):
        top, left = (
            place * (side + gap) + gap for place, side in zip(divmod(number, columns), (height, width), strict=True)
        )
        sheet[top : top + height, left : left + width] = image
    return sheet, columns, rows


def _sheet(sheet, columns, rows, title):
    scale = 0.65
    size = (max(2.0, scale * columns), max(1.0, scale * rows) + (0.3 if title else 0))
    figure = Figure(figsize=size, dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()
    if title:
        axes.set_title(title, fontsize=9)
    return figure


def image_rows(rows, value_range=(0, 1)):
    """Rows of images under each other, each with its name: originals above their reconstructions, say.

    Args:
        rows: Dict from a row's name to an array `(n, height, width, channels)`, of as many images as the others.
        value_range: The pair (black, white). Defaults to (0, 1).

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the numbers of images differ.

    Example:

    >>> figure = image_rows({"original": np.zeros((5, 8, 8, 1)), "reconstruction": np.ones((5, 8, 8, 1))})
    """
    numbers = {name: len(images) for name, images in rows.items()}
    if len(set(numbers.values())) != 1:
        raise ValueError(f"All rows must have as many images. Received: {numbers}")
    count = len(next(iter(rows.values())))
    figure = Figure(figsize=(0.8 * count + 1.3, 0.85 * len(rows)), dpi=150)
    for number, (name, images) in enumerate(rows.items()):
        for place, image in enumerate(_as_pixels(images, value_range)):
            axes = figure.add_subplot(len(rows), count, number * count + place + 1)
            axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            if place == 0:
                axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
    figure.tight_layout(pad=0.3)
    return figure


def translations(model, x, y):
    """What a CycleGAN makes of images: there, and back again.

    Args:
        model: A `models.CycleGAN`.
        x, y: Arrays `(n, *shape)` of a few images of each set.

    Returns:
        Dict with the figures `"x-to-y"` and `"y-to-x"`, each with three rows.

    Example:

    >>> from keras_gen import presets
    >>> gan = presets.build("cyclegan", (8, 8, 1), width=0.05, blocks=1)
    >>> sorted(translations(gan, np.zeros((2, 8, 8, 1)), np.zeros((2, 8, 8, 1))))
    ['x-to-y', 'y-to-x']
    """
    value_range = model.value_range or (-1, 1)
    return {
        "x-to-y": image_rows(
            {"x": x, "G(x)": model.translate(x, to="y"), "F(G(x))": model.cycle(x, via="y")}, value_range
        ),
        "y-to-x": image_rows(
            {"y": y, "F(y)": model.translate(y, to="x"), "G(F(y))": model.cycle(y, via="x")}, value_range
        ),
    }


def latent_scatter(z, labels=None, title=None):
    """Codes as points in two or three dimensions, coloured by label, with a colour bar.

    Args:
        z: Array `(n, 2)` or `(n, 3)`.
        labels: Integers `(n,)`, or `None` for one colour. Defaults to `None`.
        title: Text above. Defaults to `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the codes have another number of dimensions, or labels another length.

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
        axes.scatter(*z.T, s=4, alpha=0.6)
    else:
        labels = np.asarray(labels)
        classes = np.unique(labels)
        points = axes.scatter(
            *z.T, c=np.searchsorted(classes, labels), cmap="tab10" if len(classes) <= 10 else "turbo", s=4, alpha=0.6,
            vmin=-0.5, vmax=max(len(classes), 10 if len(classes) <= 10 else 0) - 0.5,
        )  # fmt: skip
        bar = figure.colorbar(
            points, ax=axes, ticks=range(len(classes)), shrink=0.8, pad=0.1 if z.shape[1] == 3 else 0.03
        )
        bar.ax.set_yticklabels([str(name) for name in classes])
        bar.ax.set_ylim(-0.5, len(classes) - 0.5)
        bar.solids.set_alpha(1)
    axes.set_xlabel("$z_1$")
    axes.set_ylabel("$z_2$")
    if z.shape[1] == 3:
        axes.set_zlabel("$z_3$")
    if title:
        axes.set_title(title, fontsize=10)
    return figure


def manifold(decode, n=20, value_range=(0, 1), title=None):
    """Decoded points of a two-dimensional latent space, at equal steps of the prior's probability.

    Args:
        decode: Callable from codes `(n, 2)` to images, such as a VAE's `decode`.
        n: Points along each axis. Defaults to 20.
        value_range: The pair (black, white). Defaults to (0, 1).
        title: Text above. Defaults to `None`.

    Returns:
        A `matplotlib.figure.Figure`, z_1 from left to right and z_2 upwards.

    Example:

    >>> figure = manifold(lambda z: np.zeros((len(z), 8, 8, 1)), n=3)

    Reference:
        Kingma and Welling, 2014, arXiv:1312.6114, figure 4.
    """
    from scipy.stats import norm

    n = checks.integer("n", n)
    steps = norm.ppf((np.arange(n) + 0.5) / n)
    first, second = np.meshgrid(steps, steps[::-1])
    pixels = _as_pixels(decode(np.stack([first.ravel(), second.ravel()], axis=1).astype("float32")), value_range)
    height, width, *channels = pixels.shape[1:]
    sheet = pixels.reshape(n, n, height, width, *channels).swapaxes(1, 2).reshape(n * height, n * width, *channels)
    return _sheet(sheet, n, n, title)


def history_curves(history, title=None):
    """Each logged quantity over the epochs, training and validation in one panel.

    Args:
        history: Dict from a name to a list of numbers, one an epoch, as `fit` returns in `history.history`.
        title: Text above. Defaults to `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Raises:
        ValueError: If the dict is empty.

    Example:

    >>> figure = history_curves({"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]})
    """
    names = [name for name in history if not name.startswith("val_") or name[4:] not in history]
    if not names:
        raise ValueError("`history` must hold at least one quantity. Received: an empty dict")
    figure = Figure(figsize=(3.6 * len(names), 2.8), dpi=130)
    for place, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), place + 1)
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in history:
                axes.plot(np.arange(1, len(history[key]) + 1), history[key], label=label)
        axes.set_xlabel("epoch")
        axes.set_title(name, fontsize=9)
        axes.legend(fontsize=7)
    if title:
        figure.suptitle(title, fontsize=10)
    figure.tight_layout()
    return figure


def error_against(name, sizes, errors, standard_errors, chosen=None):
    """Errors of models of several sizes, and the size that the one-standard-error rule takes.

    Args:
        name: What the sizes are, for the axis.
        sizes: List of numbers.
        errors: List of their errors; those that are not finite are left out.
        standard_errors: List of the errors' standard errors.
        chosen: The size to be marked, or `None`. Defaults to `None`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = error_against("latent_dim", [2, 8, 32], [9.0, 5.2, 5.0], [0.3, 0.3, 0.3], chosen=8)
    """
    rows = sorted(row for row in zip(sizes, errors, standard_errors, strict=True) if np.isfinite(row[1]))
    x, y, deviations = (np.array(column, "float64") for column in zip(*rows, strict=True))
    figure = Figure(figsize=(6.4, 4.2), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    axes.errorbar(x, y, yerr=np.nan_to_num(deviations), fmt="o-", capsize=3, label="validation error, 1 standard error")
    best = int(np.argmin(y))
    bound = y[best] + np.nan_to_num(deviations[best])
    axes.axhline(bound, color="grey", linestyle=":", label="one standard error above the smallest")
    if chosen is not None:
        axes.axvline(chosen, color="tab:red", linestyle="--", label=f"chosen: {chosen:.4g}")
    if x.min() > 0 and x.max() / x.min() >= 8:
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(name)
    axes.set_ylabel("squared error of the reconstruction")
    axes.legend(fontsize=8)
    return figure
