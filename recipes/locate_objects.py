"""Objects are found pixel by pixel: digits among clutter, by a deconvolution network with and without switches.

Args:
    pictures: Number of pictures to train with; a tenth as many, of other images, are the test.
"""

import keras
import numpy as np

from keras_gen import networks, plots
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load, scenes
from keras_gen.presets.registry import scaled


def trained(switches, train, filters, epochs, batch_size):
    network = networks.deconvnet(train.images.shape[1:], 2, filters, switches=switches)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    steps = epochs * -(-len(train.images) // batch_size)
    network.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)), loss)
    history = network.fit(train.images, train.masks, batch_size=batch_size, epochs=epochs, verbose=2)
    return network, history.history["loss"]


def overlap(found, masks):
    """Intersection over union of the objects' pixels in each picture: booleans `(n, height, width)` -> `(n,)`."""
    return (found & masks).sum(axis=(1, 2)) / (found | masks).sum(axis=(1, 2))


@recipe
def main(data="mnist", pictures=4000, filters=16, epochs=12, batch_size=32, seed=0, width=1.0):
    height = (split := load(data))[0].x.shape[1]
    sizes = {"side": 2 * height + 8, "fragment": max(1, 2 * height // 7)}
    train, test = (
        scenes(one.x, one.y, number, seed=draws, **sizes)
        for one, number, draws in zip(split, (pictures, max(1, pictures // 10)), (seed, seed + 1), strict=True)
    )
    filters = scaled("filters", (filters, 2 * filters, 4 * filters), width)
    found, overlaps, history = {}, {}, {}
    for name in ("without switches", "with switches"):
        network, history[name] = trained(name == "with switches", train, filters, epochs, batch_size)
        found[name] = network.predict(test.images, batch_size=batch_size, verbose=0).argmax(axis=-1) == 1
        overlaps[name] = overlap(found[name], test.masks)
        print(f"{name}: {overlaps[name].mean():.4f}", flush=True)
    bright = overlap(test.images.max(axis=-1) >= 0.5, test.masks)
    without, with_switches = (overlaps[name].mean() for name in found)
    findings = [
        Finding("mean IoU with switches, new pictures", with_switches, at_least=0.85),
        Finding("mean IoU without switches", without, at_most=with_switches - 0.05, reference="switches, less .05"),
        Finding("mean IoU of all bright pixels", bright.mean(), at_most=with_switches),
    ]
    rows = {"pictures": test.images, "objects": test.masks[..., None], **{n: m[..., None] for n, m in found.items()}}
    figure = plots.image_rows({name: np.asarray(images[:8], "float32") for name, images in rows.items()})
    return Outcome(network, findings, {"objects": figure}, history)
