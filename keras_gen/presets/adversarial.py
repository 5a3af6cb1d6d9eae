"""Set-ups of adversarial networks: dense, deep convolutional, conditional, Wasserstein."""

import keras

from keras_gen import checks, models, networks
from keras_gen.presets.widths import scaled


def gan(
    example_shape,
    latent_dim=64,
    width=1.0,
    units=(256, 512),
    adversarial_loss="non_saturating",
    label_smoothing=0.0,
    n_critic=1,
    latent="normal",
    ema=0.0,
    discriminator_warmup_steps=0,
    generator_warmup_steps=0,
    learning_rate=2e-4,
):
    """A GAN of dense layers.

    Args:
        example_shape: One example's shape.
        latent_dim: Width of the latents. Defaults to 64.
        width: Factor of all hidden widths; small ones are for tests. Defaults to 1.
        units: Hidden widths of the generator; the discriminator mirrors them. Defaults to (256, 512).
        adversarial_loss: non_saturating, minimax, maximum_likelihood, least_squares or hinge. Defaults to
            `"non_saturating"`.
        label_smoothing: How much of the real examples' label is taken away. Defaults to 0.
        n_critic: Moves of the discriminator for each of the generator. Defaults to 1.
        latent: normal or uniform. Defaults to `"normal"`.
        ema: Decay of the generator's moving average; 0 for none. Defaults to 0.
        discriminator_warmup_steps: First steps in which the generator holds still. Defaults to 0.
        generator_warmup_steps: Steps after these in which the discriminator holds still. Defaults to 0.
        learning_rate: Adam's, of both. Defaults to 2e-4.

    Returns:
        A compiled `models.GAN`, for data in [-1, 1].

    Example:

    >>> gan((8, 8, 1), width=0.1).latent_dim
    64

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661.
    """
    units = scaled(units, width)
    model = models.GAN(
        networks.mlp_generator(latent_dim, units, example_shape),
        networks.mlp_discriminator(example_shape, units[::-1]),
        latent_dim,
        adversarial_loss,
        label_smoothing,
        n_critic,
        latent,
        ema,
        discriminator_warmup_steps,
        generator_warmup_steps,
    )
    return _compiled(model, learning_rate, beta_1=0.5)


def dcgan(
    example_shape,
    latent_dim=100,
    width=1.0,
    filters=64,
    adversarial_loss="non_saturating",
    label_smoothing=0.0,
    dropout=0.0,
    n_critic=1,
    latent="uniform",
    ema=0.0,
    discriminator_warmup_steps=0,
    generator_warmup_steps=0,
    learning_rate=2e-4,
):
    """A deep convolutional GAN, as published.

    Args:
        example_shape: One image's shape `(height, width, channels)`; its sides are 4 to 7 times a power of two.
        latent_dim: Width of the latents. Defaults to 100.
        width: Factor of all channels; small ones are for tests. Defaults to 1.
        filters: Channels for each doubling of the sides. Defaults to 64.
        adversarial_loss: non_saturating, minimax, maximum_likelihood, least_squares or hinge. Defaults to
            `"non_saturating"`.
        label_smoothing: How much of the real examples' label is taken away. Defaults to 0.
        dropout: Rate of the discriminator's dropout. Defaults to 0.
        n_critic: Moves of the discriminator for each of the generator. Defaults to 1.
        latent: normal or uniform. Defaults to `"uniform"`.
        ema: Decay of the generator's moving average; 0 for none. Defaults to 0.
        discriminator_warmup_steps: First steps in which the generator holds still. Defaults to 0.
        generator_warmup_steps: Steps after these in which the discriminator holds still. Defaults to 0.
        learning_rate: Adam's, of both. Defaults to 2e-4.

    Returns:
        A compiled `models.GAN`, for data in [-1, 1].

    Example:

    >>> dcgan((8, 8, 1), width=0.1).generator.output_shape
    (None, 8, 8, 1)

    Reference:
        Radford, Metz and Chintala, 2016, arXiv:1511.06434, section 4.
    """
    filters = _scaled_filters(filters, width)
    model = models.GAN(
        networks.dcgan_generator(latent_dim, example_shape, filters),
        networks.dcgan_discriminator(example_shape, filters, dropout=dropout),
        latent_dim,
        adversarial_loss,
        label_smoothing,
        n_critic,
        latent,
        ema,
        discriminator_warmup_steps,
        generator_warmup_steps,
    )
    return _compiled(model, learning_rate, beta_1=0.5)


