"""The deep autoencoder on faces, 25x25 patches, 625-2000-1000-500-30, against PCA of as many components.

python recipes/deep_autoencoder_faces.py --dataset faces.npz    # with images (n, height, width) and target (n,)

Patches are cut at random places and turned a little; the people of the test patches are not among those of training.
"""

from pathlib import Path

import keras
import numpy as np
import typer
from scipy.ndimage import zoom
from sklearn.decomposition import PCA

from keras_gen import data, models, networks, plots
from keras_gen.reports import Finding, report


def cut(images, number, side, rng):
    """Patches of `side` pixels from images `(n, height, width, 1)`, at random places, half of them mirrored."""
    patches = np.empty((number, side, side, 1), "float32")
    for place in range(number):
        image = images[rng.integers(len(images))]
        top, left = (rng.integers(size - side + 1) for size in image.shape[:2])
        patch = image[top : top + side, left : left + side]
        patches[place] = patch[:, ::-1] if rng.random() < 0.5 else patch
    return patches


def main(
    dataset: str = "faces.npz",
    side: int = 25,
    patches: int = 20000,
    epochs: int = 30,
    batch_size: int = 200,
    learning_rate: float = 1e-3,
    seed: int = 0,
    width: float = 1.0,
    out: Path = Path("saved_models/deep_autoencoder_faces"),
):
    keras.utils.set_random_seed(seed)
    train, test = data.load(dataset)
    x, y = (np.concatenate([part, other]) for part, other in zip(train, test, strict=True))
    known = y < np.quantile(y, 0.75)  # whole people are kept apart
    small = [zoom(image, (0.5, 0.5, 1), order=1) if image.shape[0] > 2 * side else image for image in x[..., :1]]
    small, side = np.stack(small), min(side, small[0].shape[0])
    rng = np.random.default_rng(seed)
    x, x_test = cut(small[known], patches, side, rng), cut(small[~known], max(50, patches // 20), side, rng)

    widths = [max(2, round(size * width)) for size in (2000, 1000, 500, 30)]
    latent_dim = widths[-1]
    model = models.Autoencoder(*networks.mlp_autoencoder([x.shape[1:], *widths], "silu"))
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * -(-len(x) // batch_size))
    model.compile(keras.optimizers.Adam(schedule))
    mean = x.mean(axis=0)
    history = model.fit(x - mean, batch_size=batch_size, epochs=epochs, validation_data=x_test - mean, verbose=2)
    pca = PCA(latent_dim, random_state=seed).fit(x.reshape(len(x), -1))
    by_pca = pca.inverse_transform(pca.transform(x_test.reshape(len(x_test), -1))).reshape(x_test.shape)
    by_model = model.reconstruct(x_test - mean) + mean
    errors = [np.square(x_test - found).sum(axis=(1, 2, 3)).mean() for found in (by_model, by_pca)]

    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    rows = {"patch": x_test[:10], f"autoencoder, {latent_dim}": by_model[:10], f"PCA, {latent_dim}": by_pca[:10]}
    plots.image_rows(rows).savefig(out / "reconstructions.png")
    plots.history_curves(history.history).savefig(out / "history.png")
    report(
        "deep_autoencoder_faces",
        [
            Finding("test error, autoencoder", errors[0]),
            Finding("test error, PCA", errors[1]),
            Finding("their ratio", errors[0] / errors[1], at_most=0.935, reference="published 126/135 = .93"),
        ],
        out,
        dataset=dataset,
        error="squared, summed over pixels, mean over test patches of people not seen; pixels in [0, 1]",
        patches=patches,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
    )


if __name__ == "__main__":
    typer.run(main)
