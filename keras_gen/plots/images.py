"""Figures of images."""

import math
import textwrap

import numpy as np
from matplotlib.figure import Figure

from keras_gen import checks
from keras_gen.value_ranges import rescaled

_CHARACTERS = 13  # of a title in an inch


def image_grid(images, columns=None, value_range=(0, 1), title=None, row_names=(), column_names=()):
    """Images side by side in one picture.

    Args:
        images: Array `(n, height, width, channels)`, 1 or 3 channels.
        columns: Images in a row, an integer >= 1; about the square root of n if `None`. Defaults to `None`.
        value_range: The pair (black, white). Defaults to (0, 1).
        title: Text above. Defaults to `None`.
        row_names: Texts to the left of the rows, one each. Defaults to (): none.
        column_names: Texts below the columns, one each. Defaults to (): none.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = image_grid(np.zeros((6, 8, 8, 1)), columns=3)
    """
    sheet = mosaic(images, columns, value_range)
    columns = _columns(len(images), columns)
    rows = math.ceil(len(images) / columns)
    for kind, names, number in (("row", row_names, rows), ("column", column_names, columns)):
        if len(names) not in (0, number):
            raise ValueError(f"`{kind}_names` must be one for each {kind}. Expected: {number}. Received: {len(names)}")
    return sheet_figure(sheet, columns, rows, title, row_names, column_names)


def mosaic(images, columns=None, value_range=(0, 1)):
    """Images side by side as one image, for a panel of your own figure.

    Args:
        images, columns, value_range: As in `image_grid`.

    Returns:
        float32 array in [0, 1], `(rows, columns)` of pixels, with a third axis for colours.

    Example:

    >>> mosaic(np.zeros((6, 8, 8, 1)), columns=3).shape
    (19, 28)
    """
    pixels = as_pixels(images, value_range)
    columns = _columns(len(pixels), columns)
    height, width = pixels.shape[1:3]
    gap = max(1, round(min(height, width) / 14))
    rows = math.ceil(len(pixels) / columns)
    sheet = np.ones((rows * (height + gap) + gap, columns * (width + gap) + gap, *pixels.shape[3:]), "float32")
    for number, image in enumerate(pixels):
        row, column = divmod(number, columns)
        top, left = row * (height + gap) + gap, column * (width + gap) + gap
        sheet[top : top + height, left : left + width] = image
    return sheet


def image_rows(rows, value_range=(0, 1), captions=()):
    """Named rows of images, one under the other, such as originals above their reconstructions.

    Args:
        rows: Dict from a row's name to an array `(n, height, width, channels)`, with the same n for all.
        value_range: The pair (black, white). Defaults to (0, 1).
        captions: Texts above the columns, as many as there are images in a row, or none. Defaults to ().

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> figure = image_rows({"original": np.zeros((5, 8, 8, 1)), "reconstruction": np.ones((5, 8, 8, 1))})
    """
    numbers = {name: len(images) for name, images in rows.items()}
    if len(set(numbers.values())) != 1:
        raise ValueError(f"All rows must have the same number of images. Received: {numbers}")
    count = len(next(iter(rows.values())))
    height = 0.85 * len(rows) + (0.3 if len(captions) else 0)
    figure = Figure(figsize=(0.8 * count + 1.3, height), dpi=150, layout="constrained")
    for number, (name, images) in enumerate(rows.items()):
        for place, image in enumerate(as_pixels(images, value_range)):
            axes = figure.add_subplot(len(rows), count, number * count + place + 1)
            axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            if number == 0 and len(captions):
                axes.set_title(captions[place], fontsize=7)
            if place == 0:
                axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
    return figure


def stretched(images):
    """Each image with its values stretched to [0, 1], to show maps, kernels and gradients, which have no range.

    Args:
        images: Array `(n, height, width)` or `(n, height, width, channels)`.

    Returns:
        float32 array of that shape: an image's lowest value is 0, its highest is 1; a constant image is 0.

    Example:

    >>> stretched(np.array([[[-3.0, 0.0, 3.0]]])).tolist()
    [[[0.0, 0.5, 1.0]]]
    """
    images = np.asarray(images, "float32")
    axes = tuple(range(1, images.ndim))
    low, high = (edge(images, axis=axes, keepdims=True) for edge in (np.min, np.max))
    return (images - low) / np.where(high > low, high - low, 1)


def as_pixels(images, value_range):
    """Images scaled to [0, 1] for `imshow`: float32 array `(n, height, width)` or `(n, height, width, 3)`."""
    images = np.asarray(images, "float32")
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or len(images) == 0:
        raise ValueError(
            "`images` must be of shape (n, height, width, channels) with 1 or 3 channels. "
            f"Received: shape {images.shape}"
        )
    images = np.clip(rescaled(images, value_range), 0, 1)
    return images[..., 0] if images.shape[-1] == 1 else images


def sheet_figure(sheet, columns, rows, title, row_names=(), column_names=()):
    """A figure of one image that shows `rows` x `columns` images, with names to the left and below."""
    scale = 0.65
    width = max(2.0, scale * columns)
    lines = textwrap.wrap(title or "", int(_CHARACTERS * width))
    height = max(1.0, scale * rows) + 0.2 * len(lines)
    size = (width + (0.5 if len(row_names) else 0), height + (0.2 if len(column_names) else 0))
    figure = Figure(figsize=size, dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_frame_on(False)
    height, width = sheet.shape[:2]
    axes.set_yticks((np.arange(len(row_names)) + 0.5) * height / rows, row_names, fontsize=8)
    axes.set_xticks((np.arange(len(column_names)) + 0.5) * width / columns, column_names, fontsize=8)
    axes.tick_params(length=0)
    if lines:
        axes.set_title("\n".join(lines), fontsize=9)
    return figure


def _columns(n, columns):
    return math.ceil(math.sqrt(n)) if columns is None else checks.integer("columns", columns)
