"""Batches of images and their counterparts: given ones, halves of one picture, or the images themselves, degraded."""

from pathlib import Path

import tensorflow as tf

from keras_gen import checks
from keras_gen.data.image_sources import cropped, image_source
from keras_gen.data.images import default_sides, sides
from keras_gen.data.pipelines import PairPipeline, shuffled, uniform_draws
from keras_gen.files import expanded

_READ = (8, 16)  # the size at which pictures of both images are opened, before their own is known


def paired(
    x,
    y=None,
    size=None,
    batch_size=1,
    augment=None,
    shuffle=True,
    seed=0,
    channels=None,
    value_range=(-1, 1),
    steps=None,
    left="x",
):
    """A pipeline of pairs `(image of x, its counterpart of y)`, for `models.Pix2Pix`.

    Both images of a pair are cropped and mirrored alike. Orders, crops and mirror images depend only on `seed`, the
    epoch and the position in it, so a resumed run sees what an unbroken one would have seen.

    Args:
        x: An array `(n, height, width, channels)`; a folder of images; or, without `y`, a folder of pictures that show
            both images of a pair side by side.
        y: The counterparts: an array with as many rows, or a folder whose files have the names, and sub-folders, of
            those of x, up to their endings. Defaults to `None`.
        size: Side, or the pair (height, width), of one image, to which the files of x and of y are centre-cropped and
            resized: of inputs of 32x32 and targets of 64x64, one of the two changes. Defaults to `None`: as in `load`
            for x, and y gets the size of x. Arrays are not resized and may have two sizes; `degraded` makes such pairs
            from files.
        batch_size: Integer >= 1. Defaults to 1, as published.
        augment: Whether training images are enlarged by 286 / 256, cropped at random and mirrored in half of the cases,
            as published. Defaults to `None`: files are, arrays not.
        shuffle, seed, value_range, steps: As in `unpaired`.
        channels: 1 or 3 for files. Defaults to `None`: 3 if any of a set's files stores colours.
        left: `"x"` or `"y"`: the left image in a picture of both. Defaults to `"x"`.

    Returns:
        A `PairedPipeline`, for `fit` and `evaluate`.

    Raises:
        ValueError: If the numbers of images or the names of files differ, or if images of different sizes are to be
            cropped alike.

    Example:

    >>> import numpy as np
    >>> x = np.arange(5 * 64.0).reshape(5, 8, 8, 1)
    >>> [(one.shape[0], float((other - one).numpy().max())) for one, other in paired(x, x + 1, batch_size=4).dataset()]
    [(4, 1.0), (1, 1.0)]

    Reference:
        Isola et al., 2017, arXiv:1611.07004, section 6.2 (jitter and mirroring).
    """
    checks.choice("left", left, ["x", "y"])
    if y is None:
        first, second = _halves(x, size, channels, value_range)[:: 1 if left == "x" else -1]
    else:
        first = image_source("x", x, size, channels, value_range)
        size = first.example_shape[:2] if size is None and isinstance(y, (str, Path)) else size
        second = image_source("y", y, size, channels, value_range)
        folders = [expanded(place) if isinstance(place, (str, Path)) else None for place in (x, y)]
        if all(folder is not None and folder.is_dir() for folder in folders):
            second = _matched(first, second, folders)
    return PairedPipeline(first, second, batch_size, shuffle, seed, augment, steps)


class PairedPipeline(PairPipeline):
    """The result of `paired`: a pipeline of two sources in one order.

    Args:
        first, second: Two of `ArrayImages` and `FileImages` of equal length.
        batch_size, shuffle, seed, augment, steps: As in `paired`.

    Example:

    >>> import numpy as np
    >>> PairedPipeline(*paired(np.zeros((5, 8, 8, 1)), np.ones((5, 4, 4, 3))).sources).shapes
    ((8, 8, 1), (4, 4, 3))
    """

    def __init__(self, first, second, batch_size=1, shuffle=True, seed=0, augment=None, steps=None):
        if first.size != second.size:
            raise ValueError(f"x and y must have as many images. Received: {first.size} and {second.size}")
        self._augment = first.augments and second.augments if augment is None else bool(augment)
        sizes = [source.example_shape[:2] for source in (first, second)]
        if self._augment and sizes[0] != sizes[1]:
            raise ValueError(
                "`augment` crops both images of a pair alike. Expected: images of one size, or augment=False. "
                f"Received: {sizes[0]} and {sizes[1]}"
            )
        super().__init__((first, second), first.size, batch_size, shuffle, seed, False, steps)

    def _examples(self, places, epoch, training):
        stream = self._seed.read_value()
        indices = shuffled(places, stream, epoch, self.size) if training and self.shuffle else places
        draws = uniform_draws(stream, epoch * self.size + places) if training and self._augment else None
        return [source.rows(indices, draws) for source in self.sources]


