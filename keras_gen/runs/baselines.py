"""Baselines and measures that recipes share."""

import numpy as np

from keras_gen import callbacks, metrics, presets
from keras_gen.reports import Finding
from keras_gen.runs.sample_quality import feature_extractor


def squared_error(x, reconstruction):
    """Squared error, summed over an example's dimensions, mean over the examples."""
    return float(np.square(x - reconstruction).sum() / len(x))


def pca_reconstruction(x, x_test, components, seed=0):
    """Reconstructions of the test examples by principal component analysis of the training examples."""
    from sklearn.decomposition import PCA

    pca = PCA(components, random_state=seed).fit(x.reshape(len(x), -1))
    return pca.inverse_transform(pca.transform(x_test.reshape(len(x_test), -1))).reshape(x_test.shape)


def sample_metrics(names, train, test, n, features="lenet5"):
    """Metrics of `n` samples in [-1, 1] against a test set, or of as many as there are training or test images."""
    n = min(n, len(train.x), len(test.x))
    return metrics.by_name(names, test.x, feature_extractor(features, train, (-1, 1)), (-1, 1), n)


def vae_samples(x, n, seconds, batch_size=64, width=1.0, seed=0):
    """Samples in [-1, 1] of a VAE trained on `x` for a number of seconds: a baseline of equal time for a GAN."""
    vae = presets.build("vae", x.shape[1:], latent_dim=20, units=(500, 300), width=width)
    end = callbacks.StopAfter(seconds)
    vae.fit((x + 1) / 2, batch_size=batch_size, epochs=10_000, callbacks=[end], verbose=2)
    return 2 * vae.sample(n, seed=seed) - 1


def frechet_findings(frechet, samples, x, vae=None):
    """Findings: the Frechet distance of samples, that of training images `x`, and the ratio of the two.

    The distance of the samples `vae`, if given, is the bound.
    """
    distance, baseline = frechet.score(samples), frechet.real_data_baseline(x)
    bound = {} if vae is None else {"at_most": frechet.score(vae), "reference": "a VAE of equal time"}
    return [
        Finding(frechet.name, distance, **bound),
        Finding(f"{frechet.name} of training images", baseline),
        Finding("ratio of the two", distance / baseline),
    ]
