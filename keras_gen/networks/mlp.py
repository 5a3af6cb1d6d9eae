"""Networks of dense layers."""

import itertools
import math

import keras
import numpy as np
from keras import layers

from keras_gen import checks
from keras_gen.layers.activations import leaky_relu
from keras_gen.layers.tied import TiedDense
from keras_gen.networks.parts import centered, example_shape, head_activations, with_condition

_MOST_VALUES = 4096  # of an example that stay as they are before a dense layer


def mlp_encoder(
    input_shape,
    units,
    latent_dim,
    activation="relu",
    num_classes=None,
    condition_dim=None,
    heads=2,
    normalization=None,
    name="encoder",
):
    """Dense layers from an example to the mean and the log-variance of its code, or to its code alone.

    More than 4,096 values are made smaller, and their initial weights larger, so that Adam's steps stay small enough.

    Args:
        input_shape: One example's shape, such as `(28, 28, 1)`.
        units: Widths of the hidden layers, from the input on, such as `(400, 20)`; may be empty.
        latent_dim: Width of the code, an integer >= 1.
        activation: Activation of the hidden layers. Defaults to `"relu"`.
        num_classes: Number of classes for a network that also takes labels `(batch,)`. Defaults to `None`: none.
        condition_dim: Width of the vectors for a network that also takes vectors `(batch, condition_dim)`, after labels
            if there are both. Defaults to `None`: none.
        heads: 2 for a mean and a log-variance, or 1 for the code alone, as `models.BiGAN` needs it. Defaults to 2.
        normalization: `"batch"` before the activations of the hidden layers, or `None`. Defaults to `None`.
        name: The network's name. Defaults to `"encoder"`.

    Returns:
        A functional model from `(batch, *input_shape)`, or a list of this and the conditions, to `[z_mean, z_log_var]`,
        each `(batch, latent_dim)`, or to one of these.

    Example:

    >>> [output.shape for output in mlp_encoder((8, 8, 1), (32,), 2).outputs]
    [(None, 2), (None, 2)]
    """
    latent_dim, units = checks.integer("latent_dim", latent_dim), checks.widths("units", units)
    names = ("z_mean", "z_log_var")[: len(head_activations(heads, None))]
    x = keras.Input(example_shape("input_shape", input_shape), name="x")
    flat, initial = _flat(x)
    inputs, hidden = with_condition(x, flat, num_classes, condition_dim, "encoder_labels")
    hidden = _dense_stack(hidden, units, activation, normalization, initial=initial)
    outputs = [layers.Dense(latent_dim, name=head)(hidden) for head in names]  # (batch, latent_dim)
    return keras.Model(inputs, outputs[0] if heads == 1 else outputs, name=name)


def mlp_decoder(
    latent_dim,
    units,
    output_shape,
    activation="relu",
    output_activation=None,
    heads=1,
    num_classes=None,
    condition_dim=None,
    name="decoder",
):
    """Dense layers from a code to the parameters of an example's distribution.

    Args:
        latent_dim, activation, num_classes, condition_dim, name: As in `mlp_encoder`.
        units: Widths of the hidden layers, from the code on, such as `(20, 400)`; may be empty.
        output_shape: One example's shape, such as `(28, 28, 1)`.
        output_activation: Activation of the first output; `None` gives logits, or an unbounded mean. Defaults to
            `None`.
        heads: 1, or 2 for a mean and a log-variance. Defaults to 1.

    Returns:
        A functional model from `(batch, latent_dim)`, or a list of this and the conditions, to
        `(batch, *output_shape)`, or to two of these.

    Example:

    >>> mlp_decoder(2, (32,), (8, 8, 1)).output_shape
    (None, 8, 8, 1)
    """
    latent_dim, units = checks.integer("latent_dim", latent_dim), checks.widths("units", units)
    shape, activations = example_shape("output_shape", output_shape), head_activations(heads, output_activation)
    z = keras.Input((latent_dim,), name="z")
    inputs, hidden = with_condition(z, z, num_classes, condition_dim, "decoder_labels")
    hidden = _dense_stack(hidden, units, activation)
    outputs = [layers.Reshape(shape)(layers.Dense(math.prod(shape), activation=head)(hidden)) for head in activations]
    return keras.Model(inputs, outputs[0] if heads == 1 else outputs, name=name)


