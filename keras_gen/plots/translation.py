"""Figures of translated images."""

from keras_gen.plots.images import image_rows


def translations(model, x, y):
    """Images of both sets, translated to the other set and back.

    Args:
        model: A `models.CycleGAN`.
        x: Array `(n, *shape)` of a few images of the first set.
        y: Array `(n, *shape)` of a few images of the second set.

    Returns:
        Dict with the figures `"x-to-y"` and `"y-to-x"`, each with three rows.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> gan = presets.build("cyclegan", (8, 8, 1), width=0.05, blocks=1)
    >>> sorted(translations(gan, np.zeros((2, 8, 8, 1)), np.zeros((2, 8, 8, 1))))
    ['x-to-y', 'y-to-x']
    """
    value_range = model.value_range or (-1, 1)
    there = {"x": x, "to y": model.translate(x, to="y"), "and back": model.cycle(x, via="y")}
    back = {"y": y, "to x": model.translate(y, to="x"), "and back": model.cycle(y, via="x")}
    return {"x-to-y": image_rows(there, value_range), "y-to-x": image_rows(back, value_range)}
