"""Pairs of images: grey digits and coloured ones, whose colour is that of the class, or edges and photographs.

python recipes/pix2pix_edges.py                         # digits, whose colours are known
python recipes/pix2pix_edges.py --photographs FOLDER --test-photographs FOLDER --size 64

The edges are the length of the gradient, by Sobel filters. The mean absolute error of test images is compared with that
of the input itself and of the mean training image.

Args:
    photographs: A folder of photographs, or a tensorflow-datasets set and its split; none: coloured digits of --data.
    test_photographs: Test photographs, in the same forms.
    size: Side in pixels that images are resized to, a power of two.
    images: Training images of digits.
    reconstruction_weight: Weight of the mean absolute error.
"""

import keras
import numpy as np
from keras import ops
from matplotlib import colormaps

from keras_gen import callbacks, layers, models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load, paired
from keras_gen.data.image_sources import image_source
from keras_gen.presets.registry import scaled

_GREYS = np.array([0.299, 0.587, 0.114], "float32")  # of red, green and blue


def edges(images):
    """The gradient's length in photographs `(n, height, width, 3)` in [-1, 1], as images `(n, height, width, 1)`."""
    grey = ops.convert_to_tensor((images @ _GREYS)[..., None])
    x, y = (layers.FixedFilter2D(name, padding="same")(grey) for name in ("sobel_left", "sobel_top"))
    return np.clip(ops.convert_to_numpy(ops.sqrt(ops.square(x) + ops.square(y))) / 2 - 1, -1, 1)


def coloured(images, labels):
    """Digits in [-1, 1] in the colour of their class: `(n, height, width, 3)`."""
    palette = colormaps["tab10"](np.arange(10))[:, :3].astype("float32")
    return (1 + images) * palette[labels % 10][:, None, None] - 1


@recipe
def main(
    data="mnist", photographs="", test_photographs="", size=32, images=10000, epochs=8, batch_size=16, filters=24,
    learning_rate=5e-4, reconstruction_weight=100.0, seed=0, width=1.0,
):  # fmt: skip
    if photographs:
        if not test_photographs:
            raise ValueError("--test-photographs must be given with --photographs. Received: none")
        sources = (image_source("photographs", one, size, 3) for one in (photographs, test_photographs))
        y, y_test = (source.rows(np.arange(source.size)).numpy() for source in sources)
        x, x_test = edges(y), edges(y_test)
    else:
        train, test = load(data, value_range=(-1, 1), size=size)
        x, x_test = train.x[:images], test.x
        y, y_test = coloured(x, train.y[:images]), coloured(x_test, test.y)
    filters = scaled("filters", filters, width)
    generator = networks.unet_generator((size, size, 1), 3, filters)
    discriminator = networks.patchgan_discriminator((size, size, 3), filters, 2, condition_channels=1)
    model = models.Pix2Pix(generator, discriminator, reconstruction_weight=reconstruction_weight)
    model.compile(keras.optimizers.Adam(learning_rate, 0.5))
    pairs = paired(x, y, batch_size=batch_size, augment=bool(photographs), seed=seed)
    decay = callbacks.LinearDecay(learning_rate, epochs // 2, epochs - epochs // 2)
    with Timer() as timer:
        history = model.fit(pairs, epochs=epochs, callbacks=[decay], verbose=2)
    made = model.translate(x_test)

    def error(images):
        return float(np.mean(np.abs(images - y_test)))

    baselines = {"the input itself": error(x_test), "the mean training image": error(y.mean(axis=0))}
    bound = min(baselines.values()) / 2
    findings = [
        Finding("mean absolute error of test images, of a range of 2", error(made), at_most=bound,
                reference="half of the better baseline"),
        *(Finding(f"the same of {name}", value) for name, value in baselines.items()),
        Finding("minutes of training", timer.minutes),
    ]  # fmt: skip
    rows = {"x": np.repeat(x_test[:8], 3, axis=-1), "G(x)": made[:8], "y": y_test[:8]}
    return Outcome(model, findings, {"translations": plots.image_rows(rows, (-1, 1))}, history.history)
