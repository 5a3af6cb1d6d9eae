"""Paired image-to-image translation, and super-resolution, by a generator with a reconstruction loss."""

import typing

import keras

from keras_gen import checks, losses
from keras_gen.losses.adversarial import AdversarialLoss, adversarial_pair
from keras_gen.models.translation import TranslationModel
from keras_gen.training.data_description import Component, DataDescription
from keras_gen.training.introspection import check_inputs, check_logits, output_range, shapes
from keras_gen.training.player import Player

Reconstruction = typing.Literal["l1", "squared_error"]


@keras.saving.register_keras_serializable(package="keras_gen")
class Pix2Pix(TranslationModel):
    """A generator G that translates images x into their counterparts y, with a discriminator D of pairs.

    min_G max_D  E log D(y, x) + E log(1 - D(G(x), x)) + reconstruction_weight * E d(y, G(x))

    d is the mean of |y - G(x)| or (y - G(x))^2, or of (F(y) - F(G(x)))^2 with a feature network F: with a generator
    that enlarges and `conditional=False` it is SRGAN. Without a discriminator only d is minimised, as for SRResNet.
    The discriminator's loss is halved, as published. `fit(x, y)` takes pairs. Logged: `loss` (the sum),
    `generator_loss` (adversarial), `reconstruction` (d), `discriminator_loss`.

    Args:
        generator: G, a Keras model from `(batch, *shape of x)` to `(batch, *shape of y)`.
        discriminator: D, a Keras model from `[y, x]`, or from `y` with `conditional=False`, to logits of any shape,
            without a last activation; `None` for none.
        adversarial_loss: As in `GAN`. Defaults to `"non_saturating"`.
        reconstruction: The distance d: `"l1"`, `"squared_error"`, or a Keras model F from y to one tensor or several,
            which is not trained. Defaults to `"l1"`.
        reconstruction_weight: Weight of the distance, a number >= 0; 1 without a discriminator. Defaults to 100.
        conditional: Whether the discriminator also sees x. Defaults to `True`.
        **kwargs: `name` and `dtype` of a Keras model.

    Example:

    >>> import numpy as np
    >>> from keras_gen import presets
    >>> model = presets.build("pix2pix", (8, 8, 1), width=0.05)
    >>> x = np.linspace(-1, 1, 4 * 64).reshape(4, 8, 8, 1)
    >>> history = model.fit(x, -x, batch_size=1, verbose=0)
    >>> model.translate(x).shape
    (4, 8, 8, 1)

    Reference:
        Isola, Zhu, Zhou and Efros, 2017, arXiv:1611.07004, equation 4 and section 3.3; features: Ledig et al., 2017,
        arXiv:1609.04802, equations 3 and 5.
    """

    def __init__(
        self, generator, discriminator, adversarial_loss: AdversarialLoss = "non_saturating",
        reconstruction: Reconstruction = "l1", reconstruction_weight=100.0, conditional=True, **kwargs,
    ):  # fmt: skip
        adversarial_pair(adversarial_loss)  # raises if it is invalid
        (x, *more), (y, *others) = shapes("generator", generator)
        if more or others:
            raise ValueError(f"`generator` must map one image to one. Received: {[x, *more]} to {[y, *others]}")
        if discriminator is not None:
            check_inputs("discriminator", discriminator, [y, x] if conditional else [y])
            check_logits("discriminator", discriminator)
        if isinstance(reconstruction, keras.Model):
            check_inputs("reconstruction", reconstruction, [y])
        else:
            checks.choice("reconstruction", reconstruction, typing.get_args(Reconstruction))
        span = output_range(generator)
        images = Component("x", x, span), Component("y", y, span, fills_range=span == (-1, 1))
        log_names = ("reconstruction", *(() if discriminator is None else ("generator_loss", "discriminator_loss")))
        super().__init__(DataDescription(*images), log_names, **kwargs)
        self.generator, self.discriminator, self.adversarial_loss = generator, discriminator, adversarial_loss
        self.reconstruction, self.conditional = reconstruction, bool(conditional)
        self.reconstruction_weight = checks.number("reconstruction_weight", reconstruction_weight)

    def players(self):
        generator = Player("generator", (self.generator,), self.generator_losses, shared_forward=self.translations)
        judge = self.discriminator
        return (*([] if judge is None else [Player("discriminator", (judge,), self.discriminator_losses)]), generator)

    def generators(self):
        return {"y": self.generator}

    def translations(self, batch, training):
        """G(x): tensor `(batch, *shape of y)`."""
        return self.generator(batch["x"], training=training)

    def logits(self, batch, y, training):
        """The discriminator's logits of real or generated counterparts y of a batch."""
        return self.discriminator([y, batch["x"]] if self.conditional else y, training=training)

    def discriminator_losses(self, batch, fakes, training):
        """The discriminator's loss, as a dict of a scalar."""
        loss, _ = adversarial_pair(self.adversarial_loss)
        real, fake = (self.logits(batch, y, training) for y in (batch["y"], fakes))
        return {"discriminator_loss": loss(real, fake) / 2}

    def generator_losses(self, batch, fakes, training):
        """What the generator minimises, and its parts, as a dict of scalars."""
        distance = self.distance(batch["y"], fakes)
        if self.discriminator is None:
            return {"total": distance, "reconstruction": distance}
        adversarial = adversarial_pair(self.adversarial_loss)[1](self.logits(batch, fakes, training))
        total = adversarial + self.reconstruction_weight * distance
        return {"total": total, "generator_loss": adversarial, "reconstruction": distance}

    def distance(self, y, fakes):
        """d, the mean distance between counterparts and translations: float32 scalar."""
        kind, compared = self.reconstruction, (y, fakes)
        if isinstance(kind, keras.Model):
            kind, compared = "squared_error", [kind(images, training=False) for images in compared]
        return losses.reconstruction_distance(*compared, kind)

    def predicted(self, batch, fakes, training):
        return batch["y"], fakes

    def call(self, x, training=False):
        """G(x)."""
        return self.generator(x, training=training)
