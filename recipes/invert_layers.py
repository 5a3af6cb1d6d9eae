"""What the layers of VGG-16 keep of a photograph: images found from noise that have nearly the same codes.

python recipes/invert_layers.py --weights vgg16.npz    # a file that networks.vgg_convolutions reads

Without weights the network has random ones, which keep more: nothing has taught it what to leave out.

Args:
    photograph: One of scikit-learn's: china.jpg or flower.jpg.
    weights: File of VGG-16's convolutions; empty for random ones.
    height: Height of the picture, to which the photograph is reduced.
    steps: Steps of L-BFGS at most.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from keras_gen import checks, networks
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data.images import resized
from keras_gen.input_optimization.visualization import invert

LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
FIRST = 2  # layers whose codes are to be matched within a tenth of their norm


@recipe
def main(photograph="china.jpg", weights="", height=96, steps=200, seed=0):
    x = load_sample_image(checks.choice("photograph", photograph, ["china.jpg", "flower.jpg"])) / 255
    x = resized(x[None], (height, round(height * x.shape[1] / x.shape[0])))
    network = networks.vgg_convolutions(16, weights or None)
    title = f"VGG-16, {Path(weights).stem}" if weights else "VGG-16 with random weights"
    panels, findings, likeness = {photograph: x[0]}, [], []
    with Timer() as timer:
        for number, name in enumerate(LAYERS):
            found = invert(network, x, name, steps=steps, seed=seed, value_range=(0, 1))
            distance = float(found.distances[0])
            likeness.append(float(np.corrcoef(found.images.ravel(), x.ravel())[0, 1]))
            bounds = {"at_most": 0.1} if number < FIRST else {}
            findings.append(Finding(f"{name}: relative distance of the codes", distance, **bounds))
            bounds = {"at_most": likeness[-2]} if number else {}
            findings.append(Finding(f"{name}: correlation of the images", likeness[-1], **bounds))
            panels[f"from {name}\ncodes {distance:.2g} apart"] = found.images[0]
    findings.append(Finding("minutes of all layers", timer.minutes))
    figure = Figure(figsize=(12, 6), dpi=120, layout="constrained")
    figure.suptitle(title)
    for axes, (name, image) in zip(figure.subplots(2, 3).flat, panels.items(), strict=True):
        axes.imshow(image)
        axes.set_title(name, fontsize=11)
        axes.set_axis_off()
    return Outcome(network, findings, {"inverted": figure}, facts={"network": title})
