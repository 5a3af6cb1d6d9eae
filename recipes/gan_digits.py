"""A GAN of scikit-learn's 8x8 digits, measured in a classifier's features: seconds, and no download.

Args:
    adversarial_loss: Name of the loss, as in `models.GAN`.
"""

import numpy as np

from keras_gen import plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.runs.baselines import sample_metrics


def gaussian_images(x, n, seed):
    """Images from a normal distribution with the means and covariances of the pixels of `x`."""
    flat = x.reshape(len(x), -1)
    drawn = np.random.default_rng(seed).multivariate_normal(flat.mean(axis=0), np.cov(flat.T), size=n)
    return np.clip(drawn, -1, 1).reshape(n, *x.shape[1:]).astype("float32")


@recipe
def main(
    data="digits", adversarial_loss="hinge", latent_dim=16, learning_rate=1e-3, epochs=200, batch_size=64, ema=0.99,
    seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data, value_range=(-1, 1))
    options = {"latent_dim": latent_dim, "learning_rate": learning_rate, "adversarial_loss": adversarial_loss}
    gan = presets.build("gan", train.x.shape[1:], width=width, ema=ema, **options)
    with Timer() as timer:
        history = gan.fit(train.x, batch_size=batch_size, epochs=epochs, verbose=2)

    measures = sample_metrics("frechet,precision,recall", train, test, len(test.x))
    n = measures[0].n  # as many of each kind: the Frechet distance is biased, more so for fewer images
    sources = {
        "training images": train.x[np.random.default_rng(seed).permutation(len(train.x))[:n]],
        "samples": gan.sample(n, seed=seed),
        "Gaussian images": gaussian_images(train.x, n, seed),
    }
    found = {(metric.label, name): metric.score(x) for name, x in sources.items() for metric in measures}
    bounds = {
        "frechet": {"at_most": found["frechet", "Gaussian images"] / 2, "reference": "half of that of Gaussian images"},
        "precision": {"at_least": found["precision", "Gaussian images"], "reference": "that of Gaussian images"},
        "recall": {"at_least": found["recall", "Gaussian images"], "reference": "that of Gaussian images"},
    }
    findings = [
        *(
            Finding(f"{metric} of {source}", value, **(bounds[metric] if source == "samples" else {}))
            for (metric, source), value in found.items()
        ),
        Finding("seconds of training", timer.seconds),
    ]
    figures = {"samples": plots.image_grid(gan.sample(64, seed=seed), value_range=(-1, 1), title="samples")}
    return Outcome(gan, findings, figures, history.history, facts={"metrics": [metric.name for metric in measures]})
