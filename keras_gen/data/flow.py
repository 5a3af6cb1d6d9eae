"""Pairs of images with a known optical flow, made from photographs by random smooth motions."""

import math
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_gen import checks
from keras_gen.data.image_sources import image_source
from keras_gen.data.images import sides
from keras_gen.data.pipelines import SeededPipeline, shuffled, uniform_draws
from keras_gen.files import expanded


def moving_pairs(
    images,
    size=64,
    max_displacement=8.0,
    control_points=4,
    deformation=0.5,
    batch_size=32,
    shuffle=True,
    seed=0,
    image_size=None,
    channels=None,
    value_range=(-1, 1),
    steps=None,
):
    """A pipeline of `((first, second), flow)`: two views of a photograph, and the flow from the first to the second.

    first(p) = second(p + flow(p)),    flow(p) = max_displacement ((1 - deformation) shift + deformation field(p))

    The shift is uniform in [-1, 1]^2. The field is a uniform cubic B-spline whose control points, a grid over the
    views, are uniform in [-1, 1]^2; so neither exceeds 1. Both views are cut out of the larger photograph at a random
    place: what moves in is real, and no edge is invented. Values between pixels are found by cubic convolution. The
    place has fractions of a pixel, so both views are interpolated: otherwise the second would always be the sharper.

    An epoch shows each photograph once. The order and the draws depend only on `seed`, the epoch and the position in
    it, so a resumed run sees what an unbroken one would have seen; `dataset(training=False)` keeps the photographs'
    order and always uses the draws of epoch 0. In a plain Keras `fit`, a callback passes the number of the epoch on,
    as in the example.

    Args:
        images: An array `(n, height, width, channels)`; a folder of images; or a set of tensorflow-datasets and its
            split, such as `"cycle_gan/monet2photo:trainB"`, which is kept encoded in memory.
        size: Side, or the pair (height, width), of the views. Defaults to 64.
        max_displacement: Bound of the displacement along x and along y in pixels, a number > 0; the photographs must
            exceed the views by this and 1 pixel on each side. Defaults to 8.0.
        control_points: Control points of the field along each side, an integer >= 2. Defaults to 4.
        deformation: Share of the field in the displacement, from 0, a shift alone, to 1. The motion must not fold:
            4 deformation max_displacement (control_points - 1) must stay below the smaller side minus 1. Defaults to
            0.5.
        batch_size: Integer >= 1. Defaults to 32.
        shuffle: Whether each epoch has its own order. Defaults to `True`.
        seed: Integer >= 0 that fixes all orders and draws. Defaults to 0.
        image_size: Side, or the pair (height, width), to which files are centre-cropped and resized. Defaults to
            `None`: twice `size`.
        channels: 1 or 3 for files. Defaults to `None`: 3 if any of the files stores colours.
        value_range: The pair (lowest, highest) that black and white of files are mapped to. Defaults to (-1, 1).
        steps: Number of batches per epoch, at most what the photographs give; all if `None`. Defaults to `None`.

    Returns:
        A `MovingPairs`; `dataset()` gives float32 batches `((first, second), flow)` of shapes
        `(batch, height, width, channels)`, twice, and `(batch, height, width, 2)`, in pixels, x first.

    Raises:
        ValueError: If an argument is not of this form, the photographs are too small, or the motion could fold.

    Example:

    >>> photographs = np.random.default_rng(0).uniform(size=(4, 24, 24, 3))
    >>> pairs = moving_pairs(photographs, size=16, max_displacement=2, control_points=2, batch_size=4)
    >>> count = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: pairs.epoch.assign(epoch))
    >>> (first, second), flow = next(iter(pairs.dataset()))
    >>> tuple(first.shape), tuple(second.shape), tuple(flow.shape)
    ((4, 16, 16, 3), (4, 16, 16, 3), (4, 16, 16, 2))

    Reference:
        Dosovitskiy et al., 2015, arXiv:1504.06852, section 4.2 (training on synthetic motions of photographs). Cubic
        convolution: Keys, 1981, doi:10.1109/TASSP.1981.1163711.
    """
    view = sides(size)
    if image_size is None and isinstance(images, (str, Path)) and not expanded(images).is_file():
        image_size = tuple(2 * side for side in view)
    source = image_source("images", images, image_size, channels, value_range)
    return MovingPairs(source, view, max_displacement, control_points, deformation, batch_size, shuffle, seed, steps)


