"""A Wasserstein GAN with gradient penalty of MNIST, or of any other set of small images, against a VAE of equal time.

python recipes/wgan_gp_mnist.py [--dataset fashion_mnist]
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
    epochs: int = 30,
    batch_size: int = 64,
    filters: int = 16,
    latent_dim: int = 16,
    learning_rate: float = 5e-4,
    n_critic: int = 5,
    ema: float = 0.999,
    samples: int = 10000,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/wgan_gp_mnist"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset, value_range=RANGE)
    samples = min(samples, len(train.x), len(test.x))
    extractor = features.train_classifier(train.x, train.y, value_range=RANGE)
    (frechet,) = metrics.by_name("frechet", test.x, extractor, RANGE, samples)
    options = {"filters": filters, "latent_dim": latent_dim, "learning_rate": learning_rate, "ema": ema, "width": width}
    model = presets.build("wgan-gp", train.x.shape[1:], n_critic=n_critic, **options)
    start = time.perf_counter()
    # A step takes n_critic batches of one move
    history = model.fit(train.x, batch_size=n_critic * batch_size, epochs=epochs, validation_data=test.x, verbose=2)
    seconds = time.perf_counter() - start

    vae = presets.build("vae", train.x.shape[1:], latent_dim=20, units=(500, 300), width=width)
    vae.fit(
        (train.x + 1) / 2, batch_size=batch_size, epochs=10_000, verbose=2, callbacks=[callbacks.StopAfter(seconds)]
    )

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    drawn = model.sample(samples, seed=seed)
    plots.image_grid(drawn[:64], value_range=RANGE, title="samples").savefig(out / "samples.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    floor, distance = frechet.real_data_baseline(train.x), frechet.score(drawn)
    of_vae = frechet.score(2 * vae.sample(samples, seed=seed) - 1)
    report(
        "wgan_gp_mnist",
        [
            Finding(frechet.name, distance, at_most=of_vae, reference="a VAE of equal time"),
            Finding("the same of training images, the floor", floor),
            Finding("ratio to the floor", distance / floor),
            Finding("Wasserstein estimate on test images at the end", history.history["val_wasserstein"][-1]),
            Finding("minutes of training, each", seconds / 60),
        ],
        out,
        dataset=dataset,
        epochs=epochs,
        batch_size=batch_size,
        filters=filters,
        latent_dim=latent_dim,
        learning_rate=learning_rate,
        n_critic=n_critic,
        ema=ema,
        samples=samples,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
