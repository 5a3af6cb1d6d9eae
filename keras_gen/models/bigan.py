"""The bidirectional GAN: a generator, and the encoder that inverts it."""

import typing

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.losses.adversarial import adversarial_pair
from keras_gen.models.adversarial import AdversarialModel
from keras_gen.models.batches import by_batch
from keras_gen.training.introspection import shapes

_BATCH = 256  # examples at a time in the methods that take and return numpy
PairLoss = typing.Literal["non_saturating", "least_squares", "hinge"]


@keras.saving.register_keras_serializable(package="keras_gen")
class BiGAN(AdversarialModel):
    """Bidirectional GAN: the discriminator sees pairs of an example and latents, from an encoder E or a generator G.

    min_{G,E} max_D  E log D(x, E(x)) + E log(1 - D(G(z), z)),    D = sigmoid(logit), z from the prior.

    At the optimum the two kinds of pairs have the same distribution, and E inverts G. The generator and the encoder
    minimise the discriminator's loss with its labels exchanged, which does not saturate. As in `GAN`,
    `fit(batch_size=n_critic * b)` gives updates of b examples. Logged: `loss` (the sum), `discriminator_loss`,
    `generator_loss` (of both).

    Args:
        generator: G, a Keras model from latents `(batch, latent_dim)` to `(batch, *shape)`.
        encoder: E, a Keras model from `(batch, *shape)` to latents `(batch, latent_dim)`.
        discriminator: Keras model from `[examples (batch, *shape), latents (batch, latent_dim)]` to logits, without a
            last activation.
        latent_dim: Width of the latents, the generator's random input, an integer >= 1.
        adversarial_loss: `"non_saturating"`, the cross-entropy, `"least_squares"` or `"hinge"`. Defaults to
            `"non_saturating"`.
        **kwargs: `n_critic`, `latent`, `ema`, `discriminator_warmup_steps`, `generator_warmup_steps` and `augmentation`
            as in `models.AdversarialModel`; `name` and `dtype` of a Keras model.

    Example:

    >>> from keras_gen import networks
    >>> generator, encoder = networks.mlp_generator(3, (9,), (8, 8, 1)), networks.mlp_encoder((8, 8, 1), (), 3, heads=1)
    >>> bigan = BiGAN(generator, encoder, networks.mlp_discriminator((8, 8, 1), (9,), condition_dim=3), latent_dim=3)
    >>> bigan.compile()
    >>> x = np.linspace(-1, 1, 64 * 64).reshape(64, 8, 8, 1)
    >>> history = bigan.fit(x, verbose=0)
    >>> bigan.encode(x).shape, bigan.reconstruct(x).shape
    ((64, 3), (64, 8, 8, 1))

    Reference:
        Donahue, Krähenbühl and Darrell, 2017, arXiv:1605.09782, section 3 (the exchanged labels: section 3.4);
        Dumoulin et al., 2017, arXiv:1606.00704.
    """

    tasks = frozenset({"sample", "encode", "reconstruct"})
    judges_latents = True

    def __init__(
        self, generator, encoder, discriminator, latent_dim, adversarial_loss: PairLoss = "non_saturating", **kwargs
    ):
        self.adversarial_loss = checks.choice("adversarial_loss", adversarial_loss, typing.get_args(PairLoss))
        log_names = ("discriminator_loss", "generator_loss")
        super().__init__(generator, discriminator, None, log_names, latent_dim=latent_dim, **kwargs)
        inputs, outputs = shapes("encoder", encoder)
        fits = len(inputs) == 1 and checks.shapes_agree(inputs[0], self.example_shape) and outputs == [(latent_dim,)]
        if not fits:
            raise ValueError(
                f"`encoder` must map examples to latents. Expected: {self.example_shape} to {(latent_dim,)}. "
                f"Received: inputs of shapes {inputs}, outputs of shapes {outputs}"
            )
        self.encoder = encoder

    def generators(self):
        return self.generator, self.encoder

    def fakes(self, batch, training):
        """The triple of generated examples `(batch, *shape)`, their latents, and the codes of the batch."""
        z = self.latents(ops.shape(batch["x"])[0], training)  # (batch, latent_dim)
        return self.generator(z, training=training), z, self.encoder(batch["x"], training=training)

    def augmented_fakes(self, fakes, training):
        generated, z, codes = fakes
        return self.augmented(generated, training), z, codes

    def discriminator_losses(self, batch, fakes, training):
        """The discriminator's loss, as a dict of scalars."""
        encoded, generated = self.pair_logits(batch, fakes, training)
        loss, _ = adversarial_pair(self.adversarial_loss)
        return {"discriminator_loss": loss(encoded, generated)}

    def generator_losses(self, batch, fakes, training):
        """The loss of the generator and the encoder, as a dict of scalars."""
        encoded, generated = self.pair_logits(batch, fakes, training)
        loss, _ = adversarial_pair(self.adversarial_loss)
        return {"generator_loss": loss(generated, encoded)}

    def pair_logits(self, batch, fakes, training):
        """The logits of pairs (x, E(x)), and those of pairs (G(z), z)."""
        generated, z, codes = fakes
        encoded = self.adversary([batch["x"], codes], training=training)
        return encoded, self.adversary([generated, z], training=training)

    # numpy in, numpy out

    def encode(self, x):
        """The latents of each example: array `(n, *shape)` -> float32 array `(n, latent_dim)`."""
        self.data_description.check(x)
        return by_batch(lambda rows: self.encoder(np.asarray(rows, "float32"), training=False), _BATCH, x)[0]

    def decode(self, z):
        """The same as `generate`, for latents `(n, latent_dim)`."""
        return self.generate(z)

    def reconstruct(self, x):
        """Generate each example from its latents: array `(n, *shape)` -> float32 array of the same shape."""
        return self.decode(self.encode(x))
