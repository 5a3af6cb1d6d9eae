"""Scenes: objects pasted at random into larger pictures, among clutter, with the truth about their places."""

import typing

import numpy as np

from keras_gen import checks

_INK = 0.5  # the share of an image's highest value from which a pixel counts as the object's
_TRIES = 100  # places drawn for an object, before the scene goes without it


class Scenes(typing.NamedTuple):
    """Pictures with the truth about the objects in them.

    Args:
        images: Array `(n, side, side, channels)` of float32.
        masks: Array `(n, side, side)` of booleans: the pixels of objects.
        boxes: List with an array `(objects, 4)` of integers for each picture: (top, left, bottom, right), where bottom
            and right are the first row and column behind the object.
        labels: List with an array `(objects,)` of the objects' labels for each picture.

    Example:

    >>> scenes(np.ones((5, 8, 8, 1)), np.arange(5), n=3, side=32, fragment=4).masks.shape
    (3, 32, 32)
    """

    images: np.ndarray
    masks: np.ndarray
    boxes: list
    labels: list


def scenes(images, labels, n, side=64, objects=(1, 4), clutter=8, fragment=8, seed=0):
    """Paste objects at random into dark pictures, without overlap, among fragments of other objects.

    An object is an image's smallest box around its pixels of at least half of its highest value. Where a fragment, a
    square cut out of an image, covers an object, each pixel has the higher value.

    Args:
        images: Array `(m, height, width, channels)` of values >= 0 on a background of 0, such as digits.
        labels: Array `(m,)` of integers.
        n: Number of pictures, an integer >= 1.
        side: Side of the pictures, at least that of the images. Defaults to 64.
        objects: The pair (lowest, highest) of the number of objects in a picture, integers >= 1, drawn with equal
            probability; a picture has fewer where they find no place. Defaults to (1, 4).
        clutter: Number of fragments in a picture, an integer >= 0. Defaults to 8.
        fragment: Side of the fragments, from 1 to that of the images. Defaults to 8.
        seed: Integer >= 0 of the draws. Defaults to 0.

    Returns:
        `Scenes`.

    Raises:
        ValueError: If an argument is not of this form.

    Example:

    >>> digits = np.ones((5, 8, 8, 1), "float32")
    >>> found = scenes(digits, np.arange(5), n=3, side=32, objects=(2, 2), fragment=4)
    >>> found.images.shape, found.boxes[0].shape, found.labels[0].shape
    ((3, 32, 32, 1), (2, 4), (2,))

    Reference:
        Mnih et al., 2014, arXiv:1406.6247, section 4.1 (clutter of fragments).
    """
    images, labels = np.asarray(images), np.asarray(labels)
    checks.images("images", images)
    if images.min() < 0:
        raise ValueError(f"`images` must have values >= 0, on a background of 0. Received: {images.min():.3g}")
    if labels.shape != images.shape[:1]:
        raise ValueError(
            f"`labels` must have one entry for each image. Expected: shape {images.shape[:1]}. "
            f"Received: shape {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise ValueError(
            "`labels` must be integers; `data.encode_labels` numbers labels of any kind. "
            f"Received: labels of dtype {labels.dtype}"
        )
    n, clutter = checks.integer("n", n), checks.integer("clutter", clutter, minimum=0)
    side = checks.integer("side", side, minimum=max(images.shape[1:3]))
    if checks.integer("fragment", fragment) > min(images.shape[1:3]):
        raise ValueError(
            f"`fragment` must be at most the images' side, {min(images.shape[1:3])}. Received: fragment={fragment}"
        )
    if np.shape(objects) != (2,) or not 1 <= checks.integer("objects", objects[0]) <= checks.integer(
        "objects", objects[1]
    ):
        raise ValueError(f"`objects` must be a pair (lowest, highest). Received: objects={objects!r}")
    rng = np.random.default_rng(checks.integer("seed", seed, minimum=0))
    pictures = np.zeros((n, side, side, images.shape[-1]), "float32")
    masks, boxes, found = np.zeros((n, side, side), bool), [], []
    for picture, mask in zip(pictures, masks, strict=True):
        placed, chosen = [], []
        for index in rng.integers(len(images), size=rng.integers(objects[0], objects[1] + 1)):
            thing, ink = _trimmed(images[index])
            box = _free_place(ink.shape, side, placed, rng)
            if box is not None:
                _paste(picture, thing, box)
                mask[_region(box)] = ink
                placed.append(box)
                chosen.append(labels[index])
        for index in rng.integers(len(images), size=clutter):
            top, left = (rng.integers(length - fragment + 1) for length in images.shape[1:3])
            piece = images[index][_region((top, left, top + fragment, left + fragment))]
            top, left = rng.integers(side - fragment + 1, size=2)
            _paste(picture, piece, (top, left, top + fragment, left + fragment))
        boxes.append(np.array(placed, int).reshape(-1, 4))
        found.append(np.array(chosen, labels.dtype))
    return Scenes(pictures, masks, boxes, found)


def _region(box):
    top, left, bottom, right = box
    return slice(top, bottom), slice(left, right)


def _trimmed(image):
    """The smallest box of an image around its object, and which of its pixels are the object's."""
    values = image.max(axis=-1)
    ink = (values >= _INK * values.max()) & (values > 0)
    if not ink.any():
        raise ValueError("An image shows no object. Expected: values above 0. Received: an image of zeros")
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    region = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return image[region], ink[region]


def _free_place(shape, side, placed, rng):
    """A random box of the shape that touches none of those already placed, or `None` if none is found."""
    for _ in range(_TRIES):
        top, left = (int(rng.integers(side - length + 1)) for length in shape)
        bottom, right = top + shape[0], left + shape[1]
        others = np.array(placed, int).reshape(-1, 4).T
        apart = (bottom < others[0]) | (others[2] < top) | (right < others[1]) | (others[3] < left)
        if apart.all():
            return top, left, bottom, right
    return None


def _paste(picture, piece, box):
    region = picture[_region(box)]
    np.maximum(region, piece, out=region)
