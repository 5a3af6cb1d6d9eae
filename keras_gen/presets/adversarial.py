"""Presets of adversarial networks: GANs of dense and of deep convolutional networks, for data in [-1, 1]."""

from keras_gen import models, networks
from keras_gen.layers.activations import leaky_relu
from keras_gen.presets.registry import preset


@preset("gan", networks.mlp_generator, model=models.GAN)
def gan(example_shape, latent_dim=64, units=(256, 512), **options):
    """A GAN of dense layers."""
    generator = networks.mlp_generator(latent_dim, units, example_shape)
    return models.GAN(generator, networks.mlp_discriminator(example_shape, units[::-1]), latent_dim, **options)


_DCGAN = (networks.dcgan_generator, networks.dcgan_discriminator)


@preset("dcgan", *_DCGAN, model=models.GAN)
def dcgan(example_shape, latent_dim=100, filters=32, dropout=0.0, latent="uniform", **options):
    """A deep convolutional GAN with half of the published filters; `width=2` has all."""
    generator = networks.dcgan_generator(latent_dim, example_shape, filters)
    discriminator = networks.dcgan_discriminator(example_shape, filters, dropout=dropout)
    return models.GAN(generator, discriminator, latent_dim, latent=latent, **options)


@preset("conditional-gan", *_DCGAN, model=models.ConditionalGAN)
def conditional_gan(example_shape, latent_dim=100, num_classes=10, filters=32, dropout=0.0, **options):
    """A deep convolutional GAN of labelled images, which samples a given class.

    Args:
        num_classes: Number of classes, an integer >= 2.
    """
    generator = networks.dcgan_generator(latent_dim, example_shape, filters, num_classes=num_classes)
    discriminator = networks.dcgan_discriminator(example_shape, filters, dropout=dropout, num_classes=num_classes)
    return models.ConditionalGAN(generator, discriminator, latent_dim, num_classes, **options)


@preset("wgan", *_DCGAN, model=models.WGAN)
def wgan(example_shape, latent_dim=100, filters=32, **options):
    """A deep convolutional Wasserstein GAN with a clipped critic."""
    generator = networks.dcgan_generator(latent_dim, example_shape, filters)
    critic = networks.dcgan_discriminator(example_shape, filters, name="critic")
    return models.WGAN(generator, critic, latent_dim, **options)


@preset("wgan-gp", *_DCGAN, model=models.WGANGP)
def wgan_gp(example_shape, latent_dim=100, filters=32, **options):
    """A deep convolutional Wasserstein GAN with a penalty on the critic's gradient."""
    generator = networks.dcgan_generator(latent_dim, example_shape, filters)
    critic = networks.dcgan_discriminator(example_shape, filters, normalization=None, name="critic")
    return models.WGANGP(generator, critic, latent_dim, **options)


@preset("bigan", networks.mlp_generator, networks.mlp_discriminator, model=models.BiGAN, learning_rate=4e-4)
def bigan(example_shape, latent_dim=100, units=(512, 512), dropout=0.1, **options):
    """A bidirectional GAN of dense layers, whose encoder gives the latents of an image.

    Generator and encoder have batch normalisation, and the discriminator has dropout.
    """
    normalized = {"normalization": "batch"}
    generator = networks.mlp_generator(latent_dim, units, example_shape, **normalized)
    encoder = networks.mlp_encoder(example_shape, units[::-1], latent_dim, leaky_relu, heads=1, **normalized)
    discriminator = networks.mlp_discriminator(example_shape, units[::-1], dropout=dropout, condition_dim=latent_dim)
    return models.BiGAN(generator, encoder, discriminator, latent_dim, **options)
