"""A GAN of scikit-learn's 8x8 digits, measured in a classifier's features: seconds, and no network.

python recipes/gan_digits.py
"""

import time
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import data, metrics, plots, presets
from keras_gen.metrics import features
from keras_gen.reports import Finding, report


def normal_images(x, n, seed):
    """Images that have no more than the pixels' means and covariances of `x`: what any generator should do better."""
    flat = x.reshape(len(x), -1)
    drawn = np.random.default_rng(seed).multivariate_normal(flat.mean(axis=0), np.cov(flat.T), size=n)
    return np.clip(drawn, -1, 1).reshape(n, *x.shape[1:]).astype("float32")


def main(
    dataset: str = "digits",
    adversarial_loss: str = "hinge",
    latent_dim: int = 16,
    learning_rate: float = 1e-3,
    epochs: int = 200,
    batch_size: int = 64,
    ema: float = 0.99,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/gan_digits"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset, value_range=(-1, 1))
    options = {"latent_dim": latent_dim, "learning_rate": learning_rate, "adversarial_loss": adversarial_loss}
    gan = presets.build("gan", train.x.shape[1:], width=width, ema=ema, **options)
    start = time.perf_counter()
    history = gan.fit(train.x, batch_size=batch_size, epochs=epochs, verbose=2)
    seconds = time.perf_counter() - start

    n = min(len(train.x), len(test.x))  # equally many of each: the distance is biased, the more so the fewer there are
    lenet5 = features.train_classifier(train.x, train.y, value_range=(-1, 1))
    measures = metrics.by_name("frechet,precision,recall", test.x, lenet5, value_range=(-1, 1), n=n)
    found = {}
    for source, images in {
        "training images": train.x[np.random.default_rng(seed).permutation(len(train.x))[:n]],
        "samples": gan.sample(n, seed=seed),
        "normal images": normal_images(train.x, n, seed),
    }.items():
        for metric in measures:
            found[source, metric.label] = metric.score(images)

    out.mkdir(parents=True, exist_ok=True)
    gan.save(out / "model.keras")
    plots.image_grid(gan.sample(64, seed=seed), value_range=(-1, 1), title="samples").savefig(out / "samples.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    bounds = {
        "frechet": {"at_most": found["normal images", "frechet"] / 2, "reference": "half of that of normal images"},
        "precision": {"at_least": found["normal images", "precision"], "reference": "that of normal images"},
        "recall": {"at_least": found["normal images", "recall"], "reference": "that of normal images"},
    }
    report(
        "gan_digits",
        [
            Finding(f"{metric} of {source}", value, **(bounds[metric] if source == "samples" else {}))
            for (source, metric), value in found.items()
        ]
        + [Finding("seconds of training", seconds)],
        out,
        dataset=dataset,
        **options,
        metrics=[metric.name for metric in measures],
        epochs=epochs,
        batch_size=batch_size,
        ema=ema,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
