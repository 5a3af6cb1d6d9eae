"""The deep autoencoder of Hinton and Salakhutdinov (2006), 784-1000-500-250-30, against PCA of as many components.

python recipes/deep_autoencoder_mnist.py
python recipes/deep_autoencoder_mnist.py --activation sigmoid                        # units as published
python recipes/deep_autoencoder_mnist.py --activation sigmoid --pretrain-epochs 20   # and greedy pretraining
"""

import math
import time
from pathlib import Path

import keras
import numpy as np
import typer
from sklearn.decomposition import PCA

from keras_gen import callbacks, data, models, networks, plots
from keras_gen.reports import Finding, report


def main(
    dataset: str = "mnist",
    activation: str = "silu",
    tied: bool = True,
    pretrain_epochs: int = 0,
    epochs: int = 90,
    batch_size: int = 250,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.1,
    seed: int = 0,
    width: float = 1.0,
    out: Path | None = None,
):
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    name = "deep_autoencoder_mnist" + ("" if activation == "silu" else f"-{activation}-{pretrain_epochs}")
    out = out or Path("saved_models") / name
    train, test = data.load(dataset)
    widths = [max(2, round(size * width)) for size in (1000, 500, 250, 30)]
    latent_dim = widths[-1]
    pair = networks.mlp_autoencoder([train.x.shape[1:], *widths], activation, output_activation="sigmoid", tied=tied)
    model = models.Autoencoder(*pair)
    steps = epochs * math.ceil(len(train.x) / batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=weight_decay))
    first = [callbacks.GreedyPretraining(train.x, pretrain_epochs, batch_size, verbose=2)] if pretrain_epochs else []
    history = model.fit(
        train.x, batch_size=batch_size, epochs=epochs, validation_data=test.x, callbacks=first, verbose=2
    )

    x, x_test = (split.x.reshape(len(split.x), -1) for split in (train, test))
    pca = PCA(latent_dim, random_state=seed).fit(x)
    by_pca = pca.inverse_transform(pca.transform(x_test)).reshape(test.x.shape)
    by_model = model.reconstruct(test.x)
    errors = [np.square(test.x - found).sum(axis=(1, 2, 3)).mean() for found in (by_model, by_pca)]
    minutes = (time.perf_counter() - start) / 60

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    rows = {"original": test.x[:10], f"autoencoder, {latent_dim}": by_model[:10], f"PCA, {latent_dim}": by_pca[:10]}
    plots.image_rows(rows).savefig(out / "reconstructions.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    bound, reference = (
        (2.70, "published 3.00 with logistic units") if activation == "silu" else (None, "published 3.00")
    )
    report(
        "deep_autoencoder_mnist",
        [
            Finding("test error", errors[0], at_most=bound, reference=reference),
            Finding("test error of PCA", errors[1], reference="13.866 for 30 components of MNIST"),
            Finding("minutes", minutes, at_most=15),
        ],
        out,
        dataset=dataset,
        error="squared, summed over pixels, mean over test images; pixels in [0, 1]",
        activation=activation,
        tied=tied,
        pretrain_epochs=pretrain_epochs,
        latent_dim=latent_dim,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
