"""Figures of translated images."""

import numpy as np

from keras_gen.plots.images import image_rows
from keras_gen.training.tasks import has_task


def translations(model, x, y):
    """Images of both sets, translated to the other set and back; of pairs, with their counterparts.

    Args:
        model: A `models.CycleGAN` or `models.Pix2Pix`.
        x: Array `(n, *shape)` of a few images of the first set.
        y: Array `(n, *shape)` of a few images of the second set.

    Returns:
        Dict with the figures `"x-to-y"` and, of a CycleGAN, `"y-to-x"`, each with three rows.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> gan = presets.build("cyclegan", (8, 8, 1), width=0.05, blocks=1)
    >>> sorted(translations(gan, np.zeros((2, 8, 8, 1)), np.zeros((2, 8, 8, 1))))
    ['x-to-y', 'y-to-x']
    """
    if not has_task(model, "cycle"):
        value_range = model.data_description.y.value_range or (-1, 1)
        translated = model.translate(x)
        small = enlarged(x, translated.shape[1:3])
        return {"x-to-y": image_rows({"x": small, "to y": translated, "y": y}, value_range)}
    value_range = model.value_range or (-1, 1)
    there = {"x": x, "to y": model.translate(x, to="y"), "and back": model.cycle(x, via="y")}
    back = {"y": y, "to x": model.translate(y, to="x"), "and back": model.cycle(y, via="x")}
    return {"x-to-y": image_rows(there, value_range), "y-to-x": image_rows(back, value_range)}


def enlarged(images, sides):
    """Images `(n, height, width, channels)` whose pixels are repeated up to multiples of their sides."""
    rows, columns = (side // own for side, own in zip(sides, images.shape[1:3], strict=True))
    return np.repeat(np.repeat(images, max(rows, 1), axis=1), max(columns, 1), axis=2)
