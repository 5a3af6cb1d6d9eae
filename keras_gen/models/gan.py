"""Generative adversarial networks of a discriminator that tells real from fake."""

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.losses.adversarial import ADVERSARIAL_LOSSES
from keras_gen.training.adversarial_model import AdversarialModel

_SMOOTHED = ("non_saturating", "minimax", "maximum_likelihood")  # those of a cross-entropy


@keras.saving.register_keras_serializable(package="keras_gen")
class GAN(AdversarialModel):
    """Generative adversarial network: a generator G against a discriminator D that tells its fakes from real examples.

    In each step the discriminator makes `n_critic` moves on fresh examples, then the generator one against the moved
    discriminator; with the original cross-entropy they play

        min_G max_D  E log D(x) + E log(1 - D(G(z))),    D = sigmoid(logit), z from the prior.

    The fakes of a move are made once, and the last ones are those that the generator moves by. A step thus takes
    `n_critic` batches of one move: `fit(batch_size=n_critic * b)` gives moves of b examples. Logged: `loss` (the sum),
    `discriminator_loss`, `generator_loss`.

    Args:
        generator: Keras model from latents `(batch, latent_dim)` to `(batch, *shape)`.
        discriminator: Keras model from `(batch, *shape)` to logits, without a last activation.
        latent_dim: Width of the latents, an integer >= 1.
        adversarial_loss: `"non_saturating"`, `"minimax"`, `"maximum_likelihood"`, `"least_squares"` or `"hinge"`.
            Defaults to `"non_saturating"`.
        label_smoothing: How much of the real examples' label is taken away, a number in [0, 1), for the first three
            losses. Defaults to 0.
        n_critic: Moves of the discriminator for each of the generator, an integer >= 1. Defaults to 1.
        latent: `"normal"` for N(0, I), or `"uniform"` for U[-1, 1]. Defaults to `"normal"`.
        ema: Decay of a moving average of the generator, which `sample` and `predict` then use, a number in [0, 1); 0
            for none. Defaults to 0.
        discriminator_warmup_steps: First steps in which the generator holds still and the discriminator learns to tell
            its untrained fakes, an integer >= 0. Defaults to 0.
        generator_warmup_steps: Steps after these in which the discriminator holds still, an integer >= 0. Then both
            move. Defaults to 0.
        **kwargs: `name` and `dtype` of a Keras model.

    Raises:
        ValueError: If the networks do not fit each other, the discriminator ends in an activation, or an argument is
            out of range.

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

    def __init__(
        self,
        generator,
        discriminator,
        latent_dim,
        adversarial_loss="non_saturating",
        label_smoothing=0.0,
        n_critic=1,
        latent="normal",
        ema=0.0,
        discriminator_warmup_steps=0,
        generator_warmup_steps=0,
        **kwargs,
    ):
        checks.choice("adversarial_loss", adversarial_loss, ADVERSARIAL_LOSSES)
        if checks.rate("label_smoothing", label_smoothing) and adversarial_loss not in _SMOOTHED:
            raise ValueError(
                f"`label_smoothing` is for losses of a cross-entropy. Expected: one of {list(_SMOOTHED)}. "
                f"Received: adversarial_loss={adversarial_loss!r}"
            )
        super().__init__(
            generator,
            discriminator,
            latent_dim,
            n_critic,
            latent,
            ema,
            discriminator_warmup_steps,
            generator_warmup_steps,
            ("discriminator_loss", "generator_loss"),
            **kwargs,
        )
        self.adversarial_loss, self.label_smoothing = adversarial_loss, label_smoothing

    def opponent_loss(self, batch, fakes, training):
        """The discriminator's loss, as a dict of scalars."""
        loss, _ = ADVERSARIAL_LOSSES[self.adversarial_loss]
        smoothing = {"label_smoothing": self.label_smoothing} if self.label_smoothing else {}
        return {"discriminator_loss": loss(*self.judged(batch, fakes, training), **smoothing)}

    def generator_loss(self, batch, fakes, training):
        """The generator's loss, as a dict of scalars."""
        _, loss = ADVERSARIAL_LOSSES[self.adversarial_loss]
        return {"generator_loss": loss(self.judged_fakes(batch, fakes, training))}


