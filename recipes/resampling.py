"""Checkerboards before any training: what five ways to double an image make of a constant one.

Args:
    channels: Channels of the images, all alike.
    filters: Channels of the doubled images.
    images: Images of 14x14 pixels in the call that is timed.
"""

import statistics

import keras
import numpy as np
from keras.layers import Conv2D, Conv2DTranspose, UpSampling2D
from matplotlib.figure import Figure

from keras_gen import backend, checks
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.layers import PolyphaseConv2DTranspose, SubPixelConv2D
from keras_gen.metrics import phase_variance

SIDE, EDGE, CALLS = 14, 4, 15  # pixels; pixels that see the border, left out of the measures; timed calls
INDEPENDENT = "3/4: four independent phases"
SHARES = {  # of a constant's response that is a checkerboard: at least, at most, why
    "transposed": (0.67, 0.83, INDEPENDENT),
    "polyphase": (0.67, 0.83, INDEPENDENT),
    "sub-pixel, independent phases": (0.67, 0.83, INDEPENDENT),
    "sub-pixel": (None, 1e-6, "all phases begin alike"),
    "interpolation": (None, 1e-6, "every pixel is convolved alike"),
}
UNIFORM = {3: (0.19, "overlaps of 1, 2, 2 and 4 kernels"), 4: (0.0, "the stride divides the kernel")}


def doubling(filters):
    """The ways, with kernels of 3."""
    options = {"padding": "same", "use_bias": False}
    layers = (
        [Conv2DTranspose(filters, 3, 2, **options)],
        [PolyphaseConv2DTranspose(filters, 3, 2, **options)],
        [SubPixelConv2D(filters, 3, kernel_initializer="glorot_uniform", **options)],
        [SubPixelConv2D(filters, 3, **options)],
        [UpSampling2D(), Conv2D(filters, 3, **options)],
    )
    return dict(zip(SHARES, layers, strict=True))


def checkerboard(images):
    """The checkerboard's share of the power, without the images' edges."""
    inner = np.asarray(images)[:, EDGE:-EDGE, EDGE:-EDGE]
    return phase_variance(inner, 2) / np.mean(np.square(inner))


def milliseconds(network, x):
    """Median time of a compiled call."""
    call, times = backend.compiled(network), []
    np.asarray(call(x))
    for _ in range(CALLS):
        with Timer() as timer:
            np.asarray(call(x))
        times.append(1e3 * timer.seconds)
    return statistics.median(times)


@recipe
def main(data="digits", channels=64, filters=256, images=16, seed=0):
    channels, filters = checks.integer("channels", channels), checks.integer("filters", filters)
    images = checks.integer("images", images)
    digit = np.repeat(load(data)[1].x[:1, ..., :1], channels, axis=-1)
    constant = np.ones((1, SIDE, SIDE, channels), "float32")
    inputs = keras.Input((None, None, channels))
    networks = {name: keras.Model(inputs, keras.Sequential(way)(inputs)) for name, way in doubling(filters).items()}
    networks["polyphase"].set_weights(networks["transposed"].get_weights())
    figure, findings = Figure(figsize=(12, 5.2), layout="constrained"), []
    for axes, (name, network) in zip(figure.subplots(2, 5).T, networks.items(), strict=True):
        response = np.asarray(network(constant))
        low, high, why = SHARES[name]
        share = checkerboard(response)
        findings.append(Finding(f"{name}: share of a checkerboard", share, high, low, why))
        print(f"{name}: {milliseconds(network, np.repeat(constant, images, axis=0)):.1f} ms for {images} images")
        for panel, picture in zip(axes, (response[0], np.asarray(network(digit))[0]), strict=True):
            brightest = np.abs(picture[..., 0]).max()
            panel.imshow(picture[..., 0], cmap="gray", vmin=-brightest, vmax=brightest)
            panel.set_axis_off()
        axes[0].set_title(f"{name}\n{share:.0%} checkerboard", fontsize=10)
    both = (np.asarray(networks[name](digit)) for name in ("transposed", "polyphase"))
    difference = np.abs(np.subtract(*both)).max()
    findings.append(Finding("largest difference of polyphase and transposed", difference, at_most=1e-5))
    for size, (share, why) in UNIFORM.items():
        uniform = Conv2DTranspose(1, size, 2, "same", kernel_initializer="ones")(constant)
        what = f"transposed, uniform kernel of {size}: share of a checkerboard"
        findings.append(Finding(what, checkerboard(uniform), share + 1e-6, share - 1e-6, why))
    model = keras.Model(inputs, [network(inputs) for network in networks.values()])
    return Outcome(model, findings, {"resampling": figure}, facts={"kernels": "3x3, Glorot's initial weights"})
