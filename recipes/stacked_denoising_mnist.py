"""A stacked denoising autoencoder, [784]-[1000]-[400]-[20]-[400]-[1000]-[784], tied, with and without pretraining.

python recipes/stacked_denoising_mnist.py
"""

import time
from pathlib import Path

import keras
import numpy as np
import typer

from keras_gen import callbacks, data, plots, presets
from keras_gen.reports import Finding, report


def main(
    dataset: str = "mnist",
    epochs: int = 50,
    pretrain_epochs: int = 50,
    batch_size: int = 500,
    noise: float = 0.2,
    learning_rate: float = 1e-3,
    precision: str = "mixed_bfloat16",  # float32 where the processor has no unit for half precision
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/stacked_denoising_mnist"),
):
    keras.config.set_dtype_policy(precision)
    train, test = data.load(dataset)
    out.mkdir(parents=True, exist_ok=True)
    four = test.x[:4]
    rows, errors, minutes = {"input": four}, {}, {}
    for name, pretrained in (("without pretraining", False), ("with pretraining", True)):
        start = time.perf_counter()
        keras.utils.set_random_seed(seed)
        model = presets.build("stacked", train.x.shape[1:], width=width, noise=noise, learning_rate=learning_rate)
        first = callbacks.GreedyPretraining(train.x, pretrain_epochs, batch_size, learning_rate, noise, verbose=2)
        history = model.fit(
            train.x,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=test.x,
            callbacks=[first] if pretrained else [],
            verbose=2,
        )
        minutes[name] = (time.perf_counter() - start) / 60
        found = model.reconstruct(test.x)
        errors[name] = np.square(test.x - found).sum(axis=(1, 2, 3)).mean()
        rows[name] = found[:4]

    model.save(out / "model.keras")
    plots.image_rows(rows).savefig(out / "reconstructions.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    layers = {f"layer {number}": one["loss"] for number, one in enumerate(first.histories, start=1)}
    plots.history_curves(layers, title="pretraining").savefig(out / "pretraining.png")
    report(
        "stacked_denoising_mnist",
        [
            *(Finding(f"test error {name}", error) for name, error in errors.items()),
            Finding("minutes with pretraining", minutes["with pretraining"], at_most=5),
            Finding("minutes without", minutes["without pretraining"]),
        ],
        out,
        dataset=dataset,
        error="squared, summed over pixels, mean over test images; pixels in [0, 1]",
        epochs=epochs,
        pretrain_epochs=pretrain_epochs,
        batch_size=batch_size,
        noise=noise,
        learning_rate=learning_rate,
        precision=precision,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
