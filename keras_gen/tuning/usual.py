"""Searches of a usual kind: a code's size, a rate of noise, a VAE, a GAN, a classifier."""

import numpy as np

from keras_gen import checks, presets
from keras_gen.tuning.ranges import CLASSIFIER_RANGES, GAN_RANGES, VAE_RANGES
from keras_gen.tuning.search import search
from keras_gen.tuning.space import Range


def search_latent_dim(x, folder, low=2, high=64, trials=12, **options):
    """Search the code size among `trials` sizes from `low` to `high` with equal ratios.

    Args:
        x, folder: As in `search`.
        low: The smallest size, an integer >= 1. Defaults to 2.
        high: The largest size. Defaults to 64.
        trials: Number of sizes, an integer >= 2; sizes that round to the same integer count once. Defaults to 12.
        **options: Further arguments of `search` and of the preset, such as `corruption=0.3`.

    Returns:
        A `Result`; `chosen["latent_dim"]` is the knee of the errors.

    Example:

    >>> import tempfile
    >>> x = np.random.default_rng(0).random((64, 16)).astype("float32")
    >>> options = {"trials": 2, "epochs": 1, "units": (8,), "verbose": 0}
    >>> [row["latent_dim"] for row in search_latent_dim(x, tempfile.mkdtemp(), 1, 8, **options).rows]
    [1, 8]
    """
    Range("latent_dim", checks.integer("low", low), checks.integer("high", high))  # raises if it is empty
    sizes = np.geomspace(low, high, checks.integer("trials", trials, minimum=2)).round().astype(int)
    sizes = sorted(set(sizes.tolist()))
    return search(x, [Range("latent_dim", choices=sizes)], folder, trials=len(sizes), tuner="grid", **options)


def search_corruption(x, folder, low=0.0, high=0.6, trials=12, **options):
    """Search the corruption rate among `trials` equally spaced rates from `low` to `high`.

    Args:
        x, folder: As in `search`.
        low: The lowest rate. Defaults to 0.
        high: The highest rate. Defaults to 0.6.
        trials: Number of rates, an integer >= 2. Defaults to 12.
        **options: Further arguments of `search` and of the preset, such as `latent_dim=16`.

    Returns:
        A `Result`; `best["corruption"]` is the rate with the smallest error.

    Example:

    >>> import tempfile
    >>> x = np.random.default_rng(0).random((64, 16)).astype("float32")
    >>> options = {"trials": 2, "epochs": 1, "units": (8,), "latent_dim": 2, "verbose": 0}
    >>> [row["corruption"] for row in search_corruption(x, tempfile.mkdtemp(), 0.0, 0.5, **options).rows]
    [0.0, 0.5]
    """
    Range("corruption", low, high)  # raises if it is empty
    rates = np.linspace(low, high, checks.integer("trials", trials, minimum=2)).round(6).tolist()
    return search(x, [Range("corruption", choices=rates)], folder, trials=trials, tuner="grid", **options)


def search_vae(x, folder, preset="vae", ranges=VAE_RANGES, objective="nll", **options):
    """Search a VAE's code size, the weight of its KL divergence and its width for the best likelihood.

    Args:
        x, folder: As in `search`.
        preset: Name of a preset of a VAE. Defaults to `"vae"`.
        ranges: As in `search`. Defaults to `VAE_RANGES`, without the arguments among `options`.
        objective: As in `search`. Defaults to `"nll"`, which compares models of different `beta`.
        **options: Further arguments of `search` and of the preset, such as `latent_dim=2`.

    Returns:
        A `Result`.

    Example:

    >>> import tempfile
    >>> x = np.random.default_rng(0).random((64, 16)).astype("float32")
    >>> options = {"trials": 1, "epochs": 1, "width": 0.02, "verbose": 0}
    >>> sorted(search_vae(x, tempfile.mkdtemp(), **options).best)
    ['beta', 'latent_dim']
    """
    return search(x, _open(ranges, preset, options), folder, preset, objective=objective, **options)


def search_gan(x, folder, preset="dcgan", ranges=GAN_RANGES, objective="frechet", **options):
    """Search a GAN's learning rates, its updates of the discriminator, its latents and the weight of its penalty.

    Args:
        x, folder: As in `search`.
        preset: Name of a preset of a GAN. Defaults to `"dcgan"`.
        ranges: As in `search`. Defaults to those of `GAN_RANGES` that the preset has, without those among `options`.
        objective: As in `search`. Defaults to `"frechet"`.
        **options: Further arguments of `search` and of the preset, such as `y=labels` or `ema=0.999`.

    Returns:
        A `Result`; its `floors` say what training examples reach in place of samples.

    Example:

    >>> import tempfile
    >>> x = np.random.default_rng(0).uniform(-1, 1, (64, 8, 8, 1)).astype("float32")
    >>> options = {"trials": 1, "epochs": 1, "batch_size": 8, "width": 0.1, "verbose": 0}
    >>> found = search_gan(x, tempfile.mkdtemp(), objective="coverage", latent_dim=4, **options)
    >>> sorted(found.best), sorted(found.floors)
    (['generator_learning_rate', 'learning_rate', 'n_critic'], ['coverage'])
    """
    return search(x, _open(ranges, preset, options), folder, preset, objective=objective, **options)


def search_classifier(x, labels, folder, preset="lenet5", ranges=CLASSIFIER_RANGES, objective="error", **options):
    """Search a classifier's learning rate, dropout and width.

    Args:
        x, folder: As in `search`.
        labels: Integers `(n,)`, or `None` for data by name, which have their own.
        preset: Name of a preset of a classifier. Defaults to `"lenet5"`.
        ranges: As in `search`. Defaults to `CLASSIFIER_RANGES`, without the arguments among `options`.
        objective: As in `search`. Defaults to `"error"`, the share of wrong classes.
        **options: Further arguments of `search` and of the preset, such as `folds=5`.

    Returns:
        A `Result`.

    Example:

    >>> import tempfile
    >>> x, labels = np.random.default_rng(0).random((64, 8, 8, 1)).astype("float32"), np.arange(64) % 3
    >>> options = {"trials": 1, "epochs": 1, "width": 0.2, "verbose": 0}
    >>> sorted(search_classifier(x, labels, tempfile.mkdtemp(), **options).best)
    ['dropout', 'learning_rate']
    """
    return search(x, _open(ranges, preset, options), folder, preset, objective=objective, y=labels, **options)


def _open(ranges, preset, options):
    """The ranges of usual searches that a preset has and that are not fixed; others as they are."""
    if ranges not in (VAE_RANGES, GAN_RANGES, CLASSIFIER_RANGES):
        return ranges
    known = presets.PRESETS[checks.choice("model to search", preset, presets.PRESETS)].arguments
    return [range_ for range_ in ranges if range_.name in known and range_.name not in options]
