"""Presets of variational autoencoders."""

from keras_gen import models, networks
from keras_gen.presets.registry import preset


@preset("vae", networks.mlp_encoder, model=models.VAE)
def vae(example_shape, latent_dim=2, units=(400, 100), activation="silu", **options):
    """A VAE of dense layers.

    Args:
        activation: Activation of the hidden layers; rectifiers before a code can die.
    """
    return _dense(example_shape, latent_dim, units, activation, options)


@preset("convolutional-vae", networks.convolutional_encoder, model=models.VAE)
def convolutional_vae(example_shape, latent_dim=2, filters=(32, 64), units=(), activation="elu", **options):
    """A VAE of strided convolutions.

    Args:
        units: Widths of the encoder's dense layers.
        activation: Activation of the hidden layers; rectifiers before a code can die.
    """
    encoder = networks.convolutional_encoder(example_shape, latent_dim, filters, units, activation=activation)
    decoder = networks.convolutional_decoder(latent_dim, example_shape, filters[::-1], activation=activation)
    return models.VAE(encoder, decoder, **options)


@preset("burda-vae", networks.mlp_encoder, model=models.VAE)
def burda_vae(example_shape, latent_dim=50, units=(200, 200), activation="tanh", **options):
    """The VAE of Burda et al. with one stochastic layer: two hidden layers of 200 units, 50 latents.

    Reference:
        Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 5.
    """
    return _dense(example_shape, latent_dim, units, activation, options)


@preset("conditional-vae", networks.mlp_encoder, model=models.ConditionalVAE)
def conditional_vae(example_shape, latent_dim=10, num_classes=10, units=(400, 100), activation="silu", **options):
    """A VAE of labelled images: dense layers, whose code is the style, and the class an input.

    Args:
        num_classes: Number of classes, an integer >= 2.
        activation: Activation of the hidden layers; rectifiers before a code can die.
    """
    pair = _conditional(example_shape, latent_dim, num_classes, units, activation)
    return models.ConditionalVAE(*pair, num_classes, **options)


@preset("semi-supervised-vae", networks.mlp_encoder, model=models.SemiSupervisedVAE, fixed=("importance_samples",))
def semi_supervised_vae(example_shape, latent_dim=50, num_classes=10, units=(500,), activation="softplus", **options):
    """A VAE that also classifies, from few labels: the published dense layers of model M2.

    Args:
        num_classes: Number of classes, an integer >= 2.

    Reference:
        Kingma, Rezende, Mohamed and Welling, 2014, arXiv:1406.5298, section 4.
    """
    classifier = networks.mlp_classifier(example_shape, units, num_classes, activation)
    pair = _conditional(example_shape, latent_dim, num_classes, units, activation)
    return models.SemiSupervisedVAE(*pair, classifier, num_classes, **options)


def _conditional(example_shape, latent_dim, num_classes, units, activation):
    encoder = networks.mlp_encoder(example_shape, units, latent_dim, activation, num_classes)
    decoder = networks.mlp_decoder(latent_dim, units[::-1], example_shape, activation, num_classes=num_classes)
    return encoder, decoder


def _dense(example_shape, latent_dim, units, activation, options):
    encoder = networks.mlp_encoder(example_shape, units, latent_dim, activation)
    return models.VAE(encoder, networks.mlp_decoder(latent_dim, units[::-1], example_shape, activation), **options)