def mlp_generator(
    latent_dim,
    units,
    output_shape,
    activation="relu",
    output_activation="tanh",
    num_classes=None,
    condition_dim=None,
    normalization=None,
    name="generator",
):
    """Dense layers from latents, and optionally a condition, to an example.

    Args:
        latent_dim: Width of the latents, an integer >= 1.
        units: Widths of the hidden layers, from the latents on, such as `(256, 512)`; may be empty.
        output_shape: One example's shape, such as `(28, 28, 1)`.
        activation, num_classes, condition_dim, normalization, name: As in `mlp_encoder`.
        output_activation: Activation of the output; `None` for unbounded values. Defaults to `"tanh"`.

    Returns:
        A functional model from `(batch, latent_dim)`, or a list of this and the conditions, to
        `(batch, *output_shape)`.

    Example:

    >>> mlp_generator(16, (32,), (8, 8, 1), num_classes=10).output_shape
    (None, 8, 8, 1)

    Reference:
        Goodfellow et al., 2014, arXiv:1406.2661, section 5; labels: Mirza and Osindero, 2014, arXiv:1411.1784.
    """
    latent_dim, units = checks.integer("latent_dim", latent_dim), checks.widths("units", units)
    shape = example_shape("output_shape", output_shape)
    z = keras.Input((latent_dim,), name="z")
    inputs, hidden = with_condition(z, z, num_classes, condition_dim, "generator_labels")
    hidden = _dense_stack(hidden, units, activation, normalization)
    outputs = layers.Dense(math.prod(shape), activation=output_activation)(hidden)
    return keras.Model(inputs, layers.Reshape(shape)(outputs), name=name)


def mlp_discriminator(
    input_shape, units, activation=leaky_relu, num_classes=None, condition_dim=None, dropout=0.0, name="discriminator"
):
    """The counterpart of `mlp_generator`: dense layers from an example, and optionally a condition, to one logit.

    Args:
        input_shape, num_classes, name: As in `mlp_encoder`.
        units: Widths of the hidden layers, from the example on, such as `(512, 256)`; may be empty.
        activation: Activation of the hidden layers. Defaults to `layers.leaky_relu`.
        condition_dim: As in `mlp_encoder`; for `models.BiGAN`, the width of the latents.
        dropout: Share of the units that are set to 0 at random in training, after each hidden layer, a number in
            [0, 1). Defaults to 0.

    Returns:
        A functional model from `(batch, *input_shape)`, or a list of this and the conditions, to `(batch, 1)`.

    Example:

    >>> mlp_discriminator((8, 8, 1), (32,)).output_shape
    (None, 1)
    """
    shape, units = example_shape("input_shape", input_shape), checks.widths("units", units)
    x = keras.Input(shape, name="x")
    inputs, hidden = with_condition(x, layers.Flatten()(x), num_classes, condition_dim, "discriminator_labels")
    hidden = _dense_stack(hidden, units, activation, dropout=dropout)
    return keras.Model(inputs, layers.Dense(1, name="logit")(hidden), name=name)


def mlp_classifier(input_shape, units, num_classes, activation="relu", name="classifier"):
    """Dense layers from an example to the logits of its class.

    Args:
        input_shape, units, activation: As in `mlp_encoder`.
        num_classes: Number of classes, an integer >= 2.
        name: The network's name. Defaults to `"classifier"`.

    Returns:
        A functional model from `(batch, *input_shape)` to `(batch, num_classes)`.

    Example:

    >>> mlp_classifier((8, 8, 1), (32,), 10).output_shape
    (None, 10)
    """
    units, classes = checks.widths("units", units), checks.integer("num_classes", num_classes, minimum=2)
    inputs = keras.Input(example_shape("input_shape", input_shape), name="x")
    flat, initial = _flat(inputs)
    hidden = _dense_stack(flat, units, activation, initial=initial)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(hidden), name=name)