def degraded(
    images,
    scale=4,
    size=None,
    crop=None,
    batch_size=16,
    augment=None,
    shuffle=True,
    seed=0,
    channels=None,
    value_range=(-1, 1),
    steps=None,
):
    """A pipeline of pairs `(small image, image)` for super-resolution.

    The small images are the images, reduced by a bicubic filter that averages over what it skips, and clipped to their
    range. Orders, crops and mirror images are as reproducible as those of `paired`.

    Args:
        images: An array `(n, height, width, channels)`, a folder of images, or a set of tensorflow-datasets and its
            split, as in `unpaired`.
        scale: Factor between the sides, 2, 4, 8, ... Defaults to 4.
        size: As in `paired`. Both sides are divisible by `scale`.
        crop: Side, or the pair (height, width), divisible by `scale`, of the part of each image that is used: a random
            one in training, else that in the centre. Defaults to `None`: the whole image.
        batch_size: Integer >= 1. Defaults to 16.
        augment: Whether training images are mirrored, put upside down and, if they are square, turned by quarter turns,
            each of the eight ways equally often. Defaults to `None`: files are, arrays not.
        shuffle, seed, channels, value_range, steps: As in `paired`.

    Returns:
        A `DegradedPipeline`, for `fit` and `evaluate`.

    Raises:
        ValueError: If `scale` is not a power of two or does not divide the sides, or if the images are smaller than the
            crop.

    Example:

    >>> import numpy as np
    >>> degraded(np.zeros((5, 16, 24, 3)), scale=4, crop=8).shapes
    ((2, 2, 3), (8, 8, 3))

    Reference:
        Ledig et al., 2017, arXiv:1609.04802, section 3.2.
    """
    source = image_source("images", images, size, channels, value_range)
    return DegradedPipeline(source, scale, crop, batch_size, shuffle, seed, augment, steps)


