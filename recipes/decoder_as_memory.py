"""A decoder alone is a memory: of one image, of several, of a class; and decoders exchanged between two sets.

python recipes/decoder_as_memory.py    # the other set: scikit-learn's digits; --other fashion_mnist for clothes
"""

from pathlib import Path

import keras
import numpy as np
import typer
from scipy.ndimage import zoom

from keras_gen import data, networks, plots, presets
from keras_gen.reports import Finding, report


def remembered(codes, images, width, epochs, batch_size):
    """What a decoder trained by plain Keras from codes to images gives for the codes."""
    units = tuple(max(8, round(size * width)) for size in (100, 400))
    decoder = networks.mlp_decoder(codes.shape[1], units, images.shape[1:])
    decoder.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    decoder.fit(codes, images, batch_size=batch_size, epochs=epochs, verbose=0)
    return keras.ops.convert_to_numpy(keras.ops.sigmoid(decoder.predict(codes, verbose=0)))


def resized(split, shape):
    """The images of a set in the size of another's."""
    factors = [1, *(new / old for new, old in zip(shape, split.x.shape[1:], strict=True))]
    return np.clip(zoom(split.x, factors, order=1), 0, 1)


def main(
    dataset: str = "mnist",
    other: str = "digits",
    several: int = 8,
    epochs: int = 20,
    memory_epochs: int = 300,
    batch_size: int = 100,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/decoder_as_memory"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    x_other, x_other_test = (resized(split, train.x.shape[1:]) for split in data.load(other))
    x, y = train.x[:several], train.y[:several]
    memory = {"width": width, "epochs": memory_epochs, "batch_size": batch_size}
    one = remembered(np.ones((1, 10), "float32"), x[:1], **memory)
    few = remembered(np.eye(several, dtype="float32"), x, **memory)
    some, labels = train.x[:2000], train.y[:2000]
    by_label = remembered(
        np.eye(10, dtype="float32")[labels], some, **{**memory, "epochs": max(1, memory_epochs // 10)}
    )
    means = np.stack([some[labels == label].mean(axis=0) for label in y])
    of_label = by_label[:several]

    options = {"latent_dim": 16, "width": width, "reconstruction": "bernoulli"}
    mine, theirs = (presets.build("autoencoder", train.x.shape[1:], **options) for _ in range(2))
    for model, images in ((mine, train.x), (theirs, x_other)):
        model.fit(images, batch_size=batch_size, epochs=epochs, verbose=2)
    shown, shown_other = test.x[:several], x_other_test[:several]
    real = mine.reconstruct(shown)

    out.mkdir(parents=True, exist_ok=True)
    mine.save(out / "model.keras")
    plots.image_rows({"one image": x[:1], "from ones": one}).savefig(out / "one_image.png")
    plots.image_rows({"images": x, "from one-hot codes": few}).savefig(out / "several_images.png")
    plots.image_rows({"mean of the class": means, "from its label": of_label}).savefig(out / "labels.png")
    plots.image_rows({"images": shown, "from real codes": real}).savefig(out / "real_codes.png")
    exchanged = {
        f"{dataset}": shown,
        f"{dataset} codes, {other} decoder": theirs.decode(mine.encode(shown)),
        f"{other}": shown_other,
        f"{other} codes, {dataset} decoder": mine.decode(theirs.encode(shown_other)),
    }
    plots.image_rows(exchanged).savefig(out / "exchanged.png")
    errors = [np.square(a - b).mean() for a, b in ((x[:1], one), (x, few), (means, of_label), (shown, real))]
    report(
        "decoder_as_memory",
        [
            Finding("mean squared error, one image from ones", errors[0], at_most=1e-3),
            Finding("mean squared error, several images from one-hot codes", errors[1], at_most=1e-3),
            Finding("mean squared error, a label's image against its class's mean", errors[2], at_most=1e-2),
            Finding("mean squared error, test images from real codes", errors[3]),
        ],
        out,
        dataset=dataset,
        other=other,
        epochs=epochs,
        memory_epochs=memory_epochs,
        batch_size=batch_size,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
