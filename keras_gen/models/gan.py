"""Generative adversarial networks whose discriminator classifies examples as real or fake."""

import keras
import numpy as np
from keras import InputSpec, ops

from keras_gen import checks
from keras_gen.losses.adversarial import AdversarialLoss, adversarial_pair
from keras_gen.models.adversarial import AdversarialModel
from keras_gen.training.data_description import Component

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

    condition = None  # the component that both networks also take

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
class ConditionalGAN(GAN):
    """Generative adversarial network of labelled examples: both networks take the class.

    min_G max_D  E log D(x, y) + E log(1 - D(G(z, y), y)),    y the labels of the batch.

    Args:
        generator: Keras model from `[latents (batch, latent_dim), labels (batch,)]` to `(batch, *shape)`.
        discriminator: Keras model from `[examples (batch, *shape), labels (batch,)]` to logits.
        latent_dim: Width of the latents, the generator's random input, an integer >= 1.
        num_classes: Number of classes, an integer >= 2; labels are integers in 0..num_classes - 1.
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

    def __init__(self, generator, discriminator, latent_dim, num_classes, **kwargs):
        num_classes = checks.integer("num_classes", num_classes, minimum=2)
        self.condition = Component("labels", (), num_classes=num_classes)
        super().__init__(generator, discriminator, latent_dim, **kwargs)
        self.num_classes = num_classes
        for network in (generator, discriminator):
            for layer in network._flatten_layers():
                if isinstance(layer, keras.layers.Embedding) and layer.input_dim < num_classes:
                    raise ValueError(
                        f"`{network.name}` has fewer classes than the model. Expected: num_classes={num_classes}. "
                        f"Received: {layer.input_dim}"
                    )

    def call(self, inputs, training=False):
        """Generate examples from `[latents, labels]`, with the moving average of the generator if there is one."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ValueError(
                f"{type(self).__name__} takes latents and labels. Expected: predict([z, labels]). "
                f"Received: {type(inputs).__name__}"
            )
        dtype = keras.backend.standardize_dtype(inputs[1].dtype)
        if "int" not in dtype:
            raise ValueError(f"`labels` must be integers. Expected: such as int32. Received: {dtype}")
        return super().call(inputs, training=training)

    def input_specs(self):
        return [super().input_specs(), InputSpec(shape=(None,), dtype="int32")]

    def fakes(self, batch, training):
        """One generated example for each label of the batch: tensor `(batch, *shape)`."""
        labels = batch["labels"]
        return self.generator([self.latents(ops.shape(labels)[0], training), labels], training=training)

    def real_logits(self, batch, training):
        return self.adversary([batch["x"], batch["labels"]], training=training)

    def fake_logits(self, batch, fakes, training):
        return self.adversary([fakes, batch["labels"]], training=training)

    def generate(self, z, labels):
        """As `GAN.generate`, with `labels`, integers `(n,)`: float32 array `(n, *shape)`."""
        checks.array("z", z, shape=(self.latent_dim,))
        labels = np.asarray(labels)
        if labels.shape != (len(z),):
            raise ValueError(
                f"`labels` must be one integer for each example. Expected: shape ({len(z)},). Received: {labels.shape}"
            )
        self.data_description.y.check(labels)
        return self._generated(np.asarray(z, "float32"), labels)

    def sample(self, n, seed=None, labels=None):
        """As `GAN.sample`, of the classes `labels`, integers `(n,)`; by default 0, 1, ..., num_classes - 1 in turn."""
        z = self.draw_latents(n, seed)
        return self.generate(z, np.arange(n) % self.num_classes if labels is None else labels)
