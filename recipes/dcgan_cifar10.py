"""A deep convolutional GAN of 32x32 colour images.

python recipes/dcgan_cifar10.py [--dataset FOLDER]

The Frechet distance is taken in the features of a classifier of the same images: it compares with other runs of this
recipe, not with published distances, which are InceptionV3's (`--features inception_v3`, where its weights can be had).
"""

import time
from pathlib import Path

import keras
import typer

from keras_gen import callbacks, data, metrics, plots, presets
from keras_gen.metrics import features
from keras_gen.reports import Finding, report

RANGE = (-1, 1)


def main(
    dataset: str = "cifar10",
    epochs: int = 40,
    minutes: float = 60.0,
    batch_size: int = 64,
    filters: int = 32,
    ema: float = 0.999,
    features_of: str = "lenet5",
    samples: int = 10000,
    precision: str = "mixed_bfloat16",  # float32 where the processor has no unit for half precision
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/dcgan_cifar10"),
):
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(precision)
    train, test = data.load(dataset, value_range=RANGE)
    samples = min(samples, len(train.x), len(test.x))
    extractor = (
        features.train_classifier(train.x, train.y, value_range=RANGE)
        if features_of == "lenet5"
        else features.inception_v3()
    )
    measures = metrics.by_name("frechet,precision,recall", test.x, extractor, RANGE, samples)
    model = presets.build("dcgan", train.x.shape[1:], filters=filters, ema=ema, width=width)
    start = time.perf_counter()
    history = model.fit(
        train.x,
        batch_size=batch_size,
        epochs=epochs,
        verbose=2,
        callbacks=[
            callbacks.SampleImages(out / "epochs", every=max(1, epochs // 10)),
            callbacks.StopAfter(60 * minutes),
        ],
    )
    seconds = time.perf_counter() - start
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    drawn = model.sample(samples, seed=seed)
    plots.image_grid(drawn[:64], value_range=RANGE, title="samples").savefig(out / "samples.png")
    plots.image_grid(test.x[:: max(1, len(test.x) // 64)][:64], value_range=RANGE, title="test images").savefig(
        out / "test_images.png"
    )
    plots.history_curves(history.history).savefig(out / "history.png")
    floor = measures[0].real_data_baseline(train.x)
    report(
        "dcgan_cifar10",
        [
            *(Finding(measure.name, measure.score(drawn)) for measure in measures),
            Finding("Frechet distance of training images, the floor", floor),
            Finding("ratio to the floor", measures[0].score(drawn) / floor),
            Finding("epochs begun", len(history.epoch)),
            Finding("minutes of training", seconds / 60),
        ],
        out,
        dataset=dataset,
        epochs=epochs,
        batch_size=batch_size,
        filters=filters,
        ema=ema,
        samples=samples,
        precision=precision,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
