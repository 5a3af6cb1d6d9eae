"""A photograph of scikit-learn's, changed until layers of a network see more of what they respond to.

python recipes/deep_dream.py --weights vgg16.npz    # its convolutions, in a file that networks.vgg_convolutions reads

Without weights, the network is a small one that is trained here on scikit-learn's digits: what it dreams are strokes of
digits, in grey, and nothing that ImageNet's networks are known for. Each picture names its network.

Args:
    photograph: One of scikit-learn's: china.jpg or flower.jpg.
    weights: File of VGG-16's convolutions; empty for the network of digits.
    height: Height of the picture, to which the photograph is reduced.
    layers: Layers to dream of; empty for the network's own choice.
    steps: Steps in each of the four sizes.
    step_size: Root mean square of a step's changes, as a share of the range.
    digit: Class that the network of digits dreams of, in addition to layers.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers as keras_layers
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from keras_gen import checks, models, networks
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.data.images import resized
from keras_gen.input_optimization.visualization import deep_dream, feature_maps
from keras_gen.presets.registry import scaled

SIDE = 24  # of the digits
VGG = ("block2_conv2", "block3_conv3", "block4_conv2", "block5_conv1")


def network_of_digits(data, epochs, batch_size, width):
    """A convolutional classifier of images of any size, and its test accuracy."""
    train, test = (part._replace(x=resized(part.x, (SIDE, SIDE))) for part in load(data))
    inputs = hidden = keras.Input((None, None, 1))
    for number, filters in enumerate(scaled("filters", (16, 32, 64), width, 4), start=1):
        hidden = keras_layers.Conv2D(filters, 5, padding="same", activation="relu", name=f"conv{number}")(hidden)
        hidden = keras_layers.MaxPooling2D(2, name=f"pool{number}")(hidden) if number < 3 else hidden
    hidden = keras_layers.GlobalAveragePooling2D()(hidden)
    model = models.Classifier(keras.Model(inputs, keras_layers.Dense(10, name="logits")(hidden)), value_range=(0, 1))
    model.compile(keras.optimizers.Adam(2e-3))
    model.fit(train.x, train.y, batch_size=batch_size, epochs=epochs, verbose=2)
    return model, np.mean(model.classify(test.x) == test.y)


@recipe
def main(
    photograph="china.jpg", weights="", data="digits", height=240, layers=(), steps=10, step_size=0.006, digit=3,
    epochs=15, batch_size=50, seed=0, width=1.0,
):  # fmt: skip
    x = load_sample_image(checks.choice("photograph", photograph, ["china.jpg", "flower.jpg"])) / 255
    size = (height, round(height * x.shape[1] / x.shape[0]))
    options, findings = {"steps": steps, "step_size": step_size, "seed": seed, "value_range": (0, 1)}, []
    if weights:
        model, title = networks.vgg_convolutions(16, weights), f"VGG-16, {Path(weights).stem}"
        x, names = resized(x[None], size), list(layers or VGG)
    else:
        model, accuracy = network_of_digits(data, epochs, batch_size, width)
        title, x, names = "a network of digits", resized(x[None], size, channels=1), list(layers or ["conv2", "conv3"])
        findings.append(Finding("test accuracy of the network of digits, %", 100 * accuracy, at_least=95))
    pictures = {photograph: x[0]}
    with Timer() as timer:
        for name in names:
            dreamt = deep_dream(model, x, name, **options)
            before, after = (np.square(feature_maps(model, image, name, (0, 1))[name]).mean() for image in (x, dreamt))
            findings.append(Finding(f"{name}: mean square of its maps, after / before", after / before, at_least=1.5))
            pictures[f"{name} of {title}"] = dreamt[0]
    if not weights:
        dreamt = deep_dream(model, x, classes=digit, **options)
        before, after = (model.probabilities(image)[0, digit] for image in (x, dreamt))
        findings.append(Finding(f"probability of digit {digit}, after / before", after / before, at_least=100))
        pictures[f"digit {digit} of {title}"] = dreamt[0]
    findings.append(Finding("minutes of the dreams of layers", timer.minutes))
    columns = 2 if len(pictures) <= 4 else 3
    rows = -(-len(pictures) // columns)
    figure = Figure(figsize=(5.2 * columns, 3.8 * rows), dpi=120, layout="constrained")
    for axes, (name, image) in zip(figure.subplots(rows, columns).flat, pictures.items(), strict=False):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        axes.set_title(name)
    for axes in figure.axes:
        axes.set_axis_off()
    return Outcome(model, findings, {"deep_dream": figure}, facts={"network": title})
