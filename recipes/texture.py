"""A texture from noise, by the Gram matrices of two networks: random filters that were never trained, and VGG-16.

The picture is a part of a photograph. VGG-16 takes part if there are weights for it.

Args:
    photograph: One of scikit-learn's: china.jpg or flower.jpg.
    left: Column of the photograph where the picture begins.
    top: Row of the photograph where the picture begins.
    size: Side of the picture and of the textures.
    weights: An .npz file of VGG-16's convolutions, as in networks.vgg_convolutions; none: random filters alone.
    filters: Random filters of each size.
    largest: Side of the largest random filters; the others are 3, 5, 7, 11 and 15.
    steps: Steps of L-BFGS at most.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from keras_gen import checks, networks
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.input_optimization import style_transfer, texture_synthesis

IN_RANGE = {"value_range": (0, 1)}


@recipe
def main(photograph="flower.jpg", left=241, top=156, size=128, weights="", filters=32, largest=23, steps=150, seed=0):
    picture = load_sample_image(checks.choice("photograph", photograph, ["china.jpg", "flower.jpg"])) / 255
    picture = picture[None, top : top + size, left : left + size]
    sizes = [3, 5, 7, 11, 15, largest]
    chosen = {
        "random filters, not trained": networks.random_filter_bank(filters=filters, kernel_sizes=sizes, seed=seed)
    }
    if weights:
        chosen[f"VGG-16, {Path(weights).name}"] = networks.vgg_convolutions(16, weights)
    figure, findings = Figure(figsize=(4 * len(chosen) + 4, 5), layout="constrained"), []
    panels, losses = {photograph: picture[0]}, {}
    for name, network in chosen.items():
        with Timer() as timer:
            made = texture_synthesis(picture, network=network, steps=steps, seed=seed, verbose=1, **IN_RANGE)
        losses[name] = made.history["objective"][:, 0]
        fall = losses[name][0] / losses[name][-1]
        itself = style_transfer(
            picture, picture, network=network, content_weight=0, optimizer="adam", steps=1, **IN_RANGE
        )
        findings += [
            Finding(f"{name}: style loss at the start / at the end", float(fall), at_least=100),
            Finding(f"{name}: style loss of the picture itself", float(itself.history["objective"][0, 0]), 1e-6),
            Finding(f"{name}: minutes", timer.minutes),
        ]
        panels[f"{name}\nloss: 1/{fall:.0f} after {len(losses[name])} steps"] = made.images[0]
    for axes, (title, image) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axes.imshow(np.clip(image, 0, 1))
        axes.set_title(title, fontsize=11)
        axes.set_axis_off()
    return Outcome(network, findings, {"texture": figure})
