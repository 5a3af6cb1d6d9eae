"""Wasserstein GANs: with weight clipping, and with a gradient penalty."""

import functools

import keras
from keras import ops

from keras_gen import checks, losses
from keras_gen.models.adversarial import AdversarialModel


class _CriticModel(AdversarialModel):
    """Base of both Wasserstein GANs: the losses E f(G(z)) - E f(x) of the critic f, and -E f(G(z)) of G."""

    discriminator_name = "critic"

    def discriminator_losses(self, batch, fakes, training):
        """The critic's loss and its estimate of the distance, as a dict of scalars."""
        real, fake = self.real_logits(batch, training), self.fake_logits(batch, fakes, training)
        loss = losses.wasserstein_discriminator_loss(real, fake)
        return {"critic_loss": loss, "wasserstein": -loss}

    def generator_losses(self, batch, fakes, training):
        """The generator's loss, as a dict of scalars."""
        return {"generator_loss": losses.wasserstein_generator_loss(self.fake_logits(batch, fakes, training))}


@keras.saving.register_keras_serializable(package="keras_gen")
class WGAN(_CriticModel):
    """Wasserstein GAN: the critic f estimates the distance between real and fake examples, which G minimises.

    min_G max_f  E f(x) - E f(G(z)),    every weight of f clipped to [-clip, clip] after each of its updates.

    As in `GAN`, `fit(batch_size=n_critic * b)` gives updates of b examples. Logged: `loss` (the sum), `critic_loss`,
    `wasserstein` (the estimate, E f(x) - E f(G(z))), `generator_loss`.

    Args:
        generator: Keras model from latents `(batch, latent_dim)` to `(batch, *shape)`.
        critic: Keras model from `(batch, *shape)` to values, without a last activation.
        latent_dim: Width of the latents, the generator's random input, an integer >= 1.
        n_critic: Updates of the critic per update of the generator, an integer >= 1. Defaults to 5.
        clip: Largest absolute value of the critic's weights, a number > 0: larger weights are clipped after each
            update. Defaults to 0.01.
        **kwargs: `latent`, `ema`, `discriminator_warmup_steps`, `generator_warmup_steps` and `augmentation` as in
            `models.AdversarialModel`; `name` and `dtype` of a Keras model.

    Example:

    >>> import numpy as np
    >>> from keras_gen import networks
    >>> wgan = WGAN(networks.mlp_generator(16, (32,), (8, 8, 1)), networks.mlp_discriminator((8, 8, 1), (32,)), 16)
    >>> wgan.compile()  # RMSprop with the published learning rate of 5e-5
    >>> history = wgan.fit(np.linspace(-1, 1, 64 * 64).reshape(64, 8, 8, 1), verbose=0)
    >>> max(float(ops.max(ops.abs(weight))) for weight in wgan.critic.trainable_weights) <= 0.01
    True

    Reference:
        Arjovsky, Chintala and Bottou, 2017, arXiv:1701.07875, algorithm 1.
    """

    # Keras adds epsilon under the root, where 1e-7 would be far above the squared gradients of a clipped critic
    default_optimizer = keras.optimizers.RMSprop
    optimizer_settings = {"learning_rate": 5e-5, "epsilon": 1e-16}

    def __init__(self, generator, critic, latent_dim, n_critic=5, clip=0.01, **kwargs):
        checks.positive("clip", clip)
        log_names = ("critic_loss", "wasserstein", "generator_loss")
        super().__init__(generator, critic, None, log_names, latent_dim=latent_dim, n_critic=n_critic, **kwargs)
        self.clip = clip

    def constrain(self):
        phased = self.discriminator_warmup_steps or self.generator_warmup_steps
        for weight in self.critic.trainable_weights:
            clipped = ops.clip(weight, -self.clip, self.clip)
            weight.assign(ops.where(self.discriminator_is_active(), clipped, weight) if phased else clipped)


@keras.saving.register_keras_serializable(package="keras_gen")
class WGANGP(_CriticModel):
    """Wasserstein GAN with a gradient penalty, which keeps the norm of the critic's gradient near 1.

    min_G max_f  E f(x) - E f(G(z)) - weight * E (||d f / d x^||_2 - 1)^2,    x^ between a real and a generated example.

    As in `GAN`, `fit(batch_size=n_critic * b)` gives updates of b examples. Logged: `loss` (the sum), `critic_loss`
    (with the penalty), `wasserstein` (the estimate, E f(x) - E f(G(z))), `gradient_penalty` (before its weight),
    `generator_loss`.

    Args:
        critic: Keras model from `(batch, *shape)` to values, without a last activation, and without
            `BatchNormalization`, which makes each value depend on the whole batch.
        gradient_penalty_weight: Weight of the penalty on gradients of the critic whose norm is not 1, a number >= 0.
            Defaults to 10.
        generator, latent_dim, n_critic, **kwargs: As in `WGAN`.

    Example:

    >>> import numpy as np
    >>> from keras_gen import networks
    >>> wgan = WGANGP(networks.mlp_generator(16, (32,), (8, 8, 1)), networks.mlp_discriminator((8, 8, 1), (32,)), 16)
    >>> wgan.compile()  # Adam with a learning rate of 1e-4, beta_1 = 0.5 and beta_2 = 0.9
    >>> history = wgan.fit(np.linspace(-1, 1, 64 * 64).reshape(64, 8, 8, 1), verbose=0)
    >>> sorted(history.history)
    ['critic_loss', 'generator_loss', 'gradient_penalty', 'loss', 'wasserstein']

    Reference:
        Gulrajani et al., 2017, arXiv:1704.00028, algorithm 1.
    """

    optimizer_settings = {"learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.9}

    def __init__(self, generator, critic, latent_dim, n_critic=5, gradient_penalty_weight=10.0, **kwargs):
        log_names = ("critic_loss", "wasserstein", "gradient_penalty", "generator_loss")
        super().__init__(generator, critic, None, log_names, latent_dim=latent_dim, n_critic=n_critic, **kwargs)
        self.gradient_penalty_weight = checks.number("gradient_penalty_weight", gradient_penalty_weight)
        if any(isinstance(layer, keras.layers.BatchNormalization) for layer in critic._flatten_layers()):
            raise ValueError(
                "`critic` must judge each example by itself, because the penalty is computed per example. "
                "Expected: LayerNormalization or none. Received: BatchNormalization"
            )
        if any(side != 1 for side in critic.outputs[0].shape[1:]):
            raise ValueError(
                "`critic` must give one value per example. Expected: output (batch, 1). "
                f"Received: {tuple(critic.outputs[0].shape)}"
            )

    def discriminator_losses(self, batch, fakes, training):
        """The critic's loss with the penalty, and its parts, as a dict of scalars."""
        values = super().discriminator_losses(batch, fakes, training)
        critic, seed = functools.partial(self.critic, training=training), self.seed_generator_for(training)
        penalty = losses.gradient_penalty(critic, batch["x"], fakes, seed)
        loss = values["critic_loss"] + self.gradient_penalty_weight * penalty
        return {**values, "critic_loss": loss, "gradient_penalty": penalty}
