"""The pixels that each unit of a network of images sees."""

import dataclasses
import math
import typing
from fractions import Fraction

from keras import layers

from keras_gen.networks.introspection import calls, is_network, require_network
from keras_gen.networks.windows import ALONG_AN_AXIS, OF_ALL, OPERATIONS, POINTWISE, WINDOWS, Window, fixed, unknown


@dataclasses.dataclass(frozen=True)
class ReceptiveField:
    """The box of pixels that the units of a layer see. All are pairs: of rows, of columns.

    A unit in row i sees the rows stride i - padding to stride i - padding + size - 1 of the image; those outside the
    image are padding. After upsampling, the boxes of neighbouring units differ in size; `pixels` gives each. The first
    unit is the first that sees a pixel: a transposed convolution of a stride larger than its kernel has units without.

    Args:
        name: Name of the layer, after those of the models that contain it and `/`.
        size: Pixels from one end of the box to the other, of the largest box where they differ; 0 for a layer that sees
            no pixel, such as an embedding of labels.
        stride: Mean distance in pixels between the boxes of neighbouring units, an integer or a `fractions.Fraction`; 0
            if all units see the same pixels, as after global pooling or `Flatten`.
        padding: Pixels by which the box of the first unit begins before the image.
        center: Middle of the box of the first unit; the first pixel is 0.
        axes: What `pixels` computes with.

    Example:

    >>> import keras
    >>> network = keras.Sequential([keras.Input((9, 9, 1)), layers.Conv2D(1, 3, strides=2, name="conv")])
    >>> field = receptive_field(network)[0]
    >>> field
    ReceptiveField(name='conv', size=(3, 3), stride=(2, 2), padding=(0, 0), center=(1.0, 1.0))
    >>> field.pixels(row=1, column=3)
    ((2, 4), (6, 8))
    """

    name: str
    size: tuple
    stride: tuple
    padding: tuple
    center: tuple
    axes: tuple = dataclasses.field(repr=False, compare=False)

    def pixels(self, row, column):
        """The pairs (first, last) of the rows and of the columns that the unit in that row and column sees.

        They are (inf, -inf) for a unit that sees none.
        """
        return tuple(axis.at(place) for axis, place in zip(self.axes, (row, column), strict=True))


def receptive_field(model):
    """The pixels that the units of each layer see, through branches, skips and nested models.

    A kernel of k units at distances d, with stride s and p units of padding in front, on a layer of size r, stride S
    and padding P has

    size r + (k - 1) d S,    stride s S,    padding P + p S

    Where branches meet, a unit sees the smallest box that contains those of all branches. A vector counts as a whole:
    after `Flatten` or global pooling, each unit sees what all units see, within the image. Padding "same" pads as
    TensorFlow does: with a stride, this depends on the size of the image.

    The box holds all that a unit can see, but a unit need not see all of it: dilation, strides larger than a kernel and
    branches leave gaps, and at the edges padding replaces units. Statistics of a whole image, as in
    `InstanceNormalization` and `GroupNormalization`, are not counted, though every pixel changes them a little.

    Args:
        model: A functional or Sequential model, channels last, of images `(batch, height, width, channels)`. It may
            have several inputs: images of one size, and others without pixels, such as labels. Its sides may be `None`
            as long as no field depends on them.

    Returns:
        A list with a `ReceptiveField` for each call of a layer, in the order of computation; that of the first output,
        if a layer has several.

    Raises:
        ValueError: If the model takes no images, or if a field is not defined: for a layer of another type, such as
            attention, unless all its inputs see the same pixels; for branches of different strides; for sides that are
            needed and `None`.

    Example:

    >>> from keras_gen import networks
    >>> patch = receptive_field(networks.patchgan_discriminator((256, 256, 3)))[-1]
    >>> patch.size, patch.stride, patch.padding
    ((70, 70), (8, 8), (23, 23))

    Reference:
        Araujo, Norris and Sim, 2019, Computing receptive fields of convolutional neural networks, Distill,
        doi:10.23915/distill.00021, sections on single-path networks and on arbitrary computation graphs.
    """
    return list(receptive_fields(model))


def receptive_fields(model):
    """The records of `receptive_field`, one after another: an error is raised after those that are defined."""
    require_network("model", model)
    images = {tuple(tensor.shape[1:3]) for tensor in model.inputs if len(tensor.shape) == 4}
    if len(images) != 1:
        raise ValueError(
            "A receptive field needs images. Expected: a network with an input of shape (batch, height, width, "
            "channels), and all images of one size. Received: inputs of shapes "
            f"{[tuple(tensor.shape) for tensor in model.inputs]}"
        )
    (sides,) = images
    pixels = tuple(_Axis(side, 1, (0,), (0,)) for side in sides)
    nothing = tuple(_Axis(side, 0, (math.inf,), (-math.inf,)) for side in sides)
    yield from _of_network(model, [pixels if len(tensor.shape) == 4 else nothing for tensor in model.inputs], "")


