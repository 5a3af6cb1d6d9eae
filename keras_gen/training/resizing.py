"""Convolutional networks at other sizes of image than they were built for."""

import keras

from keras_gen.seeds import seeded

_PROBED = 31  # sides of this many multiples tell a multiple from those of which it is one


def at_size(network, shape):
    """The network with the same weights, for inputs of another shape.

    Args:
        network: A functional Keras model of one input, all of whose layers work at any size, as convolutions do.
        shape: The new shape of one input; `None` entries are free, as in `(None, None, 3)`.

    Returns:
        A functional model of the same name, with a copy of the weights.

    Raises:
        ValueError: If a layer's weights depend on the size of its input, as those of a `Dense` layer after `Flatten`
            do, or a layer does not work at that size, such as `Reshape`.

    Example:

    >>> from keras_gen import networks
    >>> generator = networks.resnet_generator((16, 16, 3), filters=4, blocks=1)
    >>> at_size(generator, (24, 40, 3)).output_shape
    (None, 24, 40, 3)
    """

    def refuse(layer, reason):
        raise ValueError(
            f"`{network.name}` cannot be brought to another size. Expected: layers that work at any, such as "
            f"convolutions. Received: `{layer.name}` ({type(layer).__name__}), which {reason} {tuple(shape)}"
        ) from None

    def call(layer, *arguments, **options):
        try:
            nested = isinstance(layer, keras.Model)
            return (at_size(layer, arguments[0].shape[1:]) if nested else layer)(*arguments, **options)
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


def size_multiple(network, most=64):
    """The number of which the sides of an image must be multiples, for a network to give them back.

    Args:
        network: A Keras model from images of any size, `(batch, None, None, channels)`, to images.
        most: The greatest number that is tried, an integer >= 1. Defaults to 64.

    Returns:
        An integer >= 1.

    Raises:
        ValueError: If there is none, as of networks that enlarge images.

    Example:

    >>> from keras_gen import networks
    >>> generator = networks.resnet_generator((16, 16, 3), filters=4, blocks=1)
    >>> size_multiple(at_size(generator, (None, None, 3)))
    4
    """
    for multiple in range(1, most + 1):
        sides = (_PROBED * multiple,) * 2
        if tuple(network.compute_output_shape((1, *sides, network.input_shape[-1]))[1:3]) == sides:
            return multiple
    raise ValueError(
        f"`{network.name}` must give back images of the size that it takes. Expected: sides that are multiples of a "
        f"number up to {most}. Received: none that it gives back"
    )
