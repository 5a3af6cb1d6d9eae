"""Set-ups of translation between two sets of images."""

import keras

from keras_gen import models, networks
from keras_gen.presets.widths import scaled


def cyclegan(
    example_shape,
    width=1.0,
    filters=64,
    blocks=0,
    skip=False,
    adversarial_loss="least_squares",
    cycle_weight=10.0,
    identity_weight=0.0,
    pool_size=50,
    learning_rate=2e-4,
):
    """A CycleGAN of residual generators and discriminators of 70x70 patches, as published.

    Args:
        example_shape: One image's shape `(height, width, channels)`, of both sets; sides divisible by 4.
        width: Factor of all channels; small ones are for tests. Defaults to 1.
        filters: Channels of the first layers. Defaults to 64.
        blocks: Residual blocks of a generator; 0: 6 below 256 pixels, else 9. Defaults to 0.
        skip: Whether the generators' last layers see the image itself, whose brightness and contrast normalisation
            takes away. Defaults to `False`, as published.
        adversarial_loss: least_squares, non_saturating, minimax, maximum_likelihood or hinge. Defaults to
            `"least_squares"`.
        cycle_weight: Weight of the cycle consistency. Defaults to 10.
        identity_weight: Weight of the identity loss; the paper's 5 for paintings. Defaults to 0.
        pool_size: Earlier translations kept for each discriminator; 0: none. Defaults to 50.
        learning_rate: Adam's, of all networks. Defaults to 2e-4.

    Returns:
        A compiled `models.CycleGAN`, for data in [-1, 1].

    Example:

    >>> cyclegan((24, 24, 1), width=0.05, blocks=1).generator_xy.output_shape
    (None, 24, 24, 1)

    Reference:
        Zhu et al., 2017, arXiv:1703.10593, section 7.
    """
    (filters,) = scaled((filters,), width)
    options = {"filters": filters, "blocks": blocks or None, "skip": skip}
    generators = [
        networks.resnet_generator(example_shape, name=f"generator_{ways}", **options) for ways in ("xy", "yx")
    ]
    # A patch of 70 pixels needs sides of 24; smaller images are judged by patches of 34
    downsamplings = 3 if min(example_shape[:2]) >= 24 else 2 if min(example_shape[:2]) >= 12 else 1
    judges = [
        networks.patchgan_discriminator(example_shape, filters, downsamplings, name=f"discriminator_{side}")
        for side in ("x", "y")
    ]
    model = models.CycleGAN(*generators, *judges, adversarial_loss, cycle_weight, identity_weight, pool_size)
    model.compile(keras.optimizers.Adam(learning_rate, beta_1=0.5))
    return model
