"""The variational autoencoder and its importance-weighted bound."""

import math

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.layers.sampling import reparameterize
from keras_gen.losses.divergence import gaussian_kl, gaussian_kl_per_dimension
from keras_gen.losses.likelihood import bernoulli_nll, gaussian_nll
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.network_facts import last_activations, shapes
from keras_gen.training.player import Player

_BATCH = 1024  # examples at a time in the methods that take and return numpy


@keras.saving.register_keras_serializable(package="keras_gen")
class VAE(GenerativeModel):
    """Variational autoencoder with a diagonal normal posterior and a standard normal prior.

    It minimises the negative evidence lower bound, mean over the batch of

        -log p(x | z) + beta * KL(q(z | x) || N(0, I)),    z drawn from q(z | x),

    or, with k = `importance_samples` > 1, the negative importance-weighted bound

        -log (1 / k) sum_i p(x | z_i) p(z_i) / q(z_i | x),    z_1, ..., z_k drawn from q(z | x).

    Logged: `loss`, and its parts `reconstruction` (-log p(x | z)) and `kl`, all in nats. Training weights the KL by the
    saved variable `kl_weight`, which `callbacks.KLWarmup` moves; evaluation always by `beta`.

    Args:
        encoder: Keras model from `(batch, *shape)` to `[z_mean, z_log_var]`, each `(batch, latent_dim)`.
        decoder: Keras model from `(batch, latent_dim)` to logits `(batch, *shape)` (Bernoulli), to the mean (Gaussian
            of unit variance) or to `[mean, log_var]` (Gaussian).
        reconstruction: `"bernoulli"` for data in [0, 1], or `"gaussian"`. Defaults to `"bernoulli"`.
        beta: Weight of the KL, a number >= 0. Defaults to 1.
        importance_samples: k, an integer >= 1; above 1, `beta` must be 1. Defaults to 1.
        **kwargs: `name` and `dtype` of a Keras model.

    Raises:
        ValueError: If the networks' shapes do not fit each other, or an argument is out of range.

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

    def __init__(self, encoder, decoder, reconstruction="bernoulli", beta=1.0, importance_samples=1, **kwargs):
        super().__init__(log_names=("reconstruction", "kl"), **kwargs)
        checks.choice("reconstruction", reconstruction, ["bernoulli", "gaussian"])
        checks.number("beta", beta)
        checks.integer("importance_samples", importance_samples)
        if importance_samples > 1 and beta != 1:
            raise ValueError(
                "`beta` must be 1 with several importance samples, whose bound has no separate KL. "
                f"Received: beta={beta}, importance_samples={importance_samples}"
            )
        self.encoder, self.decoder, self.reconstruction = encoder, decoder, reconstruction
        self.beta, self.importance_samples = beta, importance_samples
        self.example_shape, self.latent_dim = self._checked_shapes()
        self.kl_weight = self.add_weight(
            name="kl_weight", shape=(), dtype="float32", initializer=keras.initializers.Constant(beta), trainable=False
        )
        self.built = True

    def players(self):
        return (Player("vae", (self.encoder, self.decoder), self.negative_elbo),)

    def call(self, x, training=False):
        """Reconstruct `x` from the mean of its code: probabilities or means, never logits."""
        return self._mean(self.decoder(self.encoder(x, training=training)[0], training=training))

    def negative_elbo(self, x, training):
        """The loss and its parts, as a dict of scalars.

        Args:
            x: Tensor `(batch, *shape)`.
            training: Whether dropout and the like are on, and the KL is weighted by `kl_weight`.

        Returns:
            Dict with the negative bound first, then `reconstruction` and `kl`.
        """
        k = self.importance_samples
        z_mean, z_log_var = self.encoder(x, training=training)  # (batch, latent_dim)
        z_mean, z_log_var = ops.cast(z_mean, "float32"), ops.cast(z_log_var, "float32")
        kl = ops.mean(gaussian_kl(z_mean, z_log_var))
        if k == 1:
            z = reparameterize(z_mean, z_log_var, self.noise(training))  # (batch, latent_dim)
            nll = ops.mean(self._nll(x, self.decoder(z, training=training)))
            weight = self.kl_weight if training else self.beta
            return {"negative_elbo": nll + weight * kl, "reconstruction": nll, "kl": kl}
        z = reparameterize(z_mean, z_log_var, self.noise(training), samples=k)  # (batch, k, latent_dim)
        log_weights, nll = self._log_weights(x, z, z_mean, z_log_var, training)  # (batch, k)
        bound = ops.mean(ops.logsumexp(log_weights, axis=1)) - math.log(k)
        return {"negative_elbo": -bound, "reconstruction": ops.mean(nll), "kl": kl}

    def log_weights(self, x, samples, seed):
        """Logarithms of the importance weights p(x | z) p(z) / q(z | x) of draws from the posterior.

        Args:
            x: Tensor `(batch, *shape)`.
            samples: Number of draws an example.
            seed: A `keras.random.SeedGenerator` or an integer.

        Returns:
            float32 tensor `(batch, samples)`.
        """
        z_mean, z_log_var = (ops.cast(output, "float32") for output in self.encoder(x, training=False))
        z = reparameterize(z_mean, z_log_var, seed, samples=samples)
        return self._log_weights(x, z, z_mean, z_log_var, training=False)[0]

    def _log_weights(self, x, z, z_mean, z_log_var, training):
        k = z.shape[1]
        outputs = self.decoder(ops.reshape(z, (-1, self.latent_dim)), training=training)  # (batch * k, *shape)
        nll = ops.reshape(self._nll(ops.repeat(x, k, axis=0), outputs), (-1, k))  # (batch, k)
        # log p(z) - log q(z | x), where the constants of the two cancel
        log_ratio = 0.5 * ops.sum(
            z_log_var[:, None] + ops.square(z - z_mean[:, None]) * ops.exp(-z_log_var[:, None]) - ops.square(z), axis=-1
        )
        return log_ratio - nll, nll

    def _nll(self, x, outputs):
        if self.reconstruction == "bernoulli":
            return bernoulli_nll(x, outputs)
        return gaussian_nll(x, *outputs) if isinstance(outputs, (list, tuple)) else gaussian_nll(x, outputs)

    def _mean(self, outputs):
        if self.reconstruction == "bernoulli":
            return ops.sigmoid(outputs)
        return outputs[0] if isinstance(outputs, (list, tuple)) else outputs

    # numpy in, numpy out

    def posterior(self, x):
        """Mean and log-variance of each example's code.

        Args:
            x: Array `(n, *shape)`.

        Returns:
            The pair (z_mean, z_log_var) of float32 arrays `(n, latent_dim)`.
        """
        self.check_data(x)
        parts = [self.encoder.predict_on_batch(x[i : i + _BATCH]) for i in range(0, len(x), _BATCH)]
        return tuple(np.concatenate([part[side] for part in parts]).astype("float32") for side in (0, 1))

    def encode(self, x):
        """The mean of each example's code: array `(n, *shape)` -> float32 array `(n, latent_dim)`."""
        return self.posterior(x)[0]

    def decode(self, z):
        """Probabilities or means of the examples that codes stand for.

        Args:
            z: Array `(n, latent_dim)`.

        Returns:
            float32 array `(n, *shape)`.

        Raises:
            ValueError: If `z` is empty, not finite or of another width.
        """
        checks.array("z", z, shape=(self.latent_dim,))
        z = np.asarray(z, "float32")
        parts = [self._mean(self.decoder.predict_on_batch(z[i : i + _BATCH])) for i in range(0, len(z), _BATCH)]
        return np.concatenate([ops.convert_to_numpy(part) for part in parts]).astype("float32")

    def reconstruct(self, x):
        """Each example decoded from the mean of its code: array `(n, *shape)` -> float32 array of the same shape."""
        return self.decode(self.encode(x))

    def sample(self, n, seed=None):
        """Decode draws from the prior N(0, I); the training's random state is not touched.

        Args:
            n: Number of samples, an integer >= 1.
            seed: Integer, or `None` for other samples at each call. Defaults to `None`.

        Returns:
            float32 array `(n, *shape)` of probabilities or means.
        """
        n = checks.integer("n", n)
        return self.decode(np.random.default_rng(seed).standard_normal((n, self.latent_dim), "float32"))

    def kl_per_dimension(self, x):
        """Mean over the examples of the KL of each latent dimension, in nats: near 0 where a dimension is unused.

        Args:
            x: Array `(n, *shape)`.

        Returns:
            float32 array `(latent_dim,)`.
        """
        return ops.convert_to_numpy(ops.mean(gaussian_kl_per_dimension(*self.posterior(x)), axis=0))

    # The door

    def check_data(self, x, y=None):
        low_high = {"sigmoid": (0, 1), "tanh": (-1, 1)}.get(last_activations(self.decoder)[0])
        checks.array("x", x, self.example_shape, (0, 1) if self.reconstruction == "bernoulli" else low_high)

    def _checked_shapes(self):
        (example, *more), codes = shapes("encoder", self.encoder)
        (code, *more_codes), outputs = shapes("decoder", self.decoder)
        if more or len(codes) != 2 or codes[0] != codes[1] or len(codes[0]) != 1:
            raise ValueError(
                "`encoder` must map one input to [z_mean, z_log_var] of equal shape (batch, latent_dim). "
                f"Received: outputs of shapes {codes}, without the batch axis"
            )
        if more_codes or code != codes[0]:
            raise ValueError(
                f"`decoder` must take the encoder's code. Expected: input of shape {codes[0]}. Received: {code}"
            )
        allowed = 1 if self.reconstruction == "bernoulli" else 2
        if any(shape != example for shape in outputs) or len(outputs) > allowed:
            expected = f"{example}" if allowed == 1 else f"{example}, once (mean) or twice (mean, log_var)"
            raise ValueError(
                f"`decoder` must give the encoder's input shape. Expected: {expected}. Received: {outputs}"
            )
        last = last_activations(self.decoder)[0]
        if self.reconstruction == "bernoulli" and last in ("sigmoid", "softmax", "tanh"):
            raise ValueError(
                "`decoder` must end in logits with a Bernoulli likelihood. Expected: a last layer without activation. "
                f"Received: activation {last!r}"
            )
        return example, code[0]
