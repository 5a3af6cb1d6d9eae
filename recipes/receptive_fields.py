"""What a unit of each layer of a convolutional network sees: the calculated box, and the gradient within it.

With random weights, the squared gradient of a deep layer has nearly the profile of a normal distribution, whose
variance is the sum of those of uniform distributions on the kernels. Most of it lies in a part of the box: with the
number of layers of equal stride, the box grows linearly, that part only as the square root (Luo et al., 2016,
arXiv:1701.04128, section 2). The titles of the panels give the smallest number of rows that hold 95 % of the squared
gradient, and the rows of the box.

Args:
    side: Side of the images, which are noise.
    blocks: Number of blocks of two 3x3 convolutions; all but the last end in a 2x2 pooling.
    draws: Number of images over which the gradient is averaged.
"""

import math

import keras
import numpy as np
from keras import layers, ops
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from keras_gen import backend, checks, networks
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.presets.registry import scaled

SHARE = 0.9545  # of the squared gradient, within two standard deviations of a normal distribution


def stack(side, filters, blocks):
    """The convolutional layers of a classifier, with random weights."""
    hidden = inputs = keras.Input((side, side, 1))
    for block in range(1, blocks + 1):
        for number in (1, 2):
            options = {"padding": "same", "activation": "relu", "kernel_initializer": "he_normal"}
            hidden = layers.Conv2D(filters, 3, name=f"conv {block}.{number}", **options)(hidden)
        if block < blocks:
            hidden = layers.MaxPooling2D(2, name=f"pool {block}")(hidden)
    return keras.Model(inputs, hidden, name="stack")


def power(network, x, weights):
    """Mean squared gradient over images `x` of the middle unit, whose channels are mixed by random weights."""

    def unit(x):
        y = network(x)
        return ops.sum(y[:, y.shape[1] // 2, y.shape[2] // 2] * weights, axis=-1)

    return np.mean(ops.convert_to_numpy(backend.input_gradient(unit, x)) ** 2, axis=(0, 3))  # (side, side)


def rows_and_columns(seen):
    """The pairs (first, last) of the rows and of the columns with a true entry, `None` if there is none."""
    places = [np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0)]
    return tuple((place[0], place[-1]) for place in places) if seen.any() else None


def rows_that_hold(share, power):
    """The smallest number of rows with that share of the total."""
    rows = np.sort(power.sum(axis=1))[::-1]
    return int(np.searchsorted(np.cumsum(rows), share * rows.sum())) + 1


@recipe
def main(side=96, filters=16, blocks=4, draws=100, seed=0, width=1.0):
    filters, draws = scaled("filters", filters, width), checks.integer("draws", draws)
    network = stack(checks.integer("side", side), filters, checks.integer("blocks", blocks))
    rng, fields = np.random.default_rng(seed), networks.receptive_field(network)
    x = ops.convert_to_tensor(rng.normal(size=(draws, side, side, 1)), "float32")
    weights = ops.convert_to_tensor(rng.normal(size=(draws, filters)), "float32")
    rows = math.ceil((len(fields) + 1) / 4)
    figure = Figure(figsize=(12, 3.3 * rows), layout="constrained")
    *panels, curves = (figure.add_subplot(rows, 4, number) for number in range(1, len(fields) + 2))
    table, variance, distance = [], 0, 1
    for axes, layer, field in zip(panels, network.layers[1:], fields, strict=True):
        squared = power(keras.Model(network.inputs, layer.output), x, weights)
        (top, bottom), (left, right) = field.pixels(*(side // 2 for side in layer.output.shape[1:3]))
        equal = rows_and_columns(squared > 0) == ((top, bottom), (left, right))
        # Each layer adds the variance of a uniform distribution on its kernel, in pixels
        variance += distance**2 * ((3 if layer.name.startswith("conv") else 2) ** 2 - 1) / 12
        distance = field.stride[0]
        row = {"layer": layer.name, "calculated": field.size[0], "equal": equal}
        table.append({**row, "effective": rows_that_hold(SHARE, squared), "four sigma": 4 * variance**0.5})
        axes.imshow(np.sqrt(squared), cmap="magma")
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), *field.size[::-1], fill=False, edgecolor="white"))
        axes.set(title=f"{layer.name}: {table[-1]['effective']} of {field.size[0]} pixels", xticks=[], yticks=[])
    for key, style in (("calculated", "o-"), ("effective", "o-"), ("four sigma", "k:")):
        curves.plot([row["layer"] for row in table], [row[key] for row in table], style, label=key)
    curves.tick_params(axis="x", labelrotation=90)
    curves.set_ylabel("rows, in pixels")
    curves.legend()
    last, normal, equal = table[-1], table[-1]["four sigma"], sum(row["equal"] for row in table)
    by_weights = {"at_most": 1.1 * normal, "at_least": 0.9 * normal, "reference": "four sigma, within 10 %"}
    findings = [
        Finding("layers whose measured box is the calculated one", equal, at_least=len(table)),
        Finding("last layer: rows of the calculated box", last["calculated"]),
        Finding("last layer: rows with 95 % of the squared gradient", last["effective"], **by_weights),
    ]
    return Outcome(network, findings, {"receptive_fields": figure}, facts={"table": table})
