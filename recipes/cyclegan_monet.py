"""Photographs as paintings by Monet and back: a CycleGAN at 128x128, on folders of images or by name.

python recipes/cyclegan_monet.py [--x FOLDER --y FOLDER --test-x FOLDER --test-y FOLDER]

The generators are the published ones but for one thing: their last layer sees the image too, whose brightness and
contrast normalisation takes away (`--no-skip`: as published). Without folders the set is `cycle_gan/monet2photo` of
tensorflow-datasets. `cyclegan_seasons` is the same page.
"""

import time
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import callbacks, data, metrics, plots, presets
from keras_gen.metrics import features
from keras_gen.reports import Finding, report


def main(
    x: str = "cycle_gan/monet2photo:trainB",
    y: str = "cycle_gan/monet2photo:trainA",
    test_x: str = "cycle_gan/monet2photo:testB",
    test_y: str = "cycle_gan/monet2photo:testA",
    size: int = 128,
    epochs: int = 40,
    minutes: float = 60.0,
    batch_size: int = 1,
    filters: int = 32,
    blocks: int = 6,
    skip: bool = True,  # else brightness and contrast can only be guessed on the way back
    identity_weight: float = 5.0,  # as published for paintings
    learning_rate: float = 2e-4,
    steps: int = 300,  # of an epoch; 0 for all images
    precision: str = "mixed_bfloat16",  # float32 where the processor has no unit for half precision
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/cyclegan_monet"),
    title: str = "cyclegan_monet",
):
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    pairs = data.unpaired(x, y, size, batch_size, seed=seed, steps=steps or None)
    tests = data.unpaired(test_x, test_y, size, batch_size)
    options = {"filters": filters, "blocks": blocks, "skip": skip, "identity_weight": identity_weight, "width": width}
    model = presets.build("cyclegan", pairs.shapes[0], learning_rate=learning_rate, **options)
    before = model.evaluate(tests, verbose=0, return_dict=True)["cycle"]
    images_x, images_y = (source.rows(np.arange(source.size)).numpy() for source in tests.sources)
    shown = images_x[:6], images_y[:6]
    watchers = [
        callbacks.LinearDecay(learning_rate, epochs // 2, epochs - epochs // 2),
        callbacks.TranslationImages(out / "epochs", *shown, every=max(1, epochs // 20)),
        callbacks.StopAfter(60 * minutes),
    ]
    start = time.perf_counter()
    history = model.fit(pairs, epochs=epochs, callbacks=watchers, verbose=2).history
    seconds = time.perf_counter() - start
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    for name, figure in plots.translations(model, *shown).items():
        figure.savefig(out / f"{name}.png")
    plots.history_curves(history).savefig(out / "history.png")
    after = model.evaluate(tests, verbose=0, return_dict=True)["cycle"]
    # Networks that hand everything through have no cycle error either: what is made must come nearer to the other set
    n = min(len(images_x), len(images_y))
    (mmd,) = metrics.by_name("mmd", images_y, features.identity(), (-1, 1), n)
    untranslated = mmd.score(images_x[:n])
    report(
        title,
        [
            Finding("cycle error of test images, of a range of 2, before", before),
            Finding("the same after", after, at_most=before / 4, reference="a quarter of it"),
            Finding(f"{mmd.name}, test images of x to those of y", untranslated),
            Finding("the same of their translations", mmd.score(model.translate(images_x[:n])), at_most=untranslated),
            Finding("epochs begun", len(history["loss"])),
            Finding("minutes of training", seconds / 60),
        ],
        out,
        dataset=f"{x} and {y}",
        size=size,
        epochs=epochs,
        steps=pairs.batches(),
        batch_size=batch_size,
        learning_rate=learning_rate,
        precision=precision,
        seed=seed,
        **options,
    )


if __name__ == "__main__":
    typer.run(main)
