"""What the layers of a network compute: their maps of an image, and their kernels as images."""

import functools

import numpy as np
from keras import layers as keras_layers

from keras_gen import backend, checks
from keras_gen.input_optimization.batches import in_batches
from keras_gen.input_optimization.subjects import subject
from keras_gen.input_optimization.visualization.units import output_shapes, require_images
from keras_gen.networks.inner_layers import layer_names
from keras_gen.networks.introspection import named_calls, require_network
from keras_gen.training import GenerativeModel


def feature_maps(model, images, layers=None, value_range=None, preprocess=None, batch_size=256):
    """The outputs of a network's layers for images.

    Args:
        model: Keras model of images `(batch, height, width, channels)`, or a `models.Classifier`. It may contain other
            models, whose layers are named `model/layer`.
        images: Finite array `(n, height, width, channels)` in the range.
        layers: Name of a layer or list of names. Defaults to `None`: all whose outputs are maps.
        value_range: The pair (lowest, highest) of the images' values. Defaults to `None`: the model's own, which only a
            `models.Classifier` knows.
        preprocess: Function of tensors of images in front of the model, such as
            `keras.applications.vgg16.preprocess_input`. Defaults to `None`.
        batch_size: Images at once, an integer >= 1. Defaults to 256.

    Returns:
        Dict from a layer's name to a float32 array, for maps `(n, height, width, channels)`.

    Raises:
        ValueError: If an argument is not of this form, or a layer does not exist.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((5, 5, 1)), keras.layers.Conv2D(2, 3, name="conv")])
    >>> {name: maps.shape for name, maps in feature_maps(model, np.ones((4, 5, 5, 1)), value_range=(0, 1)).items()}
    {'conv': (4, 3, 3, 2)}

    Reference:
        Zeiler and Fergus, 2014, arXiv:1311.2901, section 4, shows what maps respond to.
    """
    seen = subject(model, value_range, preprocess)
    require_images(seen)
    images, size = seen.check("images", images), min(checks.integer("batch_size", batch_size), len(images))
    if layers is None:
        layers = layers_with_maps(seen.network)
    names = (layers,) if isinstance(layers, str) else tuple(layers)
    if None in seen.shape:
        output_shapes(seen, names, images.shape[1:])  # raises if the images are too small
    return dict(zip(names, in_batches(compiled_outputs(seen, names), size, images), strict=True))


@functools.lru_cache(maxsize=16)
def compiled_outputs(seen, names):
    """The compiled function from images to the list of the outputs of the named layers of a subject."""
    return backend.compiled(seen.outputs(names))


def layers_with_maps(network):
    """The names of the layers of a network whose outputs are `(batch, height, width, channels)`, in their order."""
    with_maps = {name for name, call in named_calls(network) if len(call.outputs[0].shape) == 4}
    return [name for name in layer_names(network) if name in with_maps]


def filters(model, layer):
    """The kernels of a layer as images.

    Args:
        model: Keras model, or a `models.Classifier`.
        layer: Name of a `Conv2D`, `DepthwiseConv2D`, `Conv2DTranspose` or `Dense` layer, `model/layer` within a model.

    Returns:
        float32 array `(filters, height, width, channels)`, with the channels of the layer's input; one for each filter
        of a depthwise convolution, and those of its image for a transposed one. For a dense layer
        `(units, height, width, channels)` if its input is a flattened image or maps, else `(units, inputs)`.

    Raises:
        ValueError: If the layer does not exist, or has no such kernel.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((5, 5, 3)), keras.layers.Conv2D(2, 4, name="conv")])
    >>> filters(model, "conv").shape
    (2, 4, 4, 3)

    Reference:
        Krizhevsky, Sutskever and Hinton, 2012, ImageNet classification with deep convolutional neural networks,
        figure 3.
    """
    network = model.network if isinstance(model, GenerativeModel) else model
    require_network("model", network)
    found = dict(reversed(list(named_calls(network))))  # the first call of each
    call = found[checks.choice("layer", layer, found)]
    one = call.layer.layer if isinstance(call.layer, keras_layers.SpectralNormalization) else call.layer
    if isinstance(one, keras_layers.Dense):
        kernel, before = np.asarray(one.kernel).T, call.inputs[0]._keras_history.operation
        return kernel.reshape(-1, *before.input.shape[1:]) if isinstance(before, keras_layers.Flatten) else kernel
    if isinstance(one, keras_layers.DepthwiseConv2D):
        kernel = np.asarray(one.kernel)  # (height, width, channels, multiplier)
        return kernel.reshape(*kernel.shape[:2], -1, 1).transpose(2, 0, 1, 3)
    if isinstance(one, keras_layers.Conv2D):
        return np.asarray(one.kernel).transpose(3, 0, 1, 2)
    if isinstance(one, keras_layers.Conv2DTranspose):
        return np.asarray(one.kernel).transpose(3, 0, 1, 2)  # (inputs, height, width, channels)
    raise ValueError(
        f"Layer '{layer}' has no kernel of images. Expected: a Conv2D, DepthwiseConv2D, Conv2DTranspose or Dense "
        f"layer. Received: {type(one).__name__}"
    )