class DegradedPipeline(PairPipeline):
    """The result of `degraded`: images and what is left of them at a smaller size.

    Args:
        source: `ArrayImages` or `FileImages`.
        scale, crop, batch_size, shuffle, seed, augment, steps: As in `degraded`.

    Example:

    >>> import numpy as np
    >>> small, image = next(iter(degraded(np.ones((5, 8, 8, 1)), scale=2).dataset()))
    >>> small.shape[1:], bool((small.numpy() == 1).all())
    (TensorShape([4, 4, 1]), True)
    """

    def __init__(self, source, scale=4, crop=None, batch_size=16, shuffle=True, seed=0, augment=None, steps=None):
        self.scale = checks.power_of_two("scale", scale)
        *own, channels = source.example_shape
        used = tuple(own) if crop is None else sides(crop)
        if any(side > whole for side, whole in zip(used, own, strict=True)):
            raise ValueError(f"`crop` must fit into the images. Expected: at most {tuple(own)}. Received: {used}")
        if any(side % self.scale for side in used):
            near = tuple(max(self.scale, side // self.scale * self.scale) for side in used)
            raise ValueError(
                f"{'The sides of images, without `crop`,' if crop is None else '`crop`'} must be divisible by the "
                f"scale {self.scale}. Expected: such as {near}. Received: {used}"
            )
        self._shape, self._turns = (*used, channels), source.augments if augment is None else bool(augment)
        self._images = source
        small = (used[0] // self.scale, used[1] // self.scale, channels)
        views = (
            _View(source, small, lambda rows: self._reduced(self._centre(rows))),
            _View(source, self._shape, self._centre),
        )
        super().__init__(views, source.size, batch_size, shuffle, seed, False, steps)

    def _examples(self, places, epoch, training):
        if not training:
            images = self._centre(self._images.rows(places))
            return [self._reduced(images), images]
        stream = self._seed.read_value()
        draws = uniform_draws(stream, epoch * self.size + places, count=5)
        if not self._turns:
            draws = tf.concat([draws[:, :2], tf.ones_like(draws[:, 2:])], axis=1)
        indices = shuffled(places, stream, epoch, self.size) if self.shuffle else places
        images = _turned(cropped(self._images.rows(indices), draws, self._shape), draws[:, 3:])
        return [self._reduced(images), images]

    def _centre(self, images):
        draws = tf.fill((tf.shape(images)[0], 3), 0.5)  # half of the way, and not mirrored
        return cropped(images, draws, self._shape)

    def _reduced(self, images):
        small = tf.image.resize(images, [side // self.scale for side in self._shape[:2]], "bicubic", antialias=True)
        return tf.clip_by_value(small, *self._images.extremes())


def _turned(images, draws):
    """Images put upside down, and square ones transposed, each in half of the cases, by draws `(batch, 2)`."""
    upside_down, transposed = (way[:, None, None, None] for way in tf.unstack(draws < 0.5, axis=1))
    images = tf.where(upside_down, images[:, ::-1], images)
    if images.shape[1] == images.shape[2]:
        images = tf.where(transposed, tf.transpose(images, (0, 2, 1, 3)), images)
    return images


class _View:
    """Images of a source under a function of a batch, which gives them another shape."""

    def __init__(self, source, shape, function):
        self.size, self.dtype, self.extremes = source.size, source.dtype, source.extremes
        self.fingerprint = getattr(source, "fingerprint", None)
        self.example_shape, self.row_bytes, self.in_memory = shape, source.row_bytes, source.in_memory
        self.rows = lambda indices: function(source.rows(indices))


def _halves(folder, size, channels, value_range):
    """The sources of the left and of the right halves of a folder's pictures."""
    if not isinstance(folder, (str, Path)):
        raise ValueError(
            "`y` must be given. Expected: two arrays or folders, or one folder of pictures of both images. "
            f"Received: a {type(folder).__name__} alone"
        )
    pictures = image_source("x", folder, _READ, channels, value_range)
    if odd := [name for name, (_, width) in zip(pictures.display_names, pictures.sizes, strict=True) if width % 2]:
        raise ValueError(
            f"Pictures of both images must have an even width. Received: {checks.listed(odd)}, of an odd one"
        )
    if all(width == height for height, width in pictures.sizes):  # rather one image each than two of half the width
        raise ValueError(
            "Pictures of both images must show them side by side. Expected: pictures that are wider than high, or `y` "
            f"(--y), the folder of the counterparts. Received: {pictures.sizes[0][1]}x{pictures.sizes[0][0]} pixels"
        )
    size = default_sides([(height, width // 2) for height, width in pictures.sizes]) if size is None else sides(size)
    shape = (*size, pictures.example_shape[-1])
    return [pictures.half(half, shape) for half in ("left", "right")]


def _matched(first, second, folders):
    """The second source in the order of the first; a `ValueError` names the files that have no counterpart."""
    keys = [
        [str(Path(name).relative_to(folder).with_suffix("")) for name in source.display_names]
        for source, folder in zip((first, second), folders, strict=True)
    ]
    alone = [
        f"{name} in {side}"
        for side, own, others in (("x", *keys), ("y", *keys[::-1]))
        for name in sorted({*own} - {*others})
    ]
    twice = sorted({name for own in keys for name in own if own.count(name) > 1})
    if alone or twice:
        received = f"without a counterpart: {checks.listed(alone)}" if alone else f"twice: {checks.listed(twice)}"
        raise ValueError(f"The files of x and y must have the same names. Received: {received}")
    places = {name: place for place, name in enumerate(keys[1])}
    return second.chosen([places[name] for name in keys[0]])
