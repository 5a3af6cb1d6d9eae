"""Patches cut out of images."""

import math

import numpy as np

from keras_gen import checks


def random_rotated_patches(images, side, rng, angle=90.0, step=(1.0, 1.0)):
    """Cut one square patch around the centre of each image, turned and scaled at random.

    The pixel (i, j) of a patch, counted from its centre, is read at s R(a) (i, j) from the image's, between pixels
    linearly, with a from U(-angle, angle) and s from U(step).

    Args:
        images: Iterable of grey images `(height, width)` or `(height, width, 1)`.
        side: Height and width of a patch, an integer >= 1.
        rng: A `numpy.random.Generator`.
        angle: The largest angle either way, in degrees, >= 0. Defaults to 90.
        step: The pair (smallest, largest) of the distance of neighbouring pixels, in pixels of the image. Defaults to
            (1, 1).

    Returns:
        Array `(n, side, side, 1)`, float32. What lies outside an image is its border.

    Example:

    >>> random_rotated_patches(np.ones((2, 9, 9)), 5, np.random.default_rng(0)).shape
    (2, 5, 5, 1)
    """
    from scipy.ndimage import map_coordinates

    offsets = np.arange(checks.integer("side", side)) - (side - 1) / 2
    largest = math.radians(checks.number("angle", angle))
    patches = []
    for image in images:
        turn, scale = rng.uniform(-largest, largest), rng.uniform(*step)
        down, across = scale * math.cos(turn) * offsets, scale * math.sin(turn) * offsets
        rows = (image.shape[0] - 1) / 2 + down[:, None] - across[None, :]  # (side, side)
        columns = (image.shape[1] - 1) / 2 + across[:, None] + down[None, :]
        grey = np.asarray(image, "float32").reshape(image.shape[:2])
        patches.append(map_coordinates(grey, [rows, columns], order=1, mode="nearest"))
    return np.stack(patches)[..., None]
