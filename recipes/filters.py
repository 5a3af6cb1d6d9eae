"""A photograph under all named filters, each colour channel by itself; zero is grey where a filter's entries sum to 0.

Args:
    photograph: One of scikit-learn's: china.jpg or flower.jpg.
"""

import keras
import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_sample_image

from keras_gen import checks, layers
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.layers.filters import KERNELS


def displayed(image, kernel):
    """A filtered image as pixels: itself, or grey plus its values where the kernel sums to 0."""
    if np.isclose(np.sum(kernel), 0):
        image = 0.5 + image / np.quantile(np.abs(image), 0.99) / 2
    return np.clip(image, 0, 1)


@recipe
def main(photograph="china.jpg"):
    x = load_sample_image(checks.choice("photograph", photograph, ["china.jpg", "flower.jpg"])) / 255
    inputs = keras.Input((None, None, 3), name="x")
    outputs = {name: layers.FixedFilter2D(name, name=name)(inputs) for name in KERNELS}
    model = keras.Model(inputs, outputs)

    def filtered(image):
        return {name: keras.ops.convert_to_numpy(output)[0] for name, output in model(image[None]).items()}

    images, flat = filtered(x), filtered(np.full((8, 8, 3), 0.5))
    blurred, within = filtered(images["box"]), x[1:-1, 1:-1]
    ramp = filtered(np.broadcast_to(np.linspace(1, 0, 11)[:, None, None], (11, 8, 3)))  # 0.1 darker from row to row
    flipped = layers.FixedFilter2D("sobel_top", mode="convolution")(x[None])[0]

    def largest(difference):
        return float(np.abs(difference).max())

    def roughness(of):
        return float(np.abs(of["laplacian"]).mean())

    edges = [name for name, kernel in KERNELS.items() if np.isclose(np.sum(kernel), 0)]
    kept = [name for name in KERNELS if name not in edges]
    findings = [
        Finding(f"flat image: {', '.join(edges)}", max(largest(flat[name]) for name in edges), at_most=1e-5),
        Finding(f"flat image: change by {', '.join(kept)}", max(largest(flat[n] - 0.5) for n in kept), at_most=1e-5),
        Finding("ramp of -0.1 a row: distance of sobel_top from 0.8", largest(ramp["sobel_top"] - 0.8), at_most=1e-5),
        Finding("ramp of -0.1 a row: sobel_left", largest(ramp["sobel_left"]), at_most=1e-5),
        Finding("|sharpen - (image + laplacian)|", largest(images["sharpen"] - within - images["laplacian"]), 1e-5),
        Finding("|outline - 9 (image - box)|", largest(images["outline"] - 9 * (within - images["box"])), 1e-5),
        Finding("|sobel_top as a convolution + sobel_top|", largest(flipped + images["sobel_top"]), 1e-5),
        Finding("mean |laplacian| after box / before", roughness(blurred) / roughness(images), at_most=0.5),
    ]
    figure = Figure(figsize=(16, 6), layout="constrained")
    panels = {photograph: x, **{name: displayed(image, KERNELS[name]) for name, image in images.items()}}
    for axes, (name, image) in zip(figure.subplots(2, 4).flat, panels.items(), strict=True):
        axes.imshow(image)
        axes.set(title=name, xticks=[], yticks=[])
    return Outcome(model, findings, {"filters": figure})
