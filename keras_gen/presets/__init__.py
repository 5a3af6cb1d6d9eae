"""Named complete set-ups: networks, model and optimizer, compiled and ready to fit."""

from keras_gen import checks
from keras_gen.presets.adversarial import conditional_gan, dcgan, gan, wgan, wgan_gp
from keras_gen.presets.autoencoders import autoencoder, contractive, convolutional_autoencoder, sparse, stacked
from keras_gen.presets.translation import cyclegan
from keras_gen.presets.variational import burda_vae, convolutional_vae, vae

RECONSTRUCTING = {  # what a search measures by its error
    "vae": vae,
    "convolutional-vae": convolutional_vae,
    "burda-vae": burda_vae,
    "autoencoder": autoencoder,
    "convolutional-autoencoder": convolutional_autoencoder,
    "stacked": stacked,
    "sparse": sparse,
    "contractive": contractive,
}
ADVERSARIAL = {
    "gan": gan,
    "dcgan": dcgan,
    "conditional-gan": conditional_gan,
    "wgan": wgan,
    "wgan-gp": wgan_gp,
}
TRANSLATING = {"cyclegan": cyclegan}
PRESETS = {**RECONSTRUCTING, **ADVERSARIAL, **TRANSLATING}


def build(name, example_shape, **options):
    """Build the preset of that name.

    Args:
        name: One of `PRESETS`.
        example_shape: One example's shape.
        **options: Arguments of the preset.

    Returns:
        A compiled model.

    Raises:
        ValueError: If there is no preset of that name; the message gives the nearest.

    Example:

    >>> build("vae", (8, 8, 1), latent_dim=3, width=0.1).latent_dim
    3
    """
    return PRESETS[checks.choice("model", name, PRESETS)](example_shape, **options)
