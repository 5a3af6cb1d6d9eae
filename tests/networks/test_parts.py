import inspect

import numpy as np
import pytest

from keras_gen import networks
from keras_gen.networks import parts

VALID = {  # arguments of each builder that need a value
    networks.alexnet: {"input_shape": (8, 8, 1), "num_classes": 3, "width": 0.02},
    networks.convolutional_autoencoder: {"input_shape": (8, 8, 1), "latent_dim": 2},
    networks.convolutional_decoder: {"output_shape": (8, 8, 1), "latent_dim": 2},
    networks.convolutional_encoder: {"input_shape": (8, 8, 1), "latent_dim": 2},
    networks.dcgan_discriminator: {"input_shape": (8, 8, 1)},
    networks.deconvnet: {"input_shape": (8, 8, 1), "num_classes": 2},
    networks.dcgan_generator: {"output_shape": (8, 8, 1), "latent_dim": 2},
    networks.googlenet: {"input_shape": (8, 8, 1), "num_classes": 3, "width": 0.02},
    networks.lenet5: {"input_shape": (8, 8, 1), "num_classes": 3},
    networks.flownet_simple: {"input_shape": (32, 32, 1), "filters": 2, "downsamplings": 3},
    networks.mlp_autoencoder: {"units": [4, 2]},
    networks.mlp_classifier: {"input_shape": (4,), "units": (3,), "num_classes": 2},
    networks.mlp_decoder: {"output_shape": (4,), "units": (3,), "latent_dim": 2},
    networks.mlp_discriminator: {"input_shape": (4,), "units": (3,)},
    networks.mlp_encoder: {"input_shape": (4,), "units": (3,), "latent_dim": 2},
    networks.mlp_ensemble: {"units": [4, 2], "members": 2},
    networks.mlp_generator: {"output_shape": (4,), "units": (3,), "latent_dim": 2},
    networks.patchgan_discriminator: {"input_shape": (32, 32, 1)},
    networks.progressive_discriminator: {"input_shape": (8, 8, 1), "stage": 1, "filters": (3, 3)},
    networks.progressive_generator: {"output_shape": (8, 8, 1), "stage": 1, "filters": (3, 3), "latent_dim": 2},
    networks.random_filter_bank: {"filters": 2, "kernel_sizes": (3,)},
    networks.resnet_generator: {"input_shape": (8, 8, 1)},
    networks.srresnet: {"input_shape": (8, 8, 1), "filters": 2, "blocks": 1},
    networks.unet_generator: {"input_shape": (8, 8, 1), "filters": 2},
    networks.vgg16: {"input_shape": (32, 32, 1), "num_classes": 3, "width": 0.02},
    networks.vgg_convolutions: {},
}
SIZES = {
    "input_shape": lambda size: (size, 8, 1),
    "output_shape": lambda size: (8, 8, size),
    "units": lambda size: (4, size),
    "filters": None,
    **dict.fromkeys(
        ["latent_dim", "kernel_size", "num_classes", "heads", "blocks", "downsamplings", "output_channels", "members"]
    ),
}
SEQUENCES = {
    networks.deconvnet,
    networks.lenet5,
    networks.progressive_discriminator,
    networks.progressive_generator,
    *(builder for builder in VALID if builder.__name__.startswith("convolutional")),
}
MAY_BE_ZERO = {
    (networks.resnet_generator, "blocks"),
    (networks.resnet_generator, "downsamplings"),
    (networks.srresnet, "blocks"),
}
CASES = [
    (builder, name, size)
    for builder in VALID
    for name in inspect.signature(builder).parameters
    for size in ((-3, 2.5) if (builder, name) in MAY_BE_ZERO else (-3, 0, 2.5))
    if name in SIZES
]


def test_every_builder_is_among_those_checked():
    builders = {thing for thing in vars(networks).values() if inspect.isfunction(thing)}
    others = {networks.inception_module, networks.operations, networks.output_size, networks.receptive_field}
    others.add(networks.progressive_shapes)
    assert builders - others == set(VALID)


