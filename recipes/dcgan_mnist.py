"""A deep convolutional GAN of MNIST, against a VAE that is given the same time.

python recipes/dcgan_mnist.py

Both are measured by the Frechet distance of their samples to the test images, in the features of a classifier of the
same data; what the training images have to the test images is the floor.
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
    dataset: str = "mnist",
    epochs: int = 10,
    batch_size: int = 64,
    filters: int = 16,
    latent_dim: int = 16,
    learning_rate: float = 2e-3,
    ema: float = 0.999,
    samples: int = 10000,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/dcgan_mnist"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset, value_range=RANGE)
    samples = min(samples, len(train.x), len(test.x))
    extractor = features.train_classifier(train.x, train.y, value_range=RANGE)
    measures = metrics.by_name("frechet,precision,recall", test.x, extractor, RANGE, samples)
    # Fewer latents than the published 100, and a generator that learns faster than its judge, for so few epochs
    options = {"latent_dim": latent_dim, "latent": "normal", "filters": filters, "ema": ema, "width": width}
    model = presets.build("dcgan", train.x.shape[1:], **options)
    rates = {"discriminator": learning_rate / 4, "generator": learning_rate}
    model.compile({player: keras.optimizers.Adam(rate, beta_1=0.5) for player, rate in rates.items()})
    start = time.perf_counter()
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, verbose=2)
    seconds = time.perf_counter() - start

    vae = presets.build("vae", train.x.shape[1:], latent_dim=20, units=(500, 300), width=width)
    vae.fit(
        (train.x + 1) / 2, batch_size=batch_size, epochs=10_000, verbose=2, callbacks=[callbacks.StopAfter(seconds)]
    )

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    drawn = {"DCGAN": model.sample(samples, seed=seed), "VAE": 2 * vae.sample(samples, seed=seed) - 1}
    rows = {"test": test.x[:12], "DCGAN": drawn["DCGAN"][:12], "VAE": drawn["VAE"][:12]}
    plots.image_grid(drawn["DCGAN"][:64], value_range=RANGE, title="samples").savefig(out / "samples.png")
    plots.image_rows(rows, value_range=RANGE).savefig(out / "comparison.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    frechet, *others = measures
    floor, distance, of_vae = (
        frechet.real_data_baseline(train.x),
        frechet.score(drawn["DCGAN"]),
        frechet.score(drawn["VAE"]),
    )
    report(
        "dcgan_mnist",
        [
            Finding(frechet.name, distance, at_most=of_vae, reference="a VAE of equal time"),
            Finding("the same of training images, the floor", floor),
            Finding("ratio to the floor", distance / floor),
            *(Finding(measure.name, measure.score(drawn["DCGAN"])) for measure in others),
            *(Finding(f"{measure.name} of the VAE", measure.score(drawn["VAE"])) for measure in others),
            Finding("minutes of training, each", seconds / 60),
        ],
        out,
        dataset=dataset,
        epochs=epochs,
        batch_size=batch_size,
        filters=filters,
        latent_dim=latent_dim,
        learning_rate=rates,
        ema=ema,
        samples=samples,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
