"""Presets of adversarial networks, for data in [-1, 1]: dense, deep convolutional, conditional, Wasserstein."""

import keras

from keras_gen import models, networks
from keras_gen.presets.registry import compiled, preset, scaled


@preset("gan", model=models.GAN)
def gan(example_shape, latent_dim=64, width=1.0, units=(256, 512), learning_rate=2e-4, **options):
    """A GAN of dense layers.

    Args:
        units: Hidden widths of the generator; the discriminator mirrors them.

    Example:

    >>> gan((8, 8, 1), width=0.1).latent_dim
    64

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661.
    """
    units = scaled("units", units, width)
    generator = networks.mlp_generator(latent_dim, units, example_shape)
    discriminator = networks.mlp_discriminator(example_shape, units[::-1])
    model = models.GAN(generator, discriminator, latent_dim, **options)
    return compiled(model, keras.optimizers.Adam, learning_rate, beta_1=0.5)


@preset("dcgan", model=models.GAN)
def dcgan(
    example_shape, latent_dim=100, width=1.0, filters=64, dropout=0.0, latent="uniform", learning_rate=2e-4, **options
):
    """A deep convolutional GAN, as published.

    Args:
        example_shape: One image's shape `(height, width, channels)`; its sides are 4 to 7 times a power of two.
        filters: Channels for each doubling of the sides.

    Example:

    >>> dcgan((8, 8, 1), width=0.1).generator.output_shape
    (None, 8, 8, 1)

    Reference:
        Radford, Metz and Chintala, 2016, arXiv:1511.06434, section 4.
    """
    filters = scaled("filters", filters, width)
    generator = networks.dcgan_generator(latent_dim, example_shape, filters)
    discriminator = networks.dcgan_discriminator(example_shape, filters, dropout=dropout)
    model = models.GAN(generator, discriminator, latent_dim, latent=latent, **options)
    return compiled(model, keras.optimizers.Adam, learning_rate, beta_1=0.5)


@preset("conditional-gan", model=models.ConditionalGAN)
def conditional_gan(
    example_shape, latent_dim=100, width=1.0, num_classes=10, filters=32, dropout=0.0, learning_rate=2e-4, **options
):
    """A deep convolutional GAN of labelled images, which samples the class that is asked for.

    Args:
        example_shape: One image's shape `(height, width, channels)`; its sides are 4 to 7 times a power of two.
        filters: Channels for each doubling of the sides.

    Example:

    >>> conditional_gan((8, 8, 1), width=0.1, num_classes=3).sample(2, labels=[0, 2]).shape
    (2, 8, 8, 1)

    Reference:
        Mirza and Osindero, 2014, arXiv:1411.1784, with the networks of Radford, Metz and Chintala, 2016.
    """
    filters = scaled("filters", filters, width)
    generator = networks.dcgan_generator(latent_dim, example_shape, filters, num_classes=num_classes)
    discriminator = networks.dcgan_discriminator(example_shape, filters, dropout=dropout, num_classes=num_classes)
    model = models.ConditionalGAN(generator, discriminator, latent_dim, num_classes, **options)
    return compiled(model, keras.optimizers.Adam, learning_rate, beta_1=0.5)


@preset("wgan", model=models.WGAN)
def wgan(example_shape, latent_dim=100, width=1.0, filters=32, learning_rate=5e-5, **options):
    """A deep convolutional Wasserstein GAN with a clipped critic.

    Args:
        example_shape: One image's shape `(height, width, channels)`; its sides are 4 to 7 times a power of two.
        filters: Channels for each doubling of the sides.

    Example:

    >>> wgan((8, 8, 1), width=0.1).n_critic
    5

    Reference:
        Arjovsky, Chintala and Bottou, 2017, arXiv:1701.07875, algorithm 1.
    """
    filters = scaled("filters", filters, width)
    generator = networks.dcgan_generator(latent_dim, example_shape, filters)
    critic = networks.dcgan_discriminator(example_shape, filters, name="critic")
    model = models.WGAN(generator, critic, latent_dim, **options)
    # Keras adds epsilon under the root, where 1e-7 would be far above the squared gradients of a clipped critic
    return compiled(model, keras.optimizers.RMSprop, learning_rate, epsilon=1e-16)


@preset("wgan-gp", model=models.WGANGP)
def wgan_gp(example_shape, latent_dim=100, width=1.0, filters=32, learning_rate=1e-4, **options):
    """A deep convolutional Wasserstein GAN with a penalty on the critic's gradient.

    Args:
        example_shape: One image's shape `(height, width, channels)`; its sides are 4 to 7 times a power of two.
        filters: Channels for each doubling of the sides.

    Example:

    >>> wgan_gp((8, 8, 1), width=0.1).gradient_penalty_weight
    10.0

    Reference:
        Gulrajani et al., 2017, arXiv:1704.00028, algorithm 1.
    """
    filters = scaled("filters", filters, width)
    generator = networks.dcgan_generator(latent_dim, example_shape, filters)
    critic = networks.dcgan_discriminator(example_shape, filters, normalization=None, name="critic")
    model = models.WGANGP(generator, critic, latent_dim, **options)
    return compiled(model, keras.optimizers.Adam, learning_rate, beta_1=0.5, beta_2=0.9)
