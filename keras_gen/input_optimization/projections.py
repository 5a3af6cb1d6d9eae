"""Sets that images are kept in: each is a function that maps images to the nearest ones in the set."""

from keras import ops

from keras_gen import checks

_TINY = 1e-12


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


def sphere(radius):
    """Images of L2 norm `radius`, a number > 0: a function of images.

    Example:

    >>> sphere(10.0)(ops.array([[3.0, 4.0]])).numpy().round(3).tolist()
    [[6.0, 8.0]]
    """
    radius = checks.positive("radius", radius)
    return lambda images: images * (radius / ops.maximum(norms(images), _TINY))
