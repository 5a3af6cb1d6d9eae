"""The deep convolutional GAN of 64x64 colour images, of a folder of images.

python recipes/dcgan_64.py FOLDER

The images must have one size, a multiple of 64, and be square: they are averaged down to 64x64. By default all layers
have half of the published channels, for four times as many steps in the time; `--filters 64` are the published ones.
"""

import time
from pathlib import Path

import keras
import typer
from keras import ops

from keras_gen import callbacks, data, metrics, plots, presets
from keras_gen.metrics import features
from keras_gen.reports import Finding, report

RANGE = (-1, 1)


def main(
    dataset: str,
    epochs: int = 1000,
    minutes: float = 60.0,
    batch_size: int = 64,
    filters: int = 32,
    side: int = 64,
    ema: float = 0.999,
    precision: str = "mixed_bfloat16",  # float32 where the processor has no unit for half precision
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/dcgan_64"),
):
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    train, test = (_averaged(split.x, side) for split in data.load(dataset, value_range=RANGE))
    # Without labels there is no classifier to be had: kernel distance in pixels, unbiased for however few images
    n = min(len(train), len(test), 1000)
    (kernel,) = metrics.by_name("kernel", test, features.identity(), RANGE, n)
    model = presets.build("dcgan", train.shape[1:], filters=filters, ema=ema, width=width)
    recorder = [callbacks.SampleImages(out / "epochs", max(1, epochs // 20)), callbacks.StopAfter(60 * minutes)]
    start = time.perf_counter()
    history = model.fit(train, batch_size=batch_size, epochs=epochs, verbose=2, callbacks=recorder)
    seconds = time.perf_counter() - start
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    drawn = model.sample(max(n, 64), seed=seed)
    plots.image_grid(drawn[:64], value_range=RANGE, title="samples").savefig(out / "samples.png")
    plots.image_grid(test[:64], value_range=RANGE, title="test images").savefig(out / "test_images.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    report(
        "dcgan_64",
        [
            Finding(kernel.name, kernel.score(drawn[:n])),
            Finding("the same of training images", kernel.real_data_baseline(train)),
            Finding("weights of the generator", model.generator.count_params()),
            Finding("epochs begun", len(history.epoch)),
            Finding("minutes of training", seconds / 60),
        ],
        out,
        dataset=dataset,
        epochs=epochs,
        batch_size=batch_size,
        filters=filters,
        ema=ema,
        precision=precision,
        seed=seed,
    )


def _averaged(x, side):
    """Square images, each `factor` times `factor` pixels made one."""
    factor = x.shape[1] // side
    if x.shape[1] != x.shape[2] or factor * side != x.shape[1]:
        raise ValueError(f"Expected: square images of a multiple of {side} pixels. Received: {x.shape[1:3]}")
    return ops.convert_to_numpy(ops.average_pool(x, factor, factor)) if factor > 1 else x


if __name__ == "__main__":
    typer.run(main)