@pytest.mark.parametrize(("builder", "name", "size"), CASES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_size_below_its_least_is_refused_by_name(builder, name, size):
    of_sequence = SIZES[name] or ((lambda size: (4, size)) if name == "filters" and builder in SEQUENCES else None)
    received = of_sequence(size) if of_sequence else size
    with pytest.raises(ValueError, match=rf"`{name}` must be an integer >= \d. Received: {name}={size}"):
        builder(**{**VALID[builder], name: received})


@pytest.mark.parametrize("shape", [(None, None, 3), (None, 32, 3)])
def test_fully_convolutional_networks_take_images_of_any_size(shape):
    generator = networks.resnet_generator(shape, filters=2, blocks=1)
    discriminator = networks.patchgan_discriminator(shape, 2, downsamplings=1)
    assert generator.input_shape == generator.output_shape == (None, *shape)
    x = np.random.default_rng(0).uniform(-1, 1, (2, 24, 32, 3)).astype("float32")
    fixed = networks.resnet_generator(x.shape[1:], filters=2, blocks=1)
    fixed.set_weights(generator.get_weights())
    np.testing.assert_allclose(generator(x), fixed(x), atol=1e-6)
    assert generator(x[:, :16]).shape == (2, 16, 32, 3)
    assert discriminator(x).shape == (2, 10, 14, 1) and discriminator(x[:, :16]).shape == (2, 6, 14, 1)


def test_blocks_of_a_generator_for_any_size_are_those_for_large_images():
    free = networks.resnet_generator((None, None, 1), filters=1)
    assert free.count_params() == networks.resnet_generator((256, 256, 1), filters=1).count_params()


WITHOUT_FIXED_SHAPE = {
    networks.deconvnet,
    networks.mlp_ensemble,
    networks.patchgan_discriminator,
    networks.random_filter_bank,
    networks.resnet_generator,
    networks.srresnet,
    networks.unet_generator,
    networks.vgg_convolutions,
}


@pytest.mark.parametrize("builder", sorted(set(VALID) - WITHOUT_FIXED_SHAPE, key=lambda builder: builder.__name__))
def test_networks_with_a_dense_layer_refuse_free_axes_with_the_reason(builder):
    arguments = VALID[builder]
    name = next(name for name in ("input_shape", "output_shape", "units") if name in arguments)
    free = [(None, 2), 2] if name == "units" else (None, None, 3) if len(arguments[name]) == 3 else (None, 2)
    message = (
        f"`{name}` must be fixed, because a dense layer needs .* Expected: integers >= 1. Received: {name}=.None, "
    )
    with pytest.raises(ValueError, match=message):
        builder(**{**arguments, name: free})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: networks.resnet_generator((None, 30, 3)), r"sides divisible by 4.* Received: \(None, 30, 3\)"),
        (
            lambda: networks.patchgan_discriminator((None, 20, 3)),
            "too small for one patch. Expected: sides of at least 24",
        ),
        (
            lambda: networks.resnet_generator((32, 32, None)),
            "`input_shape` must be an integer >= 1. Received: input_shape=None",
        ),
        (
            lambda: networks.mlp_encoder(784, (3,), 2),
            r"one example's shape. Expected: such as \(28, 28, 1\). Received: input_shape=784",
        ),
        (lambda: networks.mlp_encoder((), (3,), 2), "one example's shape"),
        (lambda: networks.resnet_generator(32), r"must be \(height, width, channels\). Received: input_shape=32"),
        (lambda: networks.mlp_decoder(2, (3,), (4,), heads=3), "`heads` must be 1 .* Received: heads=3"),
        (lambda: networks.convolutional_decoder(2, (8, 8, 1), heads=3), "`heads` must be 1 .* Received: heads=3"),
        (lambda: parts.convolutions(()), "`filters` must name at least one convolution. Expected: such as"),
        (lambda: parts.convolutions(32), r"`filters` must be a sequence of widths"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
