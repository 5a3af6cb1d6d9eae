"""How probable a model finds data that it has not seen."""

import math

import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.layers.sampling import ReplicaSeedGenerator


def negative_log_likelihood(model, x, samples=5000, seed=0, rows=5000):
    """Negative log-likelihood by importance sampling from the posterior, mean over the examples.

    -log p(x) is estimated by -log (1 / S) sum_s p(x | z_s) p(z_s) / q(z_s | x), z_s drawn from q(z | x). The estimate
    is an upper bound in expectation and falls to the true value as S grows.

    Args:
        model: A `VAE`.
        x: Array `(n, *shape)`; for a figure on binarised data, drawn once with `data.binarize`.
        samples: S, an integer >= 1. Defaults to 5000.
        seed: Integer of the draws; the training's random state is not touched. Defaults to 0.
        rows: How many codes are decoded at once, which bounds the memory. Defaults to 5000.

    Returns:
        The pair (mean in nats, standard error of the mean over the examples), floats.

    Raises:
        ValueError: If `x` does not fit the model, or an argument is out of range.

    Example:

    >>> from keras_gen import models, networks
    >>> vae = models.VAE(networks.mlp_encoder((4,), (), 2), networks.mlp_decoder(2, (), (4,)))
    >>> nll, error = negative_log_likelihood(vae, np.ones((8, 4)), samples=10)
    >>> nll > 0
    True

    Reference:
        Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 5 (5,000 samples).
    """
    values = log_likelihoods(model, x, samples, seed, rows)
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return float(-values.mean()), float(error)


def log_likelihoods(model, x, samples=5000, seed=0, rows=5000):
    """The estimate of `negative_log_likelihood` for each example, without the minus: a float64 array `(n,)`.

    Args:
        model, x, samples, seed, rows: As in `negative_log_likelihood`.

    Returns:
        float64 array `(n,)`, in nats.

    Raises:
        ValueError: If `x` does not fit the model, or an argument is out of range.

    Example:

    >>> from keras_gen import models, networks
    >>> vae = models.VAE(networks.mlp_encoder((4,), (), 2), networks.mlp_decoder(2, (), (4,)))
    >>> log_likelihoods(vae, np.ones((8, 4)), samples=10).shape
    (8,)
    """
    model.check_data(x)
    samples, rows = checks.integer("samples", samples), checks.integer("rows", rows)
    chunk = min(samples, rows, 500)
    batch = min(len(x), max(1, rows // chunk))
    generator = ReplicaSeedGenerator(checks.integer("seed", seed, minimum=0))

    def estimate(part, draws):
        return ops.logsumexp(model.log_weights(part, draws, generator), axis=1)  # (batch,)

    whole = backend.compiled(lambda part: estimate(part, chunk), jit_compile=model.jit_compile)
    rest = backend.compiled(lambda part: estimate(part, samples % chunk), jit_compile=model.jit_compile)
    x = np.asarray(x, "float32")
    pad = -len(x) % batch  # so that every batch has one shape, and one compiled program serves all
    padded = np.concatenate([x, np.repeat(x[:1], pad, axis=0)])
    values = []
    for start in range(0, len(padded), batch):
        part = ops.convert_to_tensor(padded[start : start + batch])
        sums = [whole(part) for _ in range(samples // chunk)] + ([rest(part)] if samples % chunk else [])
        values.append(np.logaddexp.reduce(np.stack([ops.convert_to_numpy(s) for s in sums]).astype("float64"), axis=0))
    return np.concatenate(values)[: len(x)] - math.log(samples)
