"""Likelihood of test data."""

import math

import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.estimates import estimate
from keras_gen.layers.sampling import ReplicaSeedGenerator
from keras_gen.training.tasks import require_task


def negative_log_likelihood(model, x, samples=5000, seed=0, decoder_batch_size=2000):
    """Negative log-likelihood by importance sampling from the posterior, mean over the examples.

    -log p(x) is estimated by -log (1 / S) sum_s p(x | z_s) p(z_s) / q(z_s | x), z_s drawn from q(z | x). The estimate
    is an upper bound in expectation and falls to the true value as S grows.

    Args:
        model: A `VAE`.
        x: Array `(n, *shape)`; for a figure on binarised data, draw it once with `data.binarize`.
        samples: S, an integer >= 1. Defaults to 5000.
        seed: Integer of the draws; the training's random state is not touched. Defaults to 0.
        decoder_batch_size: Codes that are decoded at once, an integer >= 1; it is fastest if they fit into the cache.
            Defaults to 2000.

    Returns:
        `Estimate(mean, error)`: the mean in nats, and its standard error over the examples, NaN for one example.

    Example:

    >>> from keras_gen import models, networks
    >>> vae = models.VAE(networks.mlp_encoder((4,), (), 2), networks.mlp_decoder(2, (), (4,)))
    >>> nll, error = negative_log_likelihood(vae, np.ones((8, 4)), samples=10)
    >>> nll > 0
    True

    Reference:
        Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 5 (5,000 samples).
    """
    return estimate(-log_likelihoods(model, x, samples, seed, decoder_batch_size))


def log_likelihoods(model, x, samples=5000, seed=0, decoder_batch_size=2000):
    """The log-likelihood of each example, estimated as in `negative_log_likelihood`.

    Args:
        model, x, samples, seed, decoder_batch_size: As in `negative_log_likelihood`.

    Returns:
        float64 array `(n,)`, in nats.

    Example:

    >>> from keras_gen import models, networks
    >>> vae = models.VAE(networks.mlp_encoder((4,), (), 2), networks.mlp_decoder(2, (), (4,)))
    >>> log_likelihoods(vae, np.ones((8, 4)), samples=10).shape
    (8,)
    """
    require_task("A likelihood", model, "likelihood")
    model.data_description.check(x)
    samples = checks.integer("samples", samples)
    checks.integer("decoder_batch_size", decoder_batch_size)
    batch = min(len(x), 10, decoder_batch_size)
    draws = max(1, min(samples, decoder_batch_size // batch))  # of each example at a time
    generator = ReplicaSeedGenerator(checks.integer("seed", seed, minimum=0))

    def sums(part):
        """Logarithm of the sum of each example's weights; few draws at a time, which stay in the cache."""

        def with_more(total, number):
            more = ops.logsumexp(model.log_weights(part, number, generator), axis=1)
            return ops.logaddexp(total, more)  # (batch,)

        total = ops.full((batch,), -math.inf)
        total = ops.fori_loop(0, samples // draws, lambda _, total: with_more(total, draws), total)
        return with_more(total, samples % draws) if samples % draws else total

    sums = backend.compiled(sums, jit_compile=model.jit_compile)
    x = np.asarray(x, "float32")
    pad = -len(x) % batch  # so that every batch has one shape, and one compiled program serves all
    padded = np.concatenate([x, np.repeat(x[:1], pad, axis=0)])
    parts = (ops.convert_to_tensor(padded[start : start + batch]) for start in range(0, len(padded), batch))
    values = [ops.convert_to_numpy(sums(part)).astype("float64") for part in parts]
    return np.concatenate(values)[: len(x)] - math.log(samples)
