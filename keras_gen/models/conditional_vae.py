"""The variational autoencoder of examples with a condition."""

import keras
import numpy as np

from keras_gen import checks
from keras_gen.models.batches import by_batch
from keras_gen.models.conditions import Conditional, checked_classes, conditions_of
from keras_gen.models.vae import VAE

_BATCH = 1024  # examples at a time in the methods that take and return numpy


@keras.saving.register_keras_serializable(package="keras_gen")
class ConditionalVAE(Conditional, VAE):
    """Variational autoencoder of examples x with a condition y, which both networks take.

    It minimises the negative evidence lower bound of log p(x | y), mean over the batch of

        -log p(x | z, y) + beta * KL(q(z | x, y) || N(0, I)),    z drawn from q(z | x, y).

    The code z does not need to hold what the condition says: decoded with another condition, it gives the same style.
    A condition is integer labels, vectors, or several of these: `fit(x, labels)` or `fit(x, (labels, vectors))`.

    Args:
        encoder: Keras model from `[examples (batch, *shape), condition]` to `[z_mean, z_log_var]`, each
            `(batch, latent_dim)`; labels are `(batch,)`, vectors `(batch, width)`, and each further condition is one
            more input.
        decoder: Keras model from `[codes (batch, latent_dim), condition]` to what the decoder of `VAE` gives.
        num_classes: Number of classes, an integer >= 2, for labels in 0..num_classes - 1; `None` for vectors; a tuple
            with one of these for each of several conditions. Defaults to `None`.
        **kwargs: `reconstruction`, `beta` and `importance_samples` as in `VAE`; `name` and `dtype` of a Keras model.

    Example:

    >>> from keras_gen import networks
    >>> encoder = networks.mlp_encoder((8, 8, 1), (32,), 2, num_classes=10)
    >>> vae = ConditionalVAE(encoder, networks.mlp_decoder(2, (32,), (8, 8, 1), num_classes=10), 10)
    >>> vae.compile("adam")
    >>> x, labels = np.zeros((64, 8, 8, 1)), np.arange(64) % 10
    >>> history = vae.fit(x, labels, verbose=0)
    >>> vae.decode(vae.encode(x, labels), labels=np.full(64, 7)).shape, vae.sample(3, labels=[7, 7, 1]).shape
    ((64, 8, 8, 1), (3, 8, 8, 1))

    Reference:
        Sohn, Lee and Yan, 2015, Learning structured output representation using deep conditional generative models,
        NeurIPS 28; with labels: Kingma et al., 2014, arXiv:1406.5298, equation 2.
    """

    tasks = frozenset({"sample"})  # the other methods of a VAE need a condition here
    allow_missing = False  # whether labels may be -1

    def __init__(self, encoder, decoder, num_classes=None, **kwargs):
        self.condition = conditions_of("decoder", decoder, num_classes, self.allow_missing)
        super().__init__(encoder, decoder, **kwargs)
        self.num_classes = checked_classes((encoder, decoder), num_classes)
        if not self.uses_labels:
            self.tasks = frozenset()

    def call(self, inputs, training=False):
        """Reconstruct x from the mean of its code, for `[x, condition]`: probabilities or means, never logits."""
        _, *conditions = self.checked_inputs(inputs)
        z_mean, _ = self.encoder(inputs, training=training)
        return self.decoded(self.decoder([z_mean, *conditions], training=training))

    # numpy in, numpy out; `labels` is the condition of each example, in the form of fit's y

    def encoder_outputs(self, x, labels):
        """The pair (z_mean, z_log_var) of examples `(n, *shape)`: float32 arrays `(n, latent_dim)`."""
        self.data_description.x.check(np.asarray(x))
        given = self.given(labels, len(x))
        return tuple(
            by_batch(lambda *rows: self.encoder(rows, training=False), _BATCH, np.asarray(x, "float32"), *given)
        )

    posterior = encoder_outputs

    def encode(self, x, labels):
        """The mean of each code: array `(n, *shape)` -> float32 array `(n, latent_dim)`."""
        return self.encoder_outputs(x, labels)[0]

    def decode(self, z, labels):
        """Decode codes `(n, latent_dim)` under a condition: float32 array `(n, *shape)` of probabilities or means."""
        checks.array("z", z, shape=self.code_shape)
        return by_batch(self.from_latents, _BATCH, np.asarray(z, "float32"), *self.given(labels, len(z)))[0]

    generate = decode

    def reconstruct(self, x, labels):
        """Decode each example's code: array `(n, *shape)` -> float32 array of the same shape."""
        return self.decode(self.encode(x, labels), labels)

    def sample(self, n, seed=None, labels=None):
        """As `VAE.sample`, of the condition `labels`, `n` rows of `fit`'s y; by default the classes in turn."""
        return self.decode(self.draw_latents(n, seed), labels)

    def kl_per_dimension(self, x, labels):
        """As `VAE.kl_per_dimension`."""
        return super().kl_per_dimension(x, labels)