class _Axis(typing.NamedTuple):
    """The pixels that the units along one axis see.

    With p = len(first), unit p m + r sees the pixels first[r] + m step to last[r] + m step.
    """

    side: int | None  # of the image
    step: int
    first: tuple
    last: tuple

    @property
    def size(self):
        return max(0, *(last - first + 1 for first, last in zip(self.first, self.last, strict=True)))

    @property
    def stride(self):
        stride = Fraction(self.step, len(self.first))
        return stride.numerator if stride.denominator == 1 else stride

    @property
    def first_seeing(self):
        """The first unit that sees a pixel."""
        return next(unit for unit, first in enumerate(self.first) if first < math.inf)

    def at(self, unit):
        """The pair (first, last) of the pixels that a unit sees."""
        turns, place = divmod(unit, len(self.first))
        return self.first[place] + turns * self.step, self.last[place] + turns * self.step

    def through(self, window):
        """What the units of the next layer see."""
        length = len(self.first)
        period = window.period * (length // math.gcd(length, window.step))
        boxes = [[self.at(seen) for seen in window.sees(unit)] for unit in range(period)]
        return self._replace(step=self.step * (period // window.period * window.step) // length, **_around(boxes))

    def of_all(self, units, name):
        """What all units of an axis see together, within the image."""
        first, last = zip(*map(self.at, range(fixed(units, name))), strict=True)
        return self._replace(step=0, first=(max(min(first), 0),), last=(min(max(last), fixed(self.side, name) - 1),))


def _around(boxes):
    """The parts `first` and `last` of an `_Axis` whose units see all pixels of a list of pairs each."""
    return {
        "first": tuple(min((first for first, _ in box), default=math.inf) for box in boxes),
        "last": tuple(max((last for _, last in box), default=-math.inf) for box in boxes),
    }


def _of_network(network, fields, prefix):
    """Yield the records of a network whose inputs have these fields, pairs of `_Axis`; return those of its outputs."""
    known = dict(zip(map(id, network.inputs), fields, strict=True))
    for call in calls(network):
        seen, name = [known[id(tensor)] for tensor in call.inputs], prefix + call.layer.name
        if is_network(call.layer):
            outputs = yield from _of_network(call.layer, seen, f"{name}/")
        else:
            axes = (_of_layer(call, axis, [one[axis] for one in seen], name) for axis in (0, 1))
            outputs = list(zip(*axes, strict=True))
            yield _record(name, outputs[0])
        known.update(zip(map(id, call.outputs), outputs, strict=True))
    return [known[id(tensor)] for tensor in network.outputs]


def _record(name, axes):
    if not all(axis.size for axis in axes):
        return ReceptiveField(name, (0, 0), (0, 0), (0, 0), (0.0, 0.0), axes)
    firsts, lasts = zip(*(axis.at(axis.first_seeing) for axis in axes), strict=True)
    return ReceptiveField(
        name,
        tuple(axis.size for axis in axes),
        tuple(axis.stride for axis in axes),
        tuple(-first for first in firsts),
        tuple((first + last) / 2 for first, last in zip(firsts, lasts, strict=True)),
        axes,
    )


def _of_layer(call, axis, seen, name):
    """What the units of each output of a layer see along an axis, given what those of its inputs see."""
    outputs = len(call.outputs)
    if all(one.step == 0 for one in seen):  # no unit can see more
        return [_union(seen, None, name)] * outputs
    layer = call.layer.layer if isinstance(call.layer, layers.SpectralNormalization) else call.layer
    kind, before, after = type(layer), call.inputs[0].shape, call.outputs[0].shape
    if getattr(layer, "data_format", None) == "channels_first":
        raise ValueError(f"Layer '{name}' must have its channels last. Received: data_format='channels_first'")
    if kind in WINDOWS:
        windows = WINDOWS[kind](layer, axis, (before[axis + 1], after[axis + 1]), name)
        windows = [windows] * outputs if isinstance(windows, Window) else windows
        return [_union([seen[0].through(window), *seen[1:]], after[axis + 1], name) for window in windows]
    if kind in OF_ALL or (kind is layers.Reshape and (len(after) < 4 or after[1:3] != before[1:3])):
        return [seen[0].of_all(before[axis + 1], name)]
    if kind is not layers.Reshape and kind not in POINTWISE and kind.__name__ not in OPERATIONS:
        raise unknown(layer, name, "convolutions, pooling, or layers that treat each pixel by itself")
    if kind.__name__ in ALONG_AN_AXIS and layer.axis not in (-1, len(after) - 1):
        raise unknown(layer, name, "an axis of channels", f" with axis={layer.axis}")
    units = after[axis + 1]
    sides = [tensor.shape[axis + 1] if len(tensor.shape) == 4 else units for tensor in call.inputs]
    repeated = [one.step and side != units for one, side in zip(seen, sides, strict=True)]  # a side of 1
    seen = [one.of_all(1, name) if spread else one for one, spread in zip(seen, repeated, strict=True)]
    return [_union(seen, units, name)] * outputs


def _union(seen, units, name):
    """What the units of a layer see that combines the outputs of several layers, whose units see this."""
    seen = [one for one in seen if one.size] or seen[:1]
    fixed = [one for one in seen if one.step == 0]
    if 0 < len(fixed) < len(seen):  # units that see all that the others do, as after global pooling
        together = _union([one if one.step == 0 else one.of_all(units, name) for one in seen], units, name)
        if together == _union(fixed, units, name):
            return together
    strides = sorted({one.stride for one in seen})
    if len(strides) > 1:
        raise ValueError(
            f"The receptive field of layer '{name}' is not defined: it has no fixed size. Expected: branches of equal "
            f"strides, in pixels. Received: strides {' and '.join(map(str, strides))}"
        )
    period = math.lcm(*(len(one.first) for one in seen))
    return seen[0]._replace(
        step=int(strides[0] * period), **_around([[one.at(unit) for one in seen] for unit in range(period)])
    )
