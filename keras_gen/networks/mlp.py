"""Networks of dense layers."""

import math

import keras
from keras import layers

from keras_gen import checks


def mlp_encoder(input_shape, units, latent_dim, activation="relu", name="encoder"):
    """Dense layers from an example to the mean and the log-variance of its code.

    Args:
        input_shape: One example's shape, such as `(28, 28, 1)`.
        units: Widths of the hidden layers, from the input on, such as `(400, 20)`; may be empty.
        latent_dim: Width of the code, an integer >= 1.
        activation: Activation of the hidden layers. Defaults to `"relu"`.
        name: The network's name. Defaults to `"encoder"`.

    Returns:
        A functional model from `(batch, *input_shape)` to `[z_mean, z_log_var]`, each `(batch, latent_dim)`.

    Raises:
        ValueError: If a width is not an integer >= 1.

    Example:

    >>> [output.shape for output in mlp_encoder((8, 8, 1), (32,), 2).outputs]
    [(None, 2), (None, 2)]
    """
    inputs = keras.Input(input_shape, name="x")
    hidden = layers.Flatten()(inputs)
    hidden = _dense_stack(hidden, units, activation)
    latent_dim = checks.integer("latent_dim", latent_dim)
    outputs = [layers.Dense(latent_dim, name=head)(hidden) for head in ("z_mean", "z_log_var")]  # (batch, latent_dim)
    return keras.Model(inputs, outputs, name=name)


def mlp_decoder(latent_dim, units, output_shape, activation="relu", output_activation=None, heads=1, name="decoder"):
    """Dense layers from a code to the parameters of an example's distribution.

    Args:
        latent_dim: Width of the code, an integer >= 1.
        units: Widths of the hidden layers, from the code on, such as `(20, 400)`; may be empty.
        output_shape: One example's shape, such as `(28, 28, 1)`.
        activation: Activation of the hidden layers. Defaults to `"relu"`.
        output_activation: Activation of the first output; `None` gives logits, or a mean without bounds. Defaults to
            `None`.
        heads: 1, or 2 for a mean and a log-variance. Defaults to 1.
        name: The network's name. Defaults to `"decoder"`.

    Returns:
        A functional model from `(batch, latent_dim)` to `(batch, *output_shape)`, or to two of these.

    Raises:
        ValueError: If a width is not an integer >= 1.

    Example:

    >>> mlp_decoder(2, (32,), (8, 8, 1)).output_shape
    (None, 8, 8, 1)
    """
    inputs = keras.Input((checks.integer("latent_dim", latent_dim),), name="z")
    hidden = _dense_stack(inputs, units, activation)
    outputs = [
        layers.Reshape(output_shape)(layers.Dense(math.prod(output_shape), activation=head)(hidden))
        for head in (output_activation, None)[: checks.integer("heads", heads)]
    ]
    return keras.Model(inputs, outputs[0] if heads == 1 else outputs, name=name)


def _dense_stack(hidden, units, activation):
    if isinstance(units, int):
        raise ValueError(f"`units` must be a tuple of widths. Expected: such as ({units},). Received: units={units}")
    for width in units:
        hidden = layers.Dense(checks.integer("units", width), activation=activation)(hidden)
    return hidden