@keras.saving.register_keras_serializable(package="keras_gen")
class ConditionalGAN(GAN):
    """Generative adversarial network of labelled examples: both networks are told the class.

    min_G max_D  E log D(x, y) + E log(1 - D(G(z, y), y)),    y the labels of the batch.

    Args:
        generator: Keras model from `[latents (batch, latent_dim), labels (batch,)]` to `(batch, *shape)`.
        discriminator: Keras model from `[examples (batch, *shape), labels (batch,)]` to logits.
        latent_dim: Width of the latents, an integer >= 1.
        num_classes: Number of classes, an integer >= 2; labels are integers in 0..num_classes - 1.
        adversarial_loss, label_smoothing, n_critic, latent, ema, discriminator_warmup_steps, generator_warmup_steps:
            As in `GAN`.
        **kwargs: `name` and `dtype` of a Keras model.

    Raises:
        ValueError: As in `GAN`.

    Example:

    >>> from keras_gen import networks
    >>> generator = networks.mlp_generator(16, (32,), (8, 8, 1), num_classes=10)
    >>> gan = ConditionalGAN(generator, networks.mlp_discriminator((8, 8, 1), (32,), num_classes=10), 16, 10)
    >>> gan.compile("adam")
    >>> x, labels = np.linspace(-1, 1, 64 * 64).reshape(64, 8, 8, 1), np.arange(64) % 10
    >>> history = gan.fit(x, labels, verbose=0)
    >>> gan.sample(3, seed=0, labels=[7, 7, 1]).shape
    (3, 8, 8, 1)

    Reference:
        Mirza and Osindero, 2014, arXiv:1411.1784, equation 2.
    """

    uses_labels = True
    condition_shapes = ((),)

    def __init__(
        self,
        generator,
        discriminator,
        latent_dim,
        num_classes,
        adversarial_loss="non_saturating",
        label_smoothing=0.0,
        n_critic=1,
        latent="normal",
        ema=0.0,
        discriminator_warmup_steps=0,
        generator_warmup_steps=0,
        **kwargs,
    ):
        super().__init__(
            generator,
            discriminator,
            latent_dim,
            adversarial_loss,
            label_smoothing,
            n_critic,
            latent,
            ema,
            discriminator_warmup_steps,
            generator_warmup_steps,
            **kwargs,
        )
        self.num_classes = checks.integer("num_classes", num_classes, minimum=2)
        for network in (generator, discriminator):
            for layer in network._flatten_layers():
                if isinstance(layer, keras.layers.Embedding) and layer.input_dim < num_classes:
                    raise ValueError(
                        f"`{network.name}` knows fewer classes than the model. Expected: num_classes={num_classes}. "
                        f"Received: {layer.input_dim}"
                    )

    def call(self, inputs, training=False):
        """What the generator, or its moving average, makes of `[latents, labels]`."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ValueError(
                f"{type(self).__name__} makes examples of latents and labels. Expected: predict([z, labels]). "
                f"Received: {type(inputs).__name__}"
            )
        told = keras.backend.standardize_dtype(inputs[1].dtype)
        if "int" not in told:
            raise ValueError(f"`labels` must be integers. Expected: such as int32. Received: {told}")
        return super().call(inputs, training=training)

    def fakes(self, batch, training):
        """One generated example for each label of the batch: tensor `(batch, *shape)`."""
        _, labels = batch
        return self.generator([self.latents(ops.shape(labels)[0], training), labels], training=training)

    def judged(self, batch, fakes, training):
        x, labels = batch
        return self.opponent([x, labels], training=training), self.judged_fakes(batch, fakes, training)

    def judged_fakes(self, batch, fakes, training):
        return self.opponent([fakes, batch[1]], training=training)

    def generate(self, z, labels):
        """Examples that latents and labels stand for.

        Args:
            z: Array `(n, latent_dim)`.
            labels: Integers `(n,)`.

        Returns:
            float32 array `(n, *shape)`, in the generator's own range.

        Raises:
            ValueError: If an array is of another shape, or a label is no class.
        """
        checks.array("z", z, shape=(self.latent_dim,))
        return self._generated(np.asarray(z, "float32"), self._checked_labels(labels, len(z)))

    def sample(self, n, seed=None, labels=None):
        """Examples of latents drawn from the prior; the training's random state is not touched.

        Args:
            n: Number of samples, an integer >= 1.
            seed: Integer, or `None` for other samples at each call. Defaults to `None`.
            labels: Integers `(n,)`, or `None` for 0, 1, ..., num_classes - 1 in turn. Defaults to `None`.

        Returns:
            float32 array `(n, *shape)`, in the generator's own range.

        Raises:
            ValueError: If there are not n labels, or a label is no class.
        """
        z = self.draw_latents(n, seed)
        return self.generate(z, np.arange(n) % self.num_classes if labels is None else labels)

    def check_data(self, x, y=None):
        super().check_data(x)
        if y is None:
            raise ValueError(f"{type(self).__name__} needs labels. Expected: fit(x, labels). Received: x alone")
        self._checked_labels(y, len(x))

    def limits(self):
        return {**super().limits(), "labels": (0, self.num_classes - 1)}

    def _checked_labels(self, labels, n):
        labels = np.asarray(labels)
        if labels.shape != (n,) or labels.dtype.kind not in "iu":
            raise ValueError(
                f"`labels` must be one integer for each example. Expected: shape ({n},). "
                f"Received: shape {labels.shape}, dtype {labels.dtype}"
            )
        foreign = np.unique(labels[(labels < 0) | (labels >= self.num_classes)])
        if len(foreign):
            told = ", ".join(str(label) for label in foreign[:5]) + (", ..." if len(foreign) > 5 else "")
            raise ValueError(f"`labels` must be in 0..{self.num_classes - 1}. Received: {told}")
        return labels