def mlp_autoencoder(
    units,
    activation="relu",
    code_activation=None,
    output_activation=None,
    tied=False,
    code_layer=None,
    center=False,
    shortcut=False,
):
    """A symmetric autoencoder (a "butterfly"): dense layers from an example to its code, and their mirror image back.

    Args:
        units: Widths from the input to the code, such as `[784, 1000, 400, 20]`; the first may be an example's shape,
            such as `(28, 28, 1)`. The hidden widths must not grow towards the code.
        activation: Activation of the hidden layers. Defaults to `"relu"`.
        code_activation: Activation of the code. Defaults to `None`.
        output_activation: Activation of the output; `None` gives logits, or unbounded values. Defaults to `None`.
        tied: Whether the decoder uses the encoder's kernels, transposed. Defaults to `False`.
        code_layer: A layer on top of the code, such as `layers.KSparse(25)`. Defaults to `None`.
        center: Whether the encoder subtracts the mean of the training examples, and the decoder adds it, as in
            `layers.SubtractMean`; for values, not for logits. Defaults to `False`.
        shortcut: Whether to add a linear layer of the example to the code, and one of the code to the output, before
            their activations: the hidden layers then only have to learn what a linear autoencoder misses, which is PCA
            with squared error. Defaults to `False`.

    Returns:
        The pair (encoder, decoder) of functional models.

    Raises:
        ValueError: With `shortcut`, if there is no hidden layer; with `center`, if there is an `output_activation`.

    Example:

    >>> encoder, decoder = mlp_autoencoder([784, 1000, 400, 20], tied=True)
    >>> encoder.count_params(), decoder.count_params()
    (1193420, 2184)

    Reference:
        Hinton and Salakhutdinov, 2006, Science 313, figure 1; tied: Vincent et al., 2010, JMLR 11, section 2.2.
    """
    _check_code(units)
    shape = example_shape("units", units[0] if np.iterable(units[0]) else units[:1])
    widths = [math.prod(shape), *checks.widths("units", units[1:])]
    _check_narrowing(widths)
    if shortcut and len(widths) == 2:
        raise ValueError(f"`shortcut` needs a hidden layer to bypass. Expected: at least one. Received: units={units}")
    code_end, output_end = (None, None) if shortcut else (code_activation, output_activation)
    inputs = keras.Input(shape, name="x")
    examples, add_mean = centered(inputs, center, output_activation)
    hidden = flat = layers.Flatten()(examples) if len(shape) > 1 else examples
    encoding = []
    for number, width in enumerate(widths[1:], start=1):
        name = f"encoder_{number}"
        encoding.append(layers.Dense(width, activation if number < len(widths) - 1 else code_end, name=name))
        hidden = encoding[-1](hidden)
    if shortcut:
        linear = layers.Dense(widths[-1], use_bias=False, name="encoder_shortcut")
        hidden = _sum(hidden, linear(flat), code_activation, "encoder")
    code = hidden if code_layer is None else code_layer(hidden)  # (batch, units[-1])
    encoder = keras.Model(inputs, code, name="encoder")

    inputs = hidden = keras.Input((widths[-1],), name="z")
    for number in range(len(encoding), 0, -1):
        options = {"activation": activation if number > 1 else output_end, "name": f"decoder_{number}"}
        width = widths[number - 1]
        layer = TiedDense(encoding[number - 1], width, **options) if tied else layers.Dense(width, **options)
        hidden = layer(hidden)
    if shortcut:
        options = {"use_bias": False, "name": "decoder_shortcut"}
        layer = TiedDense(linear, widths[0], **options) if tied else layers.Dense(widths[0], **options)
        hidden = _sum(hidden, layer(inputs), output_activation, "decoder")
    outputs = layers.Reshape(shape)(hidden) if len(shape) > 1 else hidden  # (batch, *shape)
    return encoder, keras.Model(inputs, add_mean(outputs), name="decoder")


