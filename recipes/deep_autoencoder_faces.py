"""The deep autoencoder on faces, 25x25 patches, 625-2000-1000-500-30, against PCA with as many components.

python recipes/deep_autoencoder_faces.py --data faces.npz    # with images (n, height, width) and target (n,)

As published: of each image, patches around its centre, rotated by up to 90 degrees either way and sampled at every
1.4th to 1.8th pixel of 64; each pixel shifted to mean zero and all scaled by one number to an average variance of 1.
The people in the test patches, a quarter of all, do not occur in training.

Not as published: because the network memorises thirty people, it and PCA are trained on blends a + t (b - a) of two
images, mirrored or not, with t from U(-0.5, 1.5); `--no-blended` trains on the images themselves.

Args:
    patches: Number of training patches; the test patches are a third of it.
    blended: Whether to train on blends of two images.
"""

import itertools
import math

import keras
import numpy as np

from keras_gen import models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, cosine_decay, recipe
from keras_gen.data import load, random_rotated_patches
from keras_gen.presets.registry import scaled
from keras_gen.runs.baselines import pca_reconstruction, squared_error


def blends(images, number, rng):
    """Yield `number` blends of two images."""
    images = np.concatenate([images, images[:, :, ::-1]])
    for _ in range(number):
        one, other = images[rng.integers(len(images), size=2)]
        yield one + rng.uniform(-0.5, 1.5) * (other - one)


def standardized_patches(data, patches, blended, rng):
    """Training and test patches, and the mean and the scale that were removed."""
    train, test = load(data)
    x, y = (np.concatenate([part, other]) for part, other in zip(train[:2], test[:2], strict=True))
    known = y < np.quantile(y, 0.75)  # whole people are held out
    images = keras.ops.convert_to_numpy(keras.ops.image.resize(x, (64, 64), crop_to_aspect_ratio=True))
    real, unseen = (itertools.cycle(part) for part in (images[known], images[~known]))
    options = {"side": 25, "rng": rng, "step": (1.4, 1.8)}
    real = random_rotated_patches(itertools.islice(real, patches), **options)
    x = random_rotated_patches(blends(images[known], patches, rng), **options) if blended else real
    x_test = random_rotated_patches(itertools.islice(unseen, patches // 3), **options)
    mean, scale = real.mean(axis=0), math.sqrt(real.var(axis=0).mean())
    return (x - mean) / scale, (x_test - mean) / scale, mean, scale


@recipe
def main(
    data="faces.npz", patches=124200, blended=True, epochs=10, batch_size=200, precision="mixed_bfloat16", seed=0,
    width=1.0,
):  # fmt: skip
    x, x_test, mean, scale = standardized_patches(data, patches, blended, np.random.default_rng(seed))
    *hidden, latent_dim = scaled("units", (2000, 1000, 500, 30), width, 2)
    model = models.Autoencoder(*networks.mlp_autoencoder([x.shape[1:], *hidden, latent_dim], "silu", tied=True))
    model.compile(keras.optimizers.AdamW(cosine_decay(1e-3, len(x), epochs, batch_size), weight_decay=1.0))
    history = model.fit(x, batch_size=batch_size, epochs=epochs, validation_data=x_test[: len(x_test) // 10], verbose=2)
    by_pca, by_model = pca_reconstruction(x, x_test, latent_dim, seed), model.reconstruct(x_test)
    errors = [squared_error(x_test, found) for found in (by_model, by_pca)]

    rows = {"patch": x_test, f"autoencoder, {latent_dim}": by_model, f"PCA, {latent_dim}": by_pca}
    rows = {name: np.clip(found[:10] * scale + mean, 0, 1) for name, found in rows.items()}
    findings = [
        Finding("test error, autoencoder", errors[0], reference="published 126"),
        Finding("test error, PCA", errors[1], reference="published 135"),
        Finding("their ratio", errors[0] / errors[1], at_most=0.935, reference="published 126/135 = .93"),
    ]
    error = "squared, summed over pixels, mean over test patches of people not seen; pixels of variance 1"
    return Outcome(model, findings, {"reconstructions": plots.image_rows(rows)}, history.history, {"error": error})
