"""Sets that images are kept in: functions that map images to the nearest ones in the set, and random points."""

import math

import numpy as np
from keras import ops

from keras_gen import checks

_TINY = 1e-12
_OCTAVES, _HALVINGS = 16.0, 24  # of the search for a factor: from 1 to 2^16


def norms(differences):
    """L2 norm of each example: tensor `(batch, ...)` -> `(batch, 1, ...)`."""
    axes = tuple(range(1, len(differences.shape)))
    return ops.sqrt(ops.sum(ops.square(differences), axis=axes, keepdims=True))


def ball(radius, norm):
    """Images within a distance of a center: a function of (images, center), both `(batch, ...)`.

    Args:
        radius: Number >= 0.
        norm: `"l2"`, or `"linf"` for the largest difference of a pixel.

    Example:

    >>> ball(1.0, "linf")(ops.array([[3.0, 0.5]]), ops.array([[0.0, 0.0]])).numpy().tolist()
    [[1.0, 0.5]]
    """
    radius = checks.number("radius", radius)
    if checks.choice("norm", norm, ["l2", "linf"]) == "linf":
        return lambda images, center: center + ops.clip(images - center, -radius, radius)

    def nearest(images, center):
        differences = images - center
        return center + differences * ops.minimum(1.0, radius / ops.maximum(norms(differences), _TINY))

    return nearest


def in_ball(shape, radius, norm, seed):
    """Points drawn uniformly from the ball around 0.

    Args:
        shape: Tuple `(n, ...)`: how many points, and the shape of each.
        radius, norm: As in `ball`.
        seed: Integer >= 0.

    Returns:
        float32 array of that shape.

    Example:

    >>> in_ball((2, 3, 3, 1), 0.5, "linf", seed=0).shape
    (2, 3, 3, 1)
    """
    rng = np.random.default_rng(seed)
    if norm == "linf":
        return rng.uniform(-radius, radius, shape).astype("float32")
    directions, dimensions = rng.normal(size=(shape[0], math.prod(shape[1:]))), math.prod(shape[1:])
    lengths = radius * rng.random((shape[0], 1)) ** (1 / dimensions)
    return (directions * lengths / np.linalg.norm(directions, axis=1, keepdims=True)).reshape(shape).astype("float32")


def sphere(radius, center=0.0, value_range=None):
    """Images at a distance of a constant image, and in a range: a function of images.

    Without a range, differences from the center are scaled to the radius. With one, they are scaled and clipped so that
    what is left has the radius, which gives the nearest such image in the range.

    Args:
        radius: L2 norm of the difference, a number > 0 that images in the range can have.
        center: Value of all pixels of the constant image. Defaults to 0.
        value_range: The pair (lowest, highest), around `center`, or `None`. Defaults to `None`.

    Example:

    >>> sphere(10.0)(ops.array([[3.0, 4.0]])).numpy().round(3).tolist()
    [[6.0, 8.0]]
    >>> sphere(5.0, value_range=(-4.0, 4.0))(ops.array([[1.0, 2.0]])).numpy().round(3).tolist()
    [[3.0, 4.0]]
    """
    radius = checks.positive("radius", radius)
    if value_range is None:
        return lambda images: center + (images - center) * (radius / ops.maximum(norms(images - center), _TINY))
    low, high = (bound - center for bound in checks.interval("value_range", value_range))

    def nearest(images):
        differences = images - center
        scaled = differences * (radius / ops.maximum(norms(differences), _TINY))

        def halved(number, exponent):
            larger = exponent + _OCTAVES / 2.0 ** ops.cast(number + 1, exponent.dtype)
            return ops.where(norms(ops.clip(scaled * 2.0**larger, low, high)) <= radius, larger, exponent)

        def clipped():
            exponent = ops.fori_loop(0, _HALVINGS, halved, ops.zeros_like(norms(scaled)))
            return ops.clip(scaled * 2.0**exponent, low, high)

        outside = ops.any(ops.logical_or(scaled < low, scaled > high))
        return center + ops.cond(outside, clipped, lambda: scaled)

    return nearest
