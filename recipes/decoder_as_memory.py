"""A decoder alone is a memory: of one image, of several, of a class. Two sets also exchange decoders.

python recipes/decoder_as_memory.py    # the other set: scikit-learn's digits; --other fashion_mnist for clothes

Args:
    other: Images of the second autoencoder, as for --data.
    several: Number of images that one decoder remembers.
    memory_epochs: Epochs of the decoders without an encoder; a tenth of them for the one from labels.
"""

from pathlib import Path

import keras
import numpy as np
from scipy.ndimage import zoom

from keras_gen import networks, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, recipe
from keras_gen.data import load
from keras_gen.presets.registry import scaled


def remembered(codes, images, width, epochs, batch_size):
    """What a decoder returns for its codes after plain Keras has trained it from codes to images."""
    decoder = networks.mlp_decoder(codes.shape[1], scaled("units", (100, 400), width, 8), images.shape[1:])
    decoder.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    decoder.fit(codes, images, batch_size=batch_size, epochs=epochs, verbose=0)
    return keras.ops.convert_to_numpy(keras.ops.sigmoid(decoder.predict(codes, verbose=0)))


def resized(split, shape):
    """The images of a set, resized to a shape."""
    factors = [1, *(new / old for new, old in zip(shape, split.x.shape[1:], strict=True))]
    return np.clip(zoom(split.x, factors, order=1), 0, 1)


@recipe
def main(data="mnist", other="digits", several=8, epochs=20, memory_epochs=300, batch_size=100, width=1.0):
    train, test = load(data)
    x_other, x_other_test = (resized(split, train.x.shape[1:]) for split in load(other))
    x, y, some, labels = train.x[:several], train.y[:several], train.x[:2000], train.y[:2000]
    one = remembered(np.ones((1, 10), "float32"), x[:1], width, memory_epochs, batch_size)
    few = remembered(np.eye(several, dtype="float32"), x, width, memory_epochs, batch_size)
    codes = np.eye(10, dtype="float32")[labels]
    of_label = remembered(codes, some, width, max(1, memory_epochs // 10), batch_size)[:several]
    means = np.stack([some[labels == label].mean(axis=0) for label in y])

    options = {"latent_dim": 16, "width": width, "reconstruction": "bernoulli"}
    mine, theirs = (presets.build("autoencoder", train.x.shape[1:], **options) for _ in range(2))
    for model, images in ((mine, train.x), (theirs, x_other)):
        model.fit(images, batch_size=batch_size, epochs=epochs, verbose=2)
    shown, shown_other = test.x[:several], x_other_test[:several]
    real = mine.reconstruct(shown)
    a, b = Path(data).stem, Path(other).stem
    b = f"other {b}" if a == b else b  # each row of the picture has its own name
    exchanged = {
        a: shown,
        f"{a} codes, {b} decoder": theirs.decode(mine.encode(shown)),
        b: shown_other,
        f"{b} codes, {a} decoder": mine.decode(theirs.encode(shown_other)),
    }
    rows = {
        "one_image": {"one image": x[:1], "from ones": one},
        "several_images": {"images": x, "from one-hot codes": few},
        "labels": {"mean of the class": means, "from its label": of_label},
        "real_codes": {"images": shown, "from real codes": real},
        "exchanged": exchanged,
    }
    errors = [np.square(a - b).mean() for a, b in ((x[:1], one), (x, few), (means, of_label), (shown, real))]
    findings = [
        Finding("mean squared error, one image from ones", errors[0], at_most=1e-3),
        Finding("mean squared error, several images from one-hot codes", errors[1], at_most=1e-3),
        Finding("mean squared error, a label's image against its class's mean", errors[2], at_most=1e-2),
        Finding("mean squared error, test images from real codes", errors[3]),
    ]
    return Outcome(mine, findings, {name: plots.image_rows(images) for name, images in rows.items()})