class MovingPairs(SeededPipeline):
    """The result of `moving_pairs`: a pipeline of pairs of views and their flow.

    Args:
        source: `ArrayImages` or `FileImages`.
        size, max_displacement, control_points, deformation, batch_size, shuffle, seed, steps: As in `moving_pairs`.

    Example:

    >>> pairs = moving_pairs(np.zeros((5, 128, 128, 3)))
    >>> pairs.size, pairs.shapes
    (5, ((64, 64, 3), (64, 64, 3), (64, 64, 2)))
    """

    def __init__(
        self,
        source,
        size=64,
        max_displacement=8.0,
        control_points=4,
        deformation=0.5,
        batch_size=32,
        shuffle=True,
        seed=0,
        steps=None,
    ):
        self.max_displacement = checks.positive("max_displacement", max_displacement)
        self.control_points = checks.integer("control_points", control_points, minimum=2)
        self.deformation = checks.number("deformation", deformation)
        if self.deformation > 1:
            raise ValueError(f"`deformation` must be a share from 0 to 1. Received: deformation={deformation}")
        self.view = sides(size)
        self._margin = math.ceil(self.max_displacement) + 1  # of the motion and of cubic convolution
        self._require_room(source.example_shape)
        # From one control point to the next a B-spline rises by at most their largest difference, 2. With this bound
        # the derivatives along x and y have a sum of absolute values below 1, so p + flow(p) is invertible
        steepest = 4 * self.deformation * self.max_displacement * (self.control_points - 1)
        if steepest >= min(self.view) - 1:
            raise ValueError(
                "The motion could fold. Expected: 4 deformation max_displacement (control_points - 1) < smaller side "
                f"of the views - 1, {min(self.view) - 1}. Received: {steepest:g}"
            )
        self._splines = [_spline_matrix(side, self.control_points) for side in self.view]
        super().__init__((source,), source.size, batch_size, shuffle, seed, False, steps)

    def _require_room(self, shape):
        needed = tuple(side + 2 * self._margin for side in self.view)
        if any(side < least for side, least in zip(shape, needed, strict=False)):
            raise ValueError(
                f"`images` are too small for views of {self.view} that move by {self.max_displacement:g} pixels. "
                f"Expected: sides of at least {needed}. Received: {tuple(shape[:2])}"
            )

    @property
    def shapes(self):
        """The shapes of the first view, of the second and of the flow."""
        view = (*self.view, self.sources[0].example_shape[-1])
        return view, view, (*self.view, 2)

    def _examples(self, places, epoch, training):
        stream, indices = self._seed.read_value(), places
        if training and self.shuffle:
            indices = shuffled(places, stream, epoch, self.size)
        draws = uniform_draws(stream, epoch * self.size + places, 4 + 2 * self.control_points**2)
        photographs, flow = self.sources[0].rows(indices), self._flow(draws[:, 2:])
        rows, columns = self._positions(draws[:, :2], photographs.shape)
        second = _sampled(photographs, rows, columns)
        first = _sampled(photographs, rows + flow[..., 1], columns + flow[..., 0])
        arrays = zip((first, second, flow), self.shapes, strict=True)
        return [tf.ensure_shape(array, (None, *shape)) for array, shape in arrays]

    def _positions(self, draws, shape):
        """Rows and columns in the photographs of the pixels of the second view, each `(batch, height, width)`."""
        free = [whole - side - 2 * self._margin for whole, side in zip(shape[1:3], self.view, strict=True)]
        rows, columns = (
            self._margin + draws[:, axis, None] * free[axis] + tf.range(side, dtype="float32")  # (batch, side)
            for axis, side in enumerate(self.view)
        )
        rows, columns = rows[:, :, None], columns[:, None, :]
        return rows + tf.zeros_like(columns), columns + tf.zeros_like(rows)

    def _flow(self, draws):
        """The flow `(batch, height, width, 2)` of draws `(batch, 2 + 2 control_points^2)` from U[0, 1)."""
        draws, points = 2 * draws - 1, self.control_points
        field = tf.reshape(draws[:, 2:], (-1, points, points, 2))
        field = tf.einsum("hi,nijc,wj->nhwc", self._splines[0], field, self._splines[1])
        shift = draws[:, None, None, :2]
        return self.max_displacement * ((1 - self.deformation) * shift + self.deformation * field)

    def symbolic_element(self):
        return self._element([keras.KerasTensor((None, *shape), "float32") for shape in self.shapes])

    def _element(self, arrays):
        first, second, flow = arrays
        return (first, second), flow


def _spline_matrix(side, points):
    """The weights `(side, points)` of the control points of a uniform cubic B-spline at the pixels of a side.

    The first and the last control point stand at the first and the last pixel, and continue beyond them.
    """
    distances = np.linspace(0, points - 1, side)[:, None] - np.arange(-1, points + 1)  # those beyond the ends, too
    distances = np.abs(distances)
    near, far = 2 / 3 - distances**2 + distances**3 / 2, np.maximum(2 - distances, 0) ** 3 / 6
    weights = np.where(distances < 1, near, far)
    weights[:, 1] += weights[:, 0]
    weights[:, -2] += weights[:, -1]
    return weights[:, 1:-1].astype("float32")


def _sampled(images, rows, columns):
    """Values of images at positions `(batch, height, width)`, by cubic convolution, within each image's own range."""
    n, height, width, channels = tf.shape(images)[0], *images.shape[1:]
    pixels = tf.reshape(images, (-1, channels))
    starts = tf.reshape(tf.range(n) * (height * width), (-1, 1, 1))
    values = 0.0
    for row, of_row in _cubic(rows, height):
        line = 0.0
        for column, of_column in _cubic(columns, width):
            line += of_column * tf.gather(pixels, starts + row * width + column)  # (batch, height, width, channels)
        values += of_row * line
    least, most = (reduce(images, axis=(1, 2, 3), keepdims=True) for reduce in (tf.reduce_min, tf.reduce_max))
    return tf.clip_by_value(values, least, most)  # cubic convolution overshoots at edges


def _cubic(places, side):
    """The pixels around places on a side, from the one before to the second after, each with its weight `(..., 1)`."""
    before = tf.floor(places)
    t, before = (places - before)[..., None], tf.cast(before, "int32")
    weights = (
        ((2 - t) * t - 1) * t / 2,
        ((3 * t - 5) * t * t + 2) / 2,
        ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
    )
    return [(tf.clip_by_value(before + step, 0, side - 1), weight) for step, weight in enumerate(weights, start=-1)]
