"""A linear autoencoder finds what principal component analysis finds: the same error, the same subspace.

python recipes/linear_autoencoder_is_pca.py
"""

import math
from pathlib import Path

import keras
import numpy as np
import typer
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from keras_gen import data, models, networks, plots
from keras_gen.reports import Finding, report


def main(
    dataset: str = "mnist",
    latent_dim: int = 30,
    epochs: int = 60,
    batch_size: int = 200,
    learning_rate: float = 3e-3,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/linear_autoencoder_is_pca"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    x, x_test = (split.x.reshape(len(split.x), -1) for split in (train, test))
    mean = x.mean(axis=0)
    latent_dim = max(2, round(latent_dim * width))
    model = models.Autoencoder(*networks.mlp_autoencoder([x.shape[1], latent_dim]))
    steps = epochs * math.ceil(len(x) / batch_size)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps)))
    history = model.fit(x - mean, batch_size=batch_size, epochs=epochs, validation_data=x_test - mean, verbose=2)

    pca = PCA(latent_dim, random_state=seed).fit(x)
    by_pca = pca.inverse_transform(pca.transform(x_test))
    by_model = model.reconstruct(x_test - mean) + mean
    errors = {name: np.square(x_test - found).sum(axis=1).mean() for name, found in (("PCA", by_pca), ("AE", by_model))}
    plane = model.decoder.get_weights()[0].T  # (pixels, latent_dim)
    angle = np.degrees(subspace_angles(plane, pca.components_.T)[0])

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    shown = {"input": x_test[:10], "PCA": by_pca[:10], "linear autoencoder": by_model[:10]}
    pictures = {name: images.reshape(-1, *test.x.shape[1:]) for name, images in shown.items()}
    plots.image_rows(pictures).savefig(out / "reconstructions.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    report(
        "linear_autoencoder_is_pca",
        [
            Finding("test error of PCA", errors["PCA"], reference="13.866 for 30 components of MNIST"),
            Finding("test error of the autoencoder", errors["AE"], at_most=1.01 * errors["PCA"], reference="PCA, 1 %"),
            Finding("largest principal angle between the two subspaces, degrees", angle),
        ],
        out,
        dataset=dataset,
        error="squared, summed over pixels, mean over test images; pixels in [0, 1], centred by the training mean",
        latent_dim=latent_dim,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