def mlp_ensemble(units, members, activation="relu"):
    """Independent autoencoders of dense layers with the same widths, in one pair of networks.

    An example has one row per autoencoder. With each row repeated, one training trains the whole ensemble.

    Args:
        units: Widths from the input to the code, such as `[30, 100, 8]`, which must not grow from the first hidden
            layer to the code.
        members: Number of autoencoders, an integer >= 1.
        activation: Activation of the hidden layers. Defaults to `"relu"`.

    Returns:
        The pair (encoder, decoder) of functional models, from `(batch, members, units[0])` to
        `(batch, members, units[-1])` and back.

    Example:

    >>> encoder, decoder = mlp_ensemble([30, 100, 8], 3)
    >>> encoder.output_shape, decoder.output_shape
    ((None, 3, 8), (None, 3, 30))
    """
    checks.integer("members", members)
    _check_code(units)
    widths = checks.widths("units", units)
    _check_narrowing(widths)

    def chain(widths, name):
        inputs = hidden = keras.Input((members, widths[0]), name=name[0])
        for number, (before, width) in enumerate(itertools.pairwise(widths), start=1):
            limit = math.sqrt(6 / (before + width))  # Glorot's, which Keras would compute from all members together
            hidden = layers.EinsumDense(
                "bmi,mio->bmo",
                (members, width),
                activation=activation if number < len(widths) - 1 else None,
                bias_axes="mo",
                kernel_initializer=keras.initializers.RandomUniform(-limit, limit),
            )(hidden)
        return keras.Model(inputs, hidden, name=name[1])

    return chain(widths, ("x", "encoder")), chain(widths[::-1], ("z", "decoder"))


def _check_code(units):
    if not np.iterable(units) or len(units) < 2:
        raise ValueError(
            f"`units` must name the input's width and at least the code's. Expected: such as [784, 30]. "
            f"Received: units={units}"
        )


def _check_narrowing(widths):
    if widths[1:] != sorted(widths[1:], reverse=True):
        raise ValueError(
            "`units` must not grow from the first hidden layer to the code. Expected: `latent_dim`, the last width, "
            f"at most the others. Received: {widths}"
        )


def _sum(hidden, linear, activation, network):
    outputs = layers.Add(name=f"{network}_sum")([hidden, linear])
    return outputs if activation is None else layers.Activation(activation)(outputs)


def _flat(examples):
    """The values of each example in a row, and the initial weights of a dense layer on them.

    Adam moves all weights equally far, so that more inputs move a unit further: the loss of a VAE of 49,152 pixels
    diverged. Beyond the limit, smaller values and larger weights keep the unit's first range and limit a step.
    """
    flat, width = layers.Flatten()(examples), math.prod(examples.shape[1:])
    if width <= _MOST_VALUES:
        return flat, "glorot_uniform"
    scale = _MOST_VALUES / width
    return layers.Rescaling(scale)(flat), keras.initializers.VarianceScaling(scale**-2, "fan_avg", "uniform")


def _dense_stack(hidden, units, activation, normalization=None, dropout=0.0, initial="glorot_uniform"):
    checks.choice("normalization", normalization, ["batch"], optional=True)
    checks.rate("dropout", dropout)
    for number, width in enumerate(units):
        weights = {"kernel_initializer": "glorot_uniform" if number else initial}
        if normalization is None:
            hidden = layers.Dense(width, activation=activation, **weights)(hidden)
        else:
            hidden = layers.BatchNormalization(momentum=0.9)(layers.Dense(width, use_bias=False, **weights)(hidden))
            hidden = layers.Activation(activation)(hidden)
        if dropout:
            hidden = layers.Dropout(dropout)(hidden)
    return hidden