def conditional_gan(
    example_shape,
    latent_dim=100,
    width=1.0,
    num_classes=10,
    filters=32,
    adversarial_loss="non_saturating",
    label_smoothing=0.0,
    dropout=0.0,
    n_critic=1,
    latent="normal",
    ema=0.0,
    discriminator_warmup_steps=0,
    generator_warmup_steps=0,
    learning_rate=2e-4,
):
    """A deep convolutional GAN of labelled images, whose samples are of a wanted class.

    Args:
        example_shape: One image's shape `(height, width, channels)`; its sides are 4 to 7 times a power of two.
        latent_dim: Width of the latents. Defaults to 100.
        width: Factor of all channels; small ones are for tests. Defaults to 1.
        num_classes: Number of classes; labels are 0..num_classes - 1. Defaults to 10.
        filters: Channels for each doubling of the sides. Defaults to 32.
        adversarial_loss: non_saturating, minimax, maximum_likelihood, least_squares or hinge. Defaults to
            `"non_saturating"`.
        label_smoothing: How much of the real examples' label is taken away. Defaults to 0.
        dropout: Rate of the discriminator's dropout. Defaults to 0.
        n_critic: Moves of the discriminator for each of the generator. Defaults to 1.
        latent: normal or uniform. Defaults to `"normal"`.
        ema: Decay of the generator's moving average; 0 for none. Defaults to 0.
        discriminator_warmup_steps: First steps in which the generator holds still. Defaults to 0.
        generator_warmup_steps: Steps after these in which the discriminator holds still. Defaults to 0.
        learning_rate: Adam's, of both. Defaults to 2e-4.

    Returns:
        A compiled `models.ConditionalGAN`, for data in [-1, 1].

    Example:

    >>> conditional_gan((8, 8, 1), width=0.1, num_classes=3).sample(2, labels=[0, 2]).shape
    (2, 8, 8, 1)

    Reference:
        Mirza and Osindero, 2014, arXiv:1411.1784, with the networks of Radford, Metz and Chintala, 2016.
    """
    filters = _scaled_filters(filters, width)
    model = models.ConditionalGAN(
        networks.dcgan_generator(latent_dim, example_shape, filters, num_classes=num_classes),
        networks.dcgan_discriminator(example_shape, filters, dropout=dropout, num_classes=num_classes),
        latent_dim,
        num_classes,
        adversarial_loss,
        label_smoothing,
        n_critic,
        latent,
        ema,
        discriminator_warmup_steps,
        generator_warmup_steps,
    )
    return _compiled(model, learning_rate, beta_1=0.5)


def wgan(
    example_shape,
    latent_dim=100,
    width=1.0,
    filters=32,
    n_critic=5,
    clip=0.01,
    latent="normal",
    ema=0.0,
    discriminator_warmup_steps=0,
    generator_warmup_steps=0,
    learning_rate=5e-5,
):
    """A deep convolutional Wasserstein GAN with a clipped critic.

    Args:
        example_shape: One image's shape `(height, width, channels)`; its sides are 4 to 7 times a power of two.
        latent_dim: Width of the latents. Defaults to 100.
        width: Factor of all channels; small ones are for tests. Defaults to 1.
        filters: Channels for each doubling of the sides. Defaults to 32.
        n_critic: Moves of the critic for each of the generator. Defaults to 5.
        clip: Largest absolute weight of the critic. Defaults to 0.01.
        latent: normal or uniform. Defaults to `"normal"`.
        ema: Decay of the generator's moving average; 0 for none. Defaults to 0.
        discriminator_warmup_steps: First steps in which the generator holds still. Defaults to 0.
        generator_warmup_steps: Steps after these in which the discriminator holds still. Defaults to 0.
        learning_rate: RMSprop's, of both. Defaults to 5e-5.

    Returns:
        A compiled `models.WGAN`, for data in [-1, 1].

    Example:

    >>> wgan((8, 8, 1), width=0.1).n_critic
    5

    Reference:
        Arjovsky, Chintala and Bottou, 2017, arXiv:1701.07875, algorithm 1.
    """
    filters = _scaled_filters(filters, width)
    model = models.WGAN(
        networks.dcgan_generator(latent_dim, example_shape, filters),
        networks.dcgan_discriminator(example_shape, filters, name="critic"),
        latent_dim,
        n_critic,
        clip,
        latent,
        ema,
        discriminator_warmup_steps,
        generator_warmup_steps,
    )
    # Keras adds epsilon under the root, where 1e-7 would be far above the squared gradients of a clipped critic
    model.compile(keras.optimizers.RMSprop(_checked(learning_rate), epsilon=1e-16))
    return model


def wgan_gp(
    example_shape,
    latent_dim=100,
    width=1.0,
    filters=32,
    n_critic=5,
    gradient_penalty_weight=10.0,
    latent="normal",
    ema=0.0,
    discriminator_warmup_steps=0,
    generator_warmup_steps=0,
    learning_rate=1e-4,
):
    """A deep convolutional Wasserstein GAN with a penalty on the critic's gradient.

    Args:
        example_shape: One image's shape `(height, width, channels)`; its sides are 4 to 7 times a power of two.
        latent_dim: Width of the latents. Defaults to 100.
        width: Factor of all channels; small ones are for tests. Defaults to 1.
        filters: Channels for each doubling of the sides. Defaults to 32.
        n_critic: Moves of the critic for each of the generator. Defaults to 5.
        gradient_penalty_weight: Weight of the penalty. Defaults to 10.
        latent: normal or uniform. Defaults to `"normal"`.
        ema: Decay of the generator's moving average; 0 for none. Defaults to 0.
        discriminator_warmup_steps: First steps in which the generator holds still. Defaults to 0.
        generator_warmup_steps: Steps after these in which the discriminator holds still. Defaults to 0.
        learning_rate: Adam's, of both. Defaults to 1e-4.

    Returns:
        A compiled `models.WGANGP`, for data in [-1, 1].

    Example:

    >>> wgan_gp((8, 8, 1), width=0.1).gradient_penalty_weight
    10.0

    Reference:
        Gulrajani et al., 2017, arXiv:1704.00028, algorithm 1.
    """
    filters = _scaled_filters(filters, width)
    model = models.WGANGP(
        networks.dcgan_generator(latent_dim, example_shape, filters),
        networks.dcgan_discriminator(example_shape, filters, normalization=None, name="critic"),
        latent_dim,
        n_critic,
        gradient_penalty_weight,
        latent,
        ema,
        discriminator_warmup_steps,
        generator_warmup_steps,
    )
    return _compiled(model, learning_rate, beta_1=0.5, beta_2=0.9)


def _scaled_filters(filters, width):
    (filters,) = scaled((checks.integer("filters", filters),), width)
    return filters


def _compiled(model, learning_rate, **betas):
    model.compile(keras.optimizers.Adam(_checked(learning_rate), **betas))
    return model


def _checked(learning_rate):
    return checks.number("learning_rate", learning_rate)
