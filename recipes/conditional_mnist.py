"""A conditional GAN of MNIST: digits of the class that is asked for, confirmed by a classifier that never saw them.

python recipes/conditional_mnist.py
"""

import time
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import callbacks, data, metrics, plots, presets
from keras_gen.metrics import features
from keras_gen.reports import Finding, report

RANGE = (-1, 1)


def main(
    dataset: str = "mnist",
    epochs: int = 10,
    batch_size: int = 64,
    filters: int = 16,
    ema: float = 0.999,
    samples: int = 10000,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/conditional_mnist"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset, value_range=RANGE)
    samples = min(samples, len(train.x), len(test.x))
    classes = int(train.y.max()) + 1
    judge = features.train_classifier(train.x, train.y, value_range=RANGE)
    wrong = 100 * np.mean(judge.probabilities(judge(test.x, RANGE)).argmax(axis=1) != test.y)
    model = presets.build(
        "conditional-gan", train.x.shape[1:], num_classes=classes, filters=filters, ema=ema, width=width
    )
    start = time.perf_counter()
    history = model.fit(train.x, train.y, batch_size=batch_size, epochs=epochs, verbose=2)
    seconds = time.perf_counter() - start

    vae = presets.build("vae", train.x.shape[1:], latent_dim=20, units=(500, 300), width=width)
    vae.fit(
        (train.x + 1) / 2, batch_size=batch_size, epochs=10_000, verbose=2, callbacks=[callbacks.StopAfter(seconds)]
    )

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    shown = np.repeat(np.arange(classes), 10)
    grid = model.sample(len(shown), seed=seed, labels=shown)
    plots.image_grid(grid, 10, RANGE, title="ten samples of each class, a class a row").savefig(out / "samples.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    labels = np.arange(samples) % classes
    drawn = model.sample(samples, seed=seed + 1, labels=labels)
    confirmed = 100 * np.mean(judge.probabilities(judge(drawn, RANGE)).argmax(axis=1) == labels)
    (frechet,) = metrics.by_name("frechet", test.x, judge, RANGE, samples)
    floor, distance = frechet.real_data_baseline(train.x), frechet.score(drawn)
    report(
        "conditional_mnist",
        [
            Finding("error of the independent classifier, %", wrong, at_most=1.0),
            Finding("samples whose class it confirms, %", confirmed, at_least=97.0),
            Finding(
                frechet.name,
                distance,
                at_most=frechet.score(2 * vae.sample(samples, seed=seed) - 1),
                reference="a VAE of equal time",
            ),
            Finding("the same of training images, the floor", floor),
            Finding("ratio to the floor", distance / floor),
            Finding("minutes of training, each", seconds / 60),
        ],
        out,
        dataset=dataset,
        epochs=epochs,
        batch_size=batch_size,
        filters=filters,
        ema=ema,
        samples=samples,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
