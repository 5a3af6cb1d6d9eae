"""Generative adversarial networks whose discriminator classifies examples as real or fake."""

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.losses.adversarial import AdversarialLoss, adversarial_pair
from keras_gen.models.adversarial import AdversarialModel
from keras_gen.models.conditions import Conditional, checked_classes, conditions_of

_SMOOTHED = ("non_saturating", "minimax", "maximum_likelihood")  # those of a cross-entropy


@keras.saving.register_keras_serializable(package="keras_gen")
class GAN(AdversarialModel):
    """Generative adversarial network: a generator G and a discriminator D of real and fake examples.

    In each step the discriminator is updated `n_critic` times on fresh examples, then the generator once against the
    updated discriminator; with the original cross-entropy they play

        min_G max_D  E log D(x) + E log(1 - D(G(z))),    D = sigmoid(logit), z from the prior.

    A step takes `n_critic` batches, one per update: `fit(batch_size=n_critic * b)` gives updates of b examples. The
    generator's update uses the fakes of the discriminator's first update. Logged: `loss` (the sum),
    `discriminator_loss`, `generator_loss`.

    Args:
        generator: Keras model from latents `(batch, latent_dim)` to `(batch, *shape)`.
        discriminator: Keras model from `(batch, *shape)` to logits, without a last activation.
        latent_dim: Width of the latents, the generator's random input, an integer >= 1.
        adversarial_loss: `"non_saturating"`, `"minimax"`, `"maximum_likelihood"`, `"least_squares"` or `"hinge"`; a
            pair of callables, `(real_logits, fake_logits)` for the discriminator and `(fake_logits)` for the generator,
            that give scalars; or an object with these as methods `discriminator_loss` and `generator_loss`. Callables
            and objects are saved as Keras saves custom objects: register them. Defaults to `"non_saturating"`.
        label_smoothing: Number in [0, 1) subtracted from the label 1 of real examples, which keeps the discriminator
            from becoming overconfident; for `"non_saturating"`, `"minimax"` and `"maximum_likelihood"`. Defaults to 0.
        **kwargs: `n_critic`, `latent`, `ema`, `discriminator_warmup_steps`, `generator_warmup_steps` and `augmentation`
            as in `models.AdversarialModel`; `name` and `dtype` of a Keras model.

    Example:

    >>> from keras_gen import networks
    >>> gan = GAN(networks.mlp_generator(16, (32,), (8, 8, 1)), networks.mlp_discriminator((8, 8, 1), (32,)), 16)
    >>> gan.compile({"discriminator": keras.optimizers.Adam(1e-3), "generator": keras.optimizers.Adam(1e-3)})
    >>> history = gan.fit(np.linspace(-1, 1, 64 * 64).reshape(64, 8, 8, 1), verbose=0)
    >>> gan.sample(3, seed=0).shape
    (3, 8, 8, 1)

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661, algorithm 1.
    """

    condition = None  # the component, or several, that both networks also take

    def __init__(
        self,
        generator,
        discriminator,
        latent_dim,
        adversarial_loss: AdversarialLoss = "non_saturating",
        label_smoothing=0.0,
        **kwargs,
    ):
        adversarial_pair(adversarial_loss)  # raises if it is invalid
        if checks.rate("label_smoothing", label_smoothing) and adversarial_loss not in _SMOOTHED:
            raise ValueError(
                f"`label_smoothing` is for losses of a cross-entropy. Expected: one of {list(_SMOOTHED)}. "
                f"Received: adversarial_loss={adversarial_loss!r}"
            )
        log_names = ("discriminator_loss", "generator_loss")
        super().__init__(generator, discriminator, self.condition, log_names, latent_dim=latent_dim, **kwargs)
        self.adversarial_loss, self.label_smoothing = adversarial_loss, label_smoothing

    def discriminator_losses(self, batch, fakes, training):
        """The discriminator's loss, as a dict of scalars."""
        loss, _ = adversarial_pair(self.adversarial_loss)
        smoothing = {"label_smoothing": self.label_smoothing} if self.label_smoothing else {}
        real, fake = self.real_logits(batch, training), self.fake_logits(batch, fakes, training)
        return {"discriminator_loss": loss(real, fake, **smoothing)}

    def generator_losses(self, batch, fakes, training):
        """The generator's loss, as a dict of scalars."""
        _, loss = adversarial_pair(self.adversarial_loss)
        return {"generator_loss": loss(self.fake_logits(batch, fakes, training))}


