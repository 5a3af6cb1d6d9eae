"""Test likelihood of a VAE on binarised MNIST, in the setting of Burda et al. (2016): two layers of 200, 50 latents.

python recipes/vae_nll.py                            # 300 epochs, under ten minutes on two cores
python recipes/vae_nll.py --epochs 1000              # the full run, within the hour
python recipes/vae_nll.py --importance-samples 5     # the importance-weighted bound

Published are tanh units after 3,280 epochs of 3,000 steps each. Here SiLU units (`--activation tanh` for the original),
Adam with a cosine schedule and 600 steps an epoch.
"""

import time
from pathlib import Path

import keras
import typer

from keras_gen import data, metrics, plots, presets
from keras_gen.reports import Finding, report

PUBLISHED = {1: 86.76, 5: 85.54, 50: 84.78}  # nats; Burda et al., table 1, one stochastic layer


def main(
    dataset: str = "mnist",
    importance_samples: int = 1,
    epochs: int = 300,
    batch_size: int = 100,
    learning_rate: float = 3e-3,
    activation: str = "silu",
    nll_samples: int = 5000,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/vae_nll"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    batches = data.Pipeline(train.x, batch_size=batch_size, seed=seed, binarization="dynamic", drop_remainder=True)
    binary_test = data.binarize(test.x, seed=seed)
    model = presets.build(
        "burda-vae", train.x.shape[1:], importance_samples=importance_samples, width=width, activation=activation
    )
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate, epochs * batches.batches(training=True), alpha=0.01
    )
    model.compile(keras.optimizers.Adam(schedule))

    start = time.perf_counter()
    history = model.fit(batches, epochs=epochs, verbose=2)
    training_seconds = time.perf_counter() - start
    nll, error = metrics.negative_log_likelihood(model, binary_test, samples=nll_samples)

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    plots.image_grid(model.sample(64, seed=seed)).savefig(out / "samples.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    bound = (88.0 if epochs < 1000 else 86.76) if importance_samples == 1 else None
    published = f"published {PUBLISHED.get(importance_samples, 'nothing')} after 3,280 epochs"
    report(
        "vae_nll",
        [
            Finding(f"test NLL, nats, {nll_samples} samples", nll, at_most=bound, reference=published),
            Finding("its standard error over the test set", error),
            Finding("training, minutes", training_seconds / 60),
            Finding("training and evaluation, minutes", (time.perf_counter() - start) / 60, at_most=60),
        ],
        out,
        dataset=dataset,
        binarisation="dynamic in training, the test set drawn once",
        importance_samples=importance_samples,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        activation=activation,
        seed=seed,
    )
    return nll


if __name__ == "__main__":
    typer.run(main)
