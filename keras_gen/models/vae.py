"""The variational autoencoder and its importance-weighted bound."""

import math
import typing

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.layers.sampling import reparameterize
from keras_gen.losses.divergence import gaussian_kl, gaussian_kl_per_dimension
from keras_gen.models.batches import weighted_mean
from keras_gen.models.encoder_decoder import EncoderDecoder
from keras_gen.training.player import Player

Reconstruction = typing.Literal["bernoulli", "gaussian"]


@keras.saving.register_keras_serializable(package="keras_gen")
class VAE(EncoderDecoder):
    """Variational autoencoder with a diagonal normal posterior and a standard normal prior.

    It minimises the negative evidence lower bound, mean over the batch of

        -log p(x | z) + beta * KL(q(z | x) || N(0, I)),    z drawn from q(z | x),

    or, with k = `importance_samples` > 1, the negative importance-weighted bound

        -log (1 / k) sum_i p(x | z_i) p(z_i) / q(z_i | x),    z_1, ..., z_k drawn from q(z | x).

    Logged: `loss`, and its parts `reconstruction` (-log p(x | z)) and `kl`, all in nats. In training the weight of the
    KL is the saved variable `kl_weight`, which `callbacks.KLWarmup` changes; in evaluation it is always `beta`.

    Args:
        encoder: Keras model from `(batch, *shape)` to `[z_mean, z_log_var]`, each `(batch, latent_dim)`.
        decoder: Keras model from `(batch, latent_dim)` to logits `(batch, *shape)` (Bernoulli), to the mean (Gaussian
            of unit variance) or to `[mean, log_var]` (Gaussian).
        reconstruction: Likelihood of the data: `"bernoulli"` for data in [0, 1], or `"gaussian"`. Defaults to
            `"bernoulli"`.
        beta: Weight of the KL divergence of the codes from the prior, a number >= 0. Above 1, codes keep less of an
            example, and samples look more like reconstructions. Defaults to 1.
        importance_samples: Number k of codes drawn for each example, an integer >= 1: larger values give a tighter
            bound. Above 1, `beta` must be 1. Defaults to 1.
        **kwargs: `name` and `dtype` of a Keras model.

    Example:

    >>> from keras_gen import networks
    >>> vae = VAE(networks.mlp_encoder((8, 8, 1), (32,), 2), networks.mlp_decoder(2, (32,), (8, 8, 1)))
    >>> vae.compile("adam")
    >>> history = vae.fit(np.zeros((64, 8, 8, 1)), verbose=0)
    >>> vae.sample(3).shape
    (3, 8, 8, 1)

    Reference:
        Kingma and Welling, 2014, arXiv:1312.6114, equation 10; beta: Higgins et al., 2017, equation 4;
        importance_samples: Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, equation 8.
    """

    tasks = frozenset({"encode", "reconstruct", "autoencode", "sample", "likelihood"})
    log_names = ("reconstruction", "kl")

    def __init__(
        self,
        encoder,
        decoder,
        reconstruction: Reconstruction = "bernoulli",
        beta=1.0,
        importance_samples=1,
        **kwargs,
    ):
        checks.choice("reconstruction", reconstruction, typing.get_args(Reconstruction))
        beta = checks.number("beta", beta)
        if checks.integer("importance_samples", importance_samples) > 1 and beta != 1:
            raise ValueError(
                "`beta` must be 1 with several importance samples, whose bound has no separate KL. "
                f"Received: beta={beta}, importance_samples={importance_samples}"
            )
        super().__init__(encoder, decoder, reconstruction, ("z_mean", "z_log_var"), self.log_names, **kwargs)
        self.beta, self.importance_samples = beta, importance_samples
        if len(self.code_shape) != 1 or None in self.code_shape:
            raise ValueError(f"`encoder` must give codes (batch, latent_dim). Received: codes {self.code_shape}")
        (self.latent_dim,) = self.code_shape
        self.kl_weight = self.add_weight(
            name="kl_weight", shape=(), dtype="float32", initializer=keras.initializers.Constant(beta), trainable=False
        )

    def players(self):
        return (Player("vae", (self.encoder, self.decoder), self.negative_elbo),)

    def call(self, x, training=False):
        """Reconstruct `x` from the mean of its code: probabilities or means, never logits."""
        return self.decoded(self.decoder(self.encoder(x, training=training)[0], training=training))

    def negative_elbo(self, batch, training):
        """The negative bound, `reconstruction` and `kl` of a batch, as a dict of scalars."""
        k = self.importance_samples
        z_mean, z_log_var = self.encoder(self.conditioned(batch["x"], batch), training=training)  # (batch, latent_dim)
        z_mean, z_log_var = ops.cast(z_mean, "float32"), ops.cast(z_log_var, "float32")
        kl = weighted_mean(gaussian_kl(z_mean, z_log_var), batch)
        seed = self.seed_generator_for(training)
        if k == 1:
            z = reparameterize(z_mean, z_log_var, seed)  # (batch, latent_dim)
            nll = weighted_mean(self.negative_log_likelihood(batch, z, training), batch)
            weight = self.kl_weight if training else self.beta
            return {"negative_elbo": nll + weight * kl, "reconstruction": nll, "kl": kl}
        z = reparameterize(z_mean, z_log_var, seed, samples=k)  # (batch, k, latent_dim)
        log_weights, nll = self._log_weights(batch, z, z_mean, z_log_var, training)  # (batch, k)
        bounds = ops.logsumexp(log_weights, axis=1) - math.log(k)  # (batch,)
        nll = weighted_mean(ops.mean(nll, axis=1), batch)
        return {"negative_elbo": -weighted_mean(bounds, batch), "reconstruction": nll, "kl": kl}

    def negative_log_likelihood(self, batch, z, training):
        """-log p(x | z) of each example of a batch, with latents `(batch, latent_dim)`: float32 tensor `(batch,)`."""
        outputs = self.decoder(self.conditioned(z, batch), training=training)
        return self.reconstruction_loss(self.target_of(batch), outputs, self.mask_of(batch["x"], outputs))

    def log_weights(self, x, samples, seed):
        """Logarithms of the importance weights p(x | z) p(z) / q(z | x) of draws from the posterior.

        `x` is a tensor `(batch, *shape)`, `samples` the number of draws for each example, `seed` a
        `keras.random.SeedGenerator` or an integer; the result is a float32 tensor `(batch, samples)`.
        """
        z_mean, z_log_var = (ops.cast(output, "float32") for output in self.encoder(x, training=False))
        z = reparameterize(z_mean, z_log_var, seed, samples=samples)
        return self._log_weights({"x": x}, z, z_mean, z_log_var, training=False)[0]

    def _log_weights(self, batch, z, z_mean, z_log_var, training):
        k = z.shape[1]
        repeated = {name: ops.repeat(part, k, axis=0) for name, part in batch.items()}
        nll = self.negative_log_likelihood(repeated, ops.reshape(z, (-1, self.latent_dim)), training)
        nll = ops.reshape(nll, (-1, k))  # (batch, k)
        # log p(z) - log q(z | x), where the constants of the two cancel
        log_ratio = 0.5 * ops.sum(
            z_log_var[:, None] + ops.square(z - z_mean[:, None]) * ops.exp(-z_log_var[:, None]) - ops.square(z), axis=-1
        )
        return log_ratio - nll, nll

    # numpy in, numpy out

    def posterior(self, x):
        """Mean and log-variance of each code: array `(n, *shape)` -> pair of float32 arrays `(n, latent_dim)`."""
        return self.encoder_outputs(x)

    def sample(self, n, seed=None):
        """Decode `n` >= 1 draws from the prior N(0, I): float32 array `(n, *shape)` of probabilities or means.

        Without a `seed` each call gives different samples; the random state of training does not change.
        """
        return self.decode(self.draw_latents(n, seed))

    def generate(self, z):
        """The same as `decode`, for latents `(n, latent_dim)`."""
        return self.decode(z)

    def draw_latents(self, n, seed=None):
        """Draws from the prior, with the arguments of `sample`: float32 array `(n, latent_dim)`."""
        return np.random.default_rng(seed).standard_normal((checks.integer("n", n), self.latent_dim), "float32")

    def kl_per_dimension(self, x, *labels):
        """The KL of each latent dimension, mean over examples `(n, *shape)`, in nats: float32 array `(latent_dim,)`.

        It is near 0 for an unused dimension.
        """
        return ops.convert_to_numpy(ops.mean(gaussian_kl_per_dimension(*self.posterior(x, *labels)), axis=0))