@keras.saving.register_keras_serializable(package="keras_gen")
class ConditionalGAN(Conditional, GAN):
    """Generative adversarial network of examples with a condition, which both networks take.

    min_G max_D  E log D(x, y) + E log(1 - D(G(z, y), y)),    y the conditions of the batch.

    A condition is integer labels, vectors (attributes, an embedding, a caption's tokens), or several of these:
    `fit(x, labels)`, `fit(x, vectors)` or `fit(x, (labels, vectors))`.

    Args:
        generator: Keras model from `[latents (batch, latent_dim), condition]` to `(batch, *shape)`; labels are
            `(batch,)`, vectors `(batch, width)`. Each further condition is one more input, and the inputs' names are
            those of the conditions in messages.
        discriminator: Keras model from `[examples (batch, *shape), condition]` to logits.
        latent_dim: Width of the latents, the generator's random input, an integer >= 1.
        num_classes: Number of classes, an integer >= 2, for labels in 0..num_classes - 1; `None` for vectors; a tuple
            with one of these for each of several conditions. Defaults to `None`.
        **kwargs: As in `GAN`.

    Example:

    >>> from keras_gen import networks
    >>> generator = networks.mlp_generator(16, (32,), (8, 8, 1), num_classes=10)
    >>> gan = ConditionalGAN(generator, networks.mlp_discriminator((8, 8, 1), (32,), num_classes=10), 16, 10)
    >>> gan.compile()
    >>> x, labels = np.linspace(-1, 1, 64 * 64).reshape(64, 8, 8, 1), np.arange(64) % 10
    >>> history = gan.fit(x, labels, verbose=0)
    >>> gan.sample(3, seed=0, labels=[7, 7, 1]).shape
    (3, 8, 8, 1)

    Reference:
        Mirza and Osindero, 2014, arXiv:1411.1784, equation 2.
    """

    def __init__(self, generator, discriminator, latent_dim, num_classes=None, **kwargs):
        self.condition = conditions_of("generator", generator, num_classes)
        super().__init__(generator, discriminator, latent_dim, **kwargs)
        self.num_classes = checked_classes((generator, discriminator), num_classes)
        if not self.uses_labels:
            self.tasks = self.tasks - {"sample"}  # which needs a condition

    def call(self, inputs, training=False):
        """Generate examples from `[latents, condition]`, with the generator's moving average if there is one."""
        return super().call(self.checked_inputs(inputs), training=training)

    def fakes(self, batch, training):
        """One generated example for each condition of the batch: tensor `(batch, *shape)`."""
        z = self.latents(ops.shape(batch["x"])[0], training)
        return self.generator(self.conditioned(z, batch), training=training)

    def real_logits(self, batch, training):
        return self.adversary(self.conditioned(batch["x"], batch), training=training)

    def fake_logits(self, batch, fakes, training):
        return self.adversary(self.conditioned(fakes, batch), training=training)

    def generate(self, z, labels):
        """As `GAN.generate`, with `labels`, the condition of each example in the form of `fit`'s y."""
        checks.array("z", z, shape=(self.latent_dim,))
        return self._generated(np.asarray(z, "float32"), *self.given(labels, len(z)))

    def sample(self, n, seed=None, labels=None):
        """As `GAN.sample`, of the condition `labels`, `n` rows of `fit`'s y; by default the classes in turn."""
        return self.generate(self.draw_latents(n, seed), labels)
