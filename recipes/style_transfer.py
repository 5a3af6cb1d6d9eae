"""A photograph in the style of another: the temple of china.jpg with the petals of flower.jpg.

The style is taken with the colours of its picture, and without, by the luminance alone. The network is a bank of random
filters, which were never trained, or VGG-16 if there are weights for it.

Args:
    height: Height of both pictures.
    weights: An .npz file of VGG-16's convolutions, as in networks.vgg_convolutions; none: random filters.
    filters: Random filters of each size.
    largest: Side of the largest random filters; the others are 3, 5, 7, 11 and 15.
    content_weight: Weight of the content's loss; that of the style's is 1.
    smoothness: Weight of the total variation.
    steps: Steps of L-BFGS at most.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_images

from keras_gen import losses, networks
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data.images import resized
from keras_gen.input_optimization import style_transfer


@recipe
def main(height=128, weights="", filters=32, largest=23, content_weight=0.05, smoothness=0.01, steps=150, seed=0):
    content, style = (
        resized(photograph[None] / 255, (height, 3 * height // 2)) for photograph in load_sample_images().images
    )
    name, network = "random filters, not trained", None
    if weights:
        name, network = f"VGG-16, {Path(weights).name}", networks.vgg_convolutions(16, weights)
    else:
        network = networks.random_filter_bank(filters=filters, kernel_sizes=[3, 5, 7, 11, 15, largest], seed=seed)
    options = {"content_weight": content_weight, "total_variation_weight": smoothness, "steps": steps, "verbose": 1}
    panels, findings = {"content: china.jpg": content, "style: flower.jpg": style}, []
    for keeps in (False, True):
        title = "colours of the content" if keeps else "colours of the style"
        with Timer() as timer:
            made = style_transfer(
                content, style, network=network, keep_colors=keeps, seed=seed, value_range=(0, 1), **options
            )
        panels[f"{title}: {name}"] = made.images
        loss = made.history["objective"][:, 0]
        findings += [
            Finding(f"{title}: loss at the start / at the end", float(loss[0] / loss[-1]), at_least=2),
            Finding(f"{title}: minutes", timer.minutes),
        ]
    kept = made.images - content
    findings += [
        Finding("colours of the content: largest change of chrominance", float(np.ptp(kept, axis=-1).max()), 1e-3),
        Finding(
            "total variation, styled / content",
            float(losses.total_variation(made.images)[0] / losses.total_variation(content)[0]),
        ),
    ]
    figure = Figure(figsize=(12, 8.6), layout="constrained")
    for axes, (title, images) in zip(figure.subplots(2, 2).flat, panels.items(), strict=True):
        axes.imshow(images[0])
        axes.set_title(title, fontsize=11)
        axes.set_axis_off()
    return Outcome(network, findings, {"style_transfer": figure})
