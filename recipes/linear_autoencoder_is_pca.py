"""A linear autoencoder finds what principal component analysis finds: the same error, the same subspace."""

import keras
import numpy as np
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from keras_gen import models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, cosine_decay, recipe
from keras_gen.data import load
from keras_gen.presets.registry import scaled
from keras_gen.runs.baselines import squared_error


@recipe
def main(data="mnist", latent_dim=30, epochs=60, batch_size=200, learning_rate=3e-3, seed=0, width=1.0):
    train, test = load(data)
    x, x_test = (split.x.reshape(len(split.x), -1) for split in (train, test))
    mean = x.mean(axis=0)
    (latent_dim,) = scaled("latent_dim", (latent_dim,), width, 2)
    model = models.Autoencoder(*networks.mlp_autoencoder([x.shape[1], latent_dim]))
    model.compile(keras.optimizers.Adam(cosine_decay(learning_rate, len(x), epochs, batch_size)))
    history = model.fit(x - mean, batch_size=batch_size, epochs=epochs, validation_data=x_test - mean, verbose=2)

    pca = PCA(latent_dim, random_state=seed).fit(x)
    by_pca = pca.inverse_transform(pca.transform(x_test))
    by_model = model.reconstruct(x_test - mean) + mean
    error_of_pca, error = squared_error(x_test, by_pca), squared_error(x_test, by_model)
    plane = model.decoder.get_weights()[0].T  # (pixels, latent_dim)
    angle = np.degrees(subspace_angles(plane, pca.components_.T)[0])
    rows = {"input": x_test, "PCA": by_pca, "linear autoencoder": by_model}
    rows = {name: images[:10].reshape(-1, *test.x.shape[1:]) for name, images in rows.items()}
    findings = [
        Finding("test error of PCA", error_of_pca, reference="13.866 for 30 components of MNIST"),
        Finding("test error of the autoencoder", error, at_most=1.01 * error_of_pca, reference="PCA, 1 %"),
        Finding("largest principal angle between the two subspaces, degrees", angle),
    ]
    definition = "squared, summed over pixels, mean over test images; pixels in [0, 1], centred by the training mean"
    return Outcome(model, findings, {"reconstructions": plots.image_rows(rows)}, history.history, {"error": definition})
