"""Sums over the units of a layer's maps, computed tile by tile: pictures of any size in the memory of one tile."""

import dataclasses
import math

import numpy as np
from keras import ops

from keras_gen import backend


@dataclasses.dataclass(frozen=True)
class Tiling:
    """Windows of one size on pictures: tiles next to each other, each with a margin around it.

    Around the picture, the margin continues it, so that no unit sees an edge. Each unit of a map belongs to the tile
    that its centre lies in. Where the margin covers the receptive field, the units of all tiles are those of the whole
    picture.

    Args:
        sides: The pair (height, width) of the pictures.
        tile: The pair of the sides of a tile, multiples of the strides of the layers.
        margin: Pixels around a tile, a multiple of the strides of the layers.
        border: How pictures are continued: `"reflect"`, or `"wrap"`, with the opposite side. Defaults to `"reflect"`.
    """

    sides: tuple
    tile: tuple
    margin: int
    border: str = "reflect"

    @property
    def counts(self):
        """The pair of the numbers of rows and columns of tiles."""
        return tuple(-(-side // tile) for side, tile in zip(self.sides, self.tile, strict=True))

    def continued(self, images):
        """Images with what is around them: `(n, *sides, c)` -> `(n, rows of all windows, columns, c)`."""
        for axis, (side, tile, count) in enumerate(zip(self.sides, self.tile, self.counts, strict=True), start=1):
            around = (self.margin, self.margin + count * tile - side)
            images = ops.take(images, np.pad(np.arange(side), around, mode=self.border), axis=axis)
        return images

    def corner(self, index):
        """The first row and column of the window of that index in continued images: two tensors or integers."""
        row, column = index // self.counts[1], index % self.counts[1]
        return row * self.tile[0], column * self.tile[1]

    def window(self, continued, index):
        """The window of that index: `(n, height, width, c)`."""
        batch, *_, channels = ops.shape(continued)
        height, width = (tile + 2 * self.margin for tile in self.tile)
        return ops.slice(continued, (0, *self.corner(index), 0), (batch, height, width, channels))

    def own(self, maps, field, index):
        """The units of a window's maps that belong to its tile, 0 where their centres lie outside the picture.

        Args:
            maps: Tensor `(n, height, width, c)`.
            field: `networks.ReceptiveField` of the layer.
            index: Index of the window.
        """
        for axis, (first, count) in enumerate(self._units(field), start=1):
            if first < 0 or maps.shape[axis] < first + count:
                raise ValueError(
                    f"`margin` is too small for layer '{field.name}', whose maps are smaller than the images. "
                    f"Expected: margin >= {sufficient_margin([field])}. Received: margin={self.margin}"
                )
            maps = maps[:, first : first + count] if axis == 1 else maps[:, :, first : first + count]
            side, tile = self.sides[axis - 1], self.tile[axis - 1]
            if side % tile:
                units = np.arange(first, first + count, dtype="float32")
                from_corner = field.center[axis - 1] + field.stride[axis - 1] * units - self.margin
                inside = from_corner < ops.cast(side - self.corner(index)[axis - 1], "float32")
                maps = maps * ops.reshape(ops.cast(inside, maps.dtype), (1, -1, 1, 1) if axis == 1 else (1, 1, -1, 1))
        return maps

    def positions(self, field):
        """The number of units of a layer whose centres lie in the picture."""
        return math.prod(
            math.ceil((side - center % stride) / stride)
            for side, center, stride in zip(self.sides, field.center, field.stride, strict=True)
        )

    def _units(self, field):
        """For both axes, the first unit whose centre lies in the tile, and the number of those that do."""
        for center, stride, tile in zip(field.center, field.stride, self.tile, strict=True):
            yield math.ceil((self.margin - center) / stride), tile // stride


def tiling(sides, tile, margin, fields, border="reflect"):
    """The `Tiling` of pictures with tiles of about one size, for layers of these receptive fields.

    Args:
        sides: The pair (height, width) of the pictures.
        tile: Largest side of a tile; it is rounded up to a multiple of the strides.
        margin: Pixels around a tile, rounded up likewise.
        fields: List of `networks.ReceptiveField`.
        border: As in `Tiling`.
    """
    step = stride_of(fields)
    fitted = []
    for side in sides:
        count = -(-side // tile)
        fitted.append(_rounded_up(-(-side // count), step))
    return Tiling(tuple(sides), tuple(fitted), _rounded_up(margin, step), border)


def stride_of(fields):
    """The least common multiple of the strides of layers."""
    return math.lcm(*(stride for field in fields for stride in field.stride))


def sufficient_margin(fields):
    """The smallest margin with which no unit of a tile sees more than its window, before it is rounded up."""
    needed = [
        (size - 1) / 2 + max(-(center % stride), 1 - stride + center % stride)
        for field in fields
        for size, center, stride in zip(field.size, field.center, field.stride, strict=True)
    ]
    return math.ceil(max(needed))


def _rounded_up(number, multiple):
    return -(-number // multiple) * multiple


def sums_over_tiles(statistics, images, tiling):
    """The sums of a window's statistics over all windows, and, for the gradient, in the memory of one window.

    The gradient takes a second pass: each window is seen again, with the derivatives with respect to the sums known.

    Args:
        statistics: Function of (windows `(n, height, width, c)`, index) that returns a list of tensors.
        images: Tensor `(n, *tiling.sides, c)`.
        tiling: A `Tiling`.

    Returns:
        List of tensors.
    """
    continued, last = tiling.continued(images), math.prod(tiling.counts)
    if last == 1:
        return statistics(continued, 0)

    def function(continued):
        def add(index, *sums):
            with backend.after(*sums):  # one window after the other
                found = statistics(tiling.window(continued, index), index)
            return (index + 1, *(total + part for total, part in zip(sums, found, strict=True)))

        _, *sums = ops.while_loop(lambda index, *_: index < last, add, (1, *statistics(tiling.window(continued, 0), 0)))
        return sums, lambda *slopes: _gradient(statistics, continued, tiling, slopes, last)

    return backend.with_gradient(function, continued)


def _gradient(statistics, continued, tiling, slopes, last):
    """The gradient of sum_k <slopes_k, sums_k> with respect to continued images."""

    def add(index, gradient):
        with backend.after(gradient):
            window = tiling.window(continued, index)

            def weighted():
                found = statistics(window, index)
                return sum(ops.sum(slope * one) for slope, one in zip(slopes, found, strict=True)), None

            _, (own,) = backend.value_and_grad(weighted, [window])
        start = (0, *tiling.corner(index), 0)
        return index + 1, ops.slice_update(gradient, start, own + ops.slice(gradient, start, ops.shape(own)))

    return ops.while_loop(lambda index, _: index < last, add, (0, ops.zeros_like(continued)))[1]
