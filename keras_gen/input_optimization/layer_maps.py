"""The maps of a network's layers on pictures of any size, and what they say about style and content."""

import dataclasses
import math

import numpy as np
from keras import ops

from keras_gen import backend, checks, losses
from keras_gen.input_optimization.tiles import stride_of, sufficient_margin, sums_over_tiles, tiling
from keras_gen.networks.inner_layers import layer_outputs
from keras_gen.networks.receptive_field import receptive_fields
from keras_gen.networks.resized import resized_network

_MARGIN = 32  # pixels around a whole picture at most: with more, it takes longer and hardly changes
_LEAST_SIDE, _LEAST_UNITS = 8, 2  # of a picture: pixels, and units of each layer along a side
_SIDES = (960, 960)  # for which receptive fields are computed: as of all multiples of the strides, which divide them
_TINY = 1e-12


class LayerMaps:
    """The maps of layers of a network of images.

    Args:
        subject: A `Subject` of images `(batch, height, width, channels)`.
        names: List of names of layers, as in `layer_outputs`.

    Raises:
        ValueError: If a layer does not exist, or has no maps with a stride.
    """

    def __init__(self, subject, names):
        if len(subject.shape) != 3:
            raise ValueError(f"The network must be one of images. Received: inputs of shape {subject.shape}")
        layer_outputs(subject.network, names)  # raises if one does not exist
        self.fields = _fields(resized_network(subject.network, names, _SIDES), names)
        self.subject = dataclasses.replace(subject, network=resized_network(subject.network, names))
        self._outputs = self.subject.outputs(names)
        self._least = max(_LEAST_SIDE, _LEAST_UNITS * stride_of(self.fields))

    def check(self, name, images):
        """Pictures as float32: finite, of the network's channels, in the range, and not too small for the layers."""
        images = self.subject.check(name, images)
        self._check_sides(name, images.shape[1:3])
        return images

    def tiling(self, sides, tile, margin=None, border="reflect"):
        """The `Tiling` of pictures of the sides (height, width) for all layers."""
        self._check_sides("size", sides)
        tile = checks.integer("tile", tile)
        if margin is None:
            margin = sufficient_margin(self.fields)
            margin = margin if max(sides) > tile else min(margin, _MARGIN)
        margin = checks.integer("margin", margin, minimum=0)
        return tiling(sides, tile, margin, self.fields, border)

    def own(self, window, index, tiling):
        """The maps of the window of that index, without its margin: a list of float32 tensors."""
        maps = zip(self._outputs(window), self.fields, strict=True)
        return [ops.cast(tiling.own(one, field, index), "float32") for one, field in maps]

    def _check_sides(self, name, sides):
        if min(sides) < self._least:
            raise ValueError(
                f"`{name}` is too small for the layers. Expected: sides of {self._least} pixels or more. Received: "
                f"{sides[0]}x{sides[1]} (height x width)"
            )


def _fields(network, names):
    """The `ReceptiveField` of each of the named layers, which must have maps with a stride."""
    found = {}
    for field in receptive_fields(network):  # errors of later layers do not matter
        found.setdefault(field.name, field)
        if set(names) <= set(found):
            break
    for name in names:
        field = found.get(name)
        strides = () if field is None else field.stride
        if field is None or not all(isinstance(stride, int) and stride > 0 for stride in strides):
            raise ValueError(
                f"Layer '{name}' has no maps. Expected: a layer whose outputs are (batch, height, width, channels), "
                "with units at whole distances of pixels, such as a convolution. Received: "
                + ("a model" if field is None else f"strides {strides}")
            )
    return [found[name] for name in names]


def style_targets(maps, images, tile, margin, n_layers):
    """The Gram matrices of pictures for the first `n_layers` layers, over the positions: a list of `(n, c, c)`."""
    places = maps.tiling(images.shape[1:3], tile, margin)

    def grams(images):
        found = sums_over_tiles(
            lambda window, index: [losses.gram_matrix(one) for one in maps.own(window, index, places)[:n_layers]],
            images,
            places,
        )
        return [gram / places.positions(field) for gram, field in zip(found, maps.fields[:n_layers], strict=True)]

    return [np.asarray(gram) for gram in backend.compiled(grams)(ops.convert_to_tensor(images))]


def content_targets(maps, images, places, n_layers):
    """The maps of pictures for the last `n_layers` layers, tile by tile: a list of `(n, tiles, height, width, c)`."""

    def function(images, index):
        return maps.own(places.window(places.continued(images), index), index, places)[-n_layers:]

    compiled, images = backend.compiled(function), ops.convert_to_tensor(images)
    tiles = [compiled(images, ops.convert_to_tensor(index)) for index in range(math.prod(places.counts))]
    return [np.stack([np.asarray(one) for one in found], axis=1) for found in zip(*tiles, strict=True)]


def style_distance(grams, targets, positions):
    """The style loss of all layers, each relative to that of maps of 0: a tensor `(n,)`.

    mean_l E(G_l, A_l) / E(0, A_l)    with E = `losses.style_loss`

    Args:
        grams: List of Gram matrices `(n, c, c)` of pictures.
        targets: List of those aimed at, divided by the positions of their pictures.
        positions: List of the positions of the pictures.
    """
    relative = []
    for gram, target, number in zip(grams, targets, positions, strict=True):
        target = target * number
        whole = losses.style_loss(ops.zeros_like(target), target, number)
        relative.append(losses.style_loss(gram, target, number) / ops.maximum(whole, _TINY))
    return sum(relative) / len(relative)
