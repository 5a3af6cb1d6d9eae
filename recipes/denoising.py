"""A denoising autoencoder: noisy digits, what it makes of them, and the clean ones.

python recipes/denoising.py
"""

from pathlib import Path

import keras
import numpy as np
import typer
from keras import ops

from keras_gen import data, layers, plots, presets
from keras_gen.reports import Finding, report


def main(
    dataset: str = "mnist",
    noise: float = 0.3,
    epochs: int = 30,
    batch_size: int = 100,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/denoising"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    model = presets.build(
        "autoencoder",
        train.x.shape[1:],
        latent_dim=50,
        units=(500, 200),
        noise=noise,
        noise_kind="salt_and_pepper",
        reconstruction="bernoulli",
        width=width,
    )
    history = model.fit(train.x, batch_size=batch_size, epochs=epochs, validation_data=test.x, verbose=2)

    noisy = ops.convert_to_numpy(layers.SaltAndPepperNoise(noise, seed=seed)(test.x, training=True))
    denoised = model.reconstruct(noisy)
    before, after = (np.square(test.x - images).sum(axis=(1, 2, 3)).mean() for images in (noisy, denoised))

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    rows = {"noisy": noisy[:10], "denoised": denoised[:10], "clean": test.x[:10]}
    plots.image_rows(rows).savefig(out / "denoised.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    report(
        "denoising",
        [
            Finding("squared error of the noisy test images", before),
            Finding("squared error of the denoised ones", after, at_most=before / 5, reference="a fifth of the noise"),
        ],
        out,
        dataset=dataset,
        noise=f"salt and pepper, {noise}",
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
