"""Digits drawn in a size, a tilt and colours, with captions that say so: data whose every attribute can be measured."""

import itertools
import typing

import numpy as np
from PIL import Image

from keras_gen import checks

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SIZES = {"small": 0.6, "large": 1.0}  # of the side of the picture
TILTS = {"tilted left": 40, "upright": 0, "tilted right": -40}  # degrees, counter-clockwise
COLOURS = {
    "white": (1.0, 1.0, 1.0),
    "red": (0.9, 0.1, 0.1),
    "orange": (1.0, 0.6, 0.0),
    "green": (0.0, 0.6, 0.2),
    "blue": (0.1, 0.2, 0.9),
}
_SIDE = 32  # of the pictures
_SHADES, _DEGREES, _SCALES = 0.1, 8, 0.05  # by which colours, angles and sizes of one name differ, at most
_STROKE = 20  # pixels of a digit that certainly have its colour


class Attributes(typing.NamedTuple):
    """What a caption says of a digit.

    Example:

    >>> Attributes(7, "large", "orange", "blue", "tilted left").caption
    'a large seven, orange on blue, tilted left'
    """

    digit: int
    size: str
    colour: str
    background: str
    tilt: str

    @property
    def caption(self):
        """The caption, a text."""
        return f"a {self.size} {NUMBERS[self.digit]}, {self.colour} on {self.background}, {self.tilt}"


def attribute_combinations():
    """All 1,200 `Attributes`, in a fixed order; digits and backgrounds have different colours."""
    pairs = [(one, other) for one, other in itertools.product(COLOURS, repeat=2) if one != other]
    product = itertools.product(range(len(NUMBERS)), SIZES, pairs, TILTS)
    return [Attributes(digit, size, *pair, tilt) for digit, size, pair, tilt in product]


def described_digits(split, combinations, n, seed=0):
    """Pictures of a split's digits with attributes that are drawn from some combinations.

    Digits are first sheared until they stand upright, so that a tilt is that of the caption and not of the hand.
    Colours, angles and sizes of one name vary a little from picture to picture.

    Args:
        split: A `data.Split` of grey digits in [0, 1], with their classes 0 to 9.
        combinations: List of `Attributes`; those of digits that the split lacks are left out.
        n: Number of pictures, an integer >= 1.
        seed: Integer >= 0 that fixes all draws. Defaults to 0.

    Returns:
        The pair (float32 array `(n, 32, 32, 3)` in [-1, 1], list of n `Attributes`).

    Raises:
        ValueError: If the images are not grey and in [0, 1], or no combination is of one of their digits.

    Example:

    >>> from keras_gen import data
    >>> images, attributes = described_digits(data.load("digits")[0], attribute_combinations(), 5)
    >>> images.shape, len({one.caption for one in attributes})
    ((5, 32, 32, 3), 5)
    """
    checks.integer("n", n)
    checks.array("x", split.x, shape=(None, None, 1), value_range=(0, 1))
    rng = np.random.default_rng(checks.integer("seed", seed, minimum=0))
    of_digit = {digit: np.flatnonzero(split.y == digit) for digit in range(len(NUMBERS))}
    combinations = [one for one in combinations if len(of_digit[one.digit])]
    if not combinations:
        raise ValueError("`combinations` must hold attributes of the digits of the split. Received: none")
    chosen = [combinations[number] for number in rng.integers(0, len(combinations), n)]
    return np.stack([_drawn(split.x[rng.choice(of_digit[one.digit])], one, rng) for one in chosen]), chosen


def measured_colours(images):
    """The names of the colours of the digit and of the background in pictures `(n, 32, 32, 3)`: two arrays `(n,)`.

    The background's is that of the border, and the digit's that of the pixels that differ most from it.

    Example:

    >>> from keras_gen import data
    >>> images, attributes = described_digits(data.load("digits")[0], attribute_combinations(), 40)
    >>> colours, backgrounds = measured_colours(images)
    >>> bool((backgrounds == [one.background for one in attributes]).all())
    True
    """
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    background = np.median(border, axis=1)  # (n, 3)
    pixels = images.reshape(len(images), -1, 3)
    distances = np.linalg.norm(pixels - background[:, None], axis=-1)  # (n, pixels)
    farthest = np.argsort(distances, axis=1)[:, -_STROKE:, None]
    return _names(np.median(np.take_along_axis(pixels, farthest, axis=1), axis=1)), _names(background)


def _drawn(image, attributes, rng):
    """A grey digit `(height, width, 1)`, straightened, scaled, turned and coloured."""
    side = round(_SIDE * SIZES[attributes.size] * (1 - rng.uniform(0, _SCALES)))
    angle = TILTS[attributes.tilt] + rng.uniform(-_DEGREES, _DEGREES)
    picture = _straightened(image[..., 0]).resize((side, side), Image.Resampling.BICUBIC)
    canvas = Image.new("L", (_SIDE, _SIDE))
    canvas.paste(picture.rotate(angle, Image.Resampling.BICUBIC), ((_SIDE - side) // 2,) * 2)
    mask = np.asarray(canvas, "float32")[..., None] / 255
    colour, background = (
        np.clip(np.array(COLOURS[name], "float32") + rng.uniform(-_SHADES, _SHADES, 3), 0, 1).astype("float32")
        for name in (attributes.colour, attributes.background)
    )
    return 2 * (mask * colour + (1 - mask) * background) - 1


def _straightened(values):
    """A grey picture of values `(height, width)`, each row moved so that columns no longer depend on rows.

    The shear is the slope of the regression of columns on rows, cov(row, column) / var(row), weighted by the values.
    """
    values = np.clip(values, 0, 1)
    rows, columns = (axis.ravel() for axis in np.indices(values.shape))
    picture = Image.fromarray(np.uint8(255 * values))
    if len(np.unique(rows[values.ravel() > 0])) < 2:  # nothing, or one row, has no slope
        return picture
    covariances = np.cov(rows, columns, aweights=values.ravel().astype("float64"))
    slope, centre = covariances[0, 1] / covariances[0, 0], np.average(rows, weights=values.ravel())
    affine = (1, slope, -slope * centre, 0, 1, 0)
    return picture.transform(picture.size, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC)


def _names(colours):
    """The names of the nearest of the known colours."""
    palette = 2 * np.array(list(COLOURS.values())) - 1
    return np.array(list(COLOURS))[np.linalg.norm(colours[:, None] - palette, axis=-1).argmin(axis=1)]
