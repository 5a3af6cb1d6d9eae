"""Networks of strided convolutions, for images of any size and number of channels."""

import math

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.tied import TiedConv2DTranspose, TiedDense
from keras_gen.networks.parts import centered, convolutions, cropped, head_activations, image_shape


def convolutional_encoder(
    input_shape, latent_dim, filters=(32, 64), units=(), kernel_size=3, activation="relu", name="encoder"
):
    """Convolutions of stride 2, then dense layers, to the mean and the log-variance of an image's code.

    Args:
        input_shape: One image's shape `(height, width, channels)`.
        latent_dim: Width of the code, an integer >= 1.
        filters: Channels of the convolutions, each of which halves height and width, rounded up. Defaults to (32, 64).
        units: Widths of the dense layers that follow; may be empty. All rectifiers of a narrow layer can die: they then
            give 0 for every image. Defaults to ().
        kernel_size: Side of the kernels. Defaults to 3.
        activation: Activation of the hidden layers. Defaults to `"relu"`.
        name: The network's name. Defaults to `"encoder"`.

    Returns:
        A functional model from `(batch, height, width, channels)` to `[z_mean, z_log_var]`, each `(batch, latent_dim)`.

    Example:

    >>> [output.shape for output in convolutional_encoder((28, 28, 1), 2).outputs]
    [(None, 2), (None, 2)]
    """
    latent_dim, kernel_size = checks.integer("latent_dim", latent_dim), checks.integer("kernel_size", kernel_size)
    filters, units = checks.widths("filters", filters), checks.widths("units", units)
    hidden = inputs = keras.Input(image_shape("input_shape", input_shape), name="x")
    for channels in filters:
        hidden = layers.Conv2D(channels, kernel_size, strides=2, padding="same", activation=activation)(hidden)
    hidden = layers.Flatten()(hidden)
    for width in units:
        hidden = layers.Dense(width, activation=activation)(hidden)
    outputs = [layers.Dense(latent_dim, name=head)(hidden) for head in ("z_mean", "z_log_var")]  # (batch, latent_dim)
    return keras.Model(inputs, outputs, name=name)


def convolutional_decoder(
    latent_dim,
    output_shape,
    filters=(64, 32),
    units=(),
    kernel_size=3,
    activation="relu",
    output_activation=None,
    heads=1,
    name="decoder",
):
    """A dense layer to a small image, then transposed convolutions of stride 2 up to the image.

    Each side of the small image is halved once per entry of `filters`, rounded up; its channels are the first entry.
    What the doublings overshoot is cropped.

    Args:
        latent_dim, kernel_size, activation, name: As in `convolutional_encoder`.
        output_shape: One image's shape `(height, width, channels)`.
        filters: Channels of the transposed convolutions, each of which doubles the sides. Defaults to (64, 32).
        units: Widths of the dense layers before them; may be empty. Defaults to ().
        output_activation, heads: As in `mlp_decoder`.

    Returns:
        A functional model from `(batch, latent_dim)` to `(batch, height, width, channels)`, or to two of these.

    Example:

    >>> convolutional_decoder(2, (30, 21, 3)).output_shape
    (None, 30, 21, 3)
    """
    latent_dim, kernel_size = checks.integer("latent_dim", latent_dim), checks.integer("kernel_size", kernel_size)
    filters, units = convolutions(filters), checks.widths("units", units)
    height, width, channels = image_shape("output_shape", output_shape)
    activations, scale = head_activations(heads, output_activation), 2 ** len(filters)
    small = (math.ceil(height / scale), math.ceil(width / scale), filters[0])
    hidden = inputs = keras.Input((latent_dim,), name="z")
    for size in (*units, math.prod(small)):
        hidden = layers.Dense(size, activation=activation)(hidden)
    hidden = layers.Reshape(small)(hidden)
    for size in filters:
        hidden = layers.Conv2DTranspose(size, kernel_size, strides=2, padding="same", activation=activation)(hidden)
    hidden = cropped(hidden, height, width)
    outputs = [
        layers.Conv2DTranspose(channels, kernel_size, padding="same", activation=head)(hidden) for head in activations
    ]
    return keras.Model(inputs, outputs[0] if heads == 1 else outputs, name=name)


def convolutional_autoencoder(
    input_shape,
    latent_dim,
    filters=(32, 64),
    kernel_size=3,
    activation="relu",
    code_activation=None,
    output_activation=None,
    tied=False,
    center=False,
):
    """Convolutions of stride 2 and a dense layer from an image to its code, and their mirror image back.

    Args:
        input_shape: One image's shape `(height, width, channels)`.
        latent_dim: Width of the code, an integer >= 1.
        filters: Channels of the convolutions, each of which halves height and width, rounded up. Defaults to (32, 64).
        kernel_size: Side of the kernels. Defaults to 3.
        activation, code_activation, output_activation, tied, center: As in `mlp_autoencoder`.

    Returns:
        The pair (encoder, decoder) of functional models.

    Example:

    >>> encoder, decoder = convolutional_autoencoder((28, 21, 3), 16, tied=True)
    >>> encoder.output_shape, decoder.output_shape
    ((None, 16), (None, 28, 21, 3))

    Reference:
        Masci et al., 2011, Stacked convolutional auto-encoders for hierarchical feature extraction.
    """
    latent_dim, kernel_size = checks.integer("latent_dim", latent_dim), checks.integer("kernel_size", kernel_size)
    filters, shapes = convolutions(filters), [image_shape("input_shape", input_shape)]
    inputs = keras.Input(shapes[0], name="x")
    (hidden, add_mean), encoding = centered(inputs, center, output_activation), []
    for number, channels in enumerate(filters, start=1):
        options = {"strides": 2, "padding": "same", "activation": activation, "name": f"encoder_{number}"}
        encoding.append(layers.Conv2D(channels, kernel_size, **options))
        hidden = encoding[-1](hidden)
        shapes.append(tuple(hidden.shape[1:]))
    to_code = layers.Dense(latent_dim, code_activation, name="encoder_code")
    code = to_code(layers.Flatten()(hidden))  # (batch, latent_dim)
    encoder = keras.Model(inputs, code, name="encoder")

    inputs = keras.Input((latent_dim,), name="z")
    width, options = math.prod(shapes[-1]), {"activation": activation, "name": "decoder_code"}
    from_code = TiedDense(to_code, width, **options) if tied else layers.Dense(width, **options)
    hidden = layers.Reshape(shapes[-1])(from_code(inputs))
    for number in range(len(encoding), 0, -1):
        height, width, channels = shapes[number - 1]
        options = {"strides": 2, "activation": activation if number > 1 else output_activation}
        options["name"] = f"decoder_{number}"
        if tied:
            layer = TiedConv2DTranspose(encoding[number - 1], channels, **options)
        else:
            layer = layers.Conv2DTranspose(channels, kernel_size, padding="same", **options)
        # On an odd side, "same" padding puts the surplus of the transpose of an odd kernel larger than 1 in front
        in_front = kernel_size % 2 == 1 < kernel_size
        hidden = cropped(layer(hidden), height, width, in_front)  # (batch, *shapes[number - 1])
    return encoder, keras.Model(inputs, add_mean(hidden), name="decoder")
