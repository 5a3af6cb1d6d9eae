"""What recipes compare their models with, and how they measure it."""

import numpy as np

from keras_gen import callbacks, metrics, presets
from keras_gen.metrics import features
from keras_gen.reports import Finding
from keras_gen.runs.trained_classifier import trained_classifier


def squared_error(x, reconstruction):
    """Squared error, summed over an example's dimensions, mean over the examples.

    Args:
        x: Array `(n, *shape)`.
        reconstruction: Array `(n, *shape)`.

    Returns:
        A float.

    Example:

    >>> squared_error(np.ones((3, 2, 2)), np.zeros((3, 2, 2)))
    4.0
    """
    return float(np.square(x - reconstruction).reshape(len(x), -1).sum(axis=1).mean())


def pca_reconstruction(x, x_test, components, seed=0):
    """Test examples as principal component analysis of the training set reconstructs them.

    Args:
        x: Array `(n, *shape)` of training examples.
        x_test: Array `(m, *shape)` of test examples.
        components: Number of principal components, an integer >= 1.
        seed: Integer, of the randomized solver. Defaults to 0.

    Returns:
        Array `(m, *shape)`.

    Example:

    >>> line = np.linspace(0, 1, 5)[:, None] * np.ones((1, 2))
    >>> bool(np.allclose(pca_reconstruction(line, line, 1), line))
    True
    """
    from sklearn.decomposition import PCA

    pca = PCA(components, random_state=seed).fit(x.reshape(len(x), -1))
    return pca.inverse_transform(pca.transform(x_test.reshape(len(x_test), -1))).reshape(x_test.shape)


def sample_metrics(names, train, test, n, extractor="lenet5"):
    """Metrics of samples in [-1, 1] against a test set, by default in the features of a classifier of the same data.

    Args:
        names: As in `metrics.by_name`.
        train, test: `data.Split` of images in [-1, 1]; for a classifier the training set needs labels.
        n: Number of samples to measure; at most as many as there are training or test images are taken.
        extractor: `"lenet5"`, trained on the training set, or `"inception_v3"`. Defaults to `"lenet5"`.

    Returns:
        List of metrics.

    Example:

    >>> from keras_gen import data
    >>> train, test = data.load("digits", value_range=(-1, 1))
    >>> [metric.name for metric in sample_metrics("frechet", train, test, 10_000)]
    ['frechet[lenet5,n=360]']
    """
    if extractor == "lenet5":
        extracted = metrics.FeatureExtractor.of_classifier(trained_classifier(train.x, train.y, value_range=(-1, 1)))
    else:
        extracted = features.inception_v3()
    return metrics.by_name(names, test.x, extracted, (-1, 1), min(n, len(train.x), len(test.x)))


def vae_samples(x, n, seconds, batch_size=64, width=1.0, seed=0):
    """Samples of a VAE that is trained for a given time: a baseline of equal time for a GAN.

    Args:
        x: Array `(m, *shape)` of training examples in [-1, 1].
        n: Number of samples.
        seconds: Seconds of training.
        batch_size: Integer >= 1. Defaults to 64.
        width: Factor of all hidden widths. Defaults to 1.
        seed: Integer of the samples. Defaults to 0.

    Returns:
        Array `(n, *shape)` in [-1, 1].

    Example:

    >>> vae_samples(np.zeros((64, 8, 8, 1)), 5, seconds=60).shape  # doctest: +SKIP
    (5, 8, 8, 1)
    """
    vae = presets.build("vae", x.shape[1:], latent_dim=20, units=(500, 300), width=width)
    end = callbacks.StopAfter(seconds)
    vae.fit((x + 1) / 2, batch_size=batch_size, epochs=10_000, callbacks=[end], verbose=2)
    return 2 * vae.sample(n, seed=seed) - 1


def frechet_findings(frechet, samples, x, vae=None):
    """Frechet distance of samples, that of training images, and the ratio of the two.

    Args:
        frechet: `metrics.FrechetDistance` to a test set.
        samples: Array `(n, *shape)`.
        x: Array `(m, *shape)` of training images.
        vae: Samples of `vae_samples`, whose distance is the bound, or `None` for no bound. Defaults to `None`.

    Returns:
        List of three `Finding`.

    Example:

    >>> x, x_test = np.random.default_rng(0).normal(size=(2, 50, 3))
    >>> frechet = metrics.FrechetDistance(x_test, features.identity(), (-5, 5), n=50)
    >>> [finding.what for finding in frechet_findings(frechet, x, x)][1]
    'frechet[identity,n=50] of training images'
    """
    distance, baseline = frechet.score(samples), frechet.real_data_baseline(x)
    bound = {} if vae is None else {"at_most": frechet.score(vae), "reference": "a VAE of equal time"}
    return [
        Finding(frechet.name, distance, **bound),
        Finding(f"{frechet.name} of training images", baseline),
        Finding("ratio of the two", distance / baseline),
    ]
