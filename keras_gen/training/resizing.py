"""Convolutional networks at image sizes other than those they were built for."""

import keras

from keras_gen.seeds import seeded

_LARGEST_MULTIPLE = 64
_PRIME = 31  # a prime: sides of 31 m have no small divisors but those of m


def at_size(network, shape):
    """A functional network of one input for another input shape: a model of that name, with a copy of the weights.

    `None` entries of the shape are free, as in `(None, None, 3)`. A `ValueError` names the layer whose weights depend
    on the size of its input, such as a `Dense` after a `Flatten`, or the layer that does not work at that size, such as
    a `Reshape`.
    """

    def refuse(layer, reason):
        raise ValueError(
            f"`{network.name}` cannot take images of another size. Expected: layers that work at any, such as "
            f"convolutions. Received: `{layer.name}` ({type(layer).__name__}), which {reason} {tuple(shape)}"
        ) from None

    def call(layer, *arguments, **options):
        if isinstance(layer, keras.Model):
            return at_size(layer, arguments[0].shape[1:])(*arguments, **options)
        try:
            return layer(*arguments, **options)
        except (TypeError, ValueError):
            refuse(layer, "does not work at")

    with seeded(0):
        resized = keras.models.clone_model(network, keras.Input(shape), call_function=call)
    layers = (one._flatten_layers(include_self=False) for one in (network, resized))
    for old, new in zip(*layers, strict=True):
        if [weight.shape for weight in old.weights] != [weight.shape for weight in new.weights]:
            refuse(old, "has other weights at")
    resized.set_weights(network.get_weights())
    return resized


def size_multiple(network):
    """The number up to 64 of which an image's sides must be multiples for the network to preserve or multiply them.

    The network takes images of any size, `(batch, None, None, channels)`. A `ValueError` says that there is no such
    number.
    """
    for multiple in range(1, _LARGEST_MULTIPLE + 1):
        sides = (_PRIME * multiple,) * 2
        outputs = network.compute_output_shape((1, *sides, network.input_shape[-1]))[1:3]
        if all(output >= side and output % side == 0 for output, side in zip(outputs, sides, strict=True)):
            return multiple
    raise ValueError(
        f"`{network.name}` must preserve image sizes. Expected: sides that are multiples of a "
        f"number up to {_LARGEST_MULTIPLE}. Received: no such number"
    )
