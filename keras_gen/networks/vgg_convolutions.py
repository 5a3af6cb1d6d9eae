"""The convolutions of VGG-16 and VGG-19, with weights from a file or of ImageNet, for images of any size."""

import os
from pathlib import Path

import keras
from keras import layers, ops

from keras_gen import checks
from keras_gen.data.array_files import read_arrays
from keras_gen.networks.classifiers.vgg16 import MEAN_BGR

_FILTERS = (64, 128, 256, 512, 512)  # of the blocks
_CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_POOLINGS = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}


def vgg_convolutions(depth=16, weights=None, pooling="max", name=None):
    """The convolutions and poolings of VGG-16 or VGG-19, for RGB images in [0, 1] of any size; no dense layers.

    The first layers turn pixels in [0, 1] into those that the published weights were trained on: 0 to 255, with blue
    first, and without the channels' means.

    Args:
        depth: 16 or 19. Defaults to 16.
        weights: `None` for random ones; `"imagenet"` for those of `keras.applications`, of which a download takes
            58 or 80 MB; or the path of an .npz file of arrays `<layer>/kernel` and `<layer>/bias`, with the names and
            the channels of `keras.applications`. Defaults to `None`.
        pooling: `"max"`, or `"average"`, with which textures and styles are smoother. Defaults to `"max"`.
        name: The network's name. Defaults to `None`: `"vgg16"` or `"vgg19"`.

    Returns:
        A functional model from `(batch, height, width, 3)` to the maps of `block5_pool`, with the names of layers of
        `keras.applications`: `block1_conv1`, `block1_conv2`, `block1_pool`, `block2_conv1`, ... It is not trainable.

    Raises:
        ValueError: If an argument is not of this form, or if the file misses an array or has one of another shape.

    Example:

    >>> vgg_convolutions(16).get_layer("block4_conv1").output.shape
    (None, None, None, 512)

    Reference:
        Simonyan and Zisserman, 2015, arXiv:1409.1556, table 1, configurations D and E; average pooling: Gatys, Ecker
        and Bethge, 2015, arXiv:1508.06576, section "Methods".
    """
    if depth not in _CONVOLUTIONS:
        raise ValueError(f"`depth` must be 16 or 19. Received: depth={depth!r}")
    pooled = _POOLINGS[checks.choice("pooling", pooling, _POOLINGS)]
    initial = "glorot_uniform" if weights is None else "zeros"
    options = {"padding": "same", "activation": "relu", "kernel_initializer": initial}
    inputs = keras.Input((None, None, 3), name="x")
    hidden = layers.Rescaling(255.0, [-mean for mean in MEAN_BGR], name="pixels")(ops.flip(inputs, axis=-1))
    for block, (filters, convolutions) in enumerate(zip(_FILTERS, _CONVOLUTIONS[depth], strict=True), start=1):
        for number in range(1, convolutions + 1):
            hidden = layers.Conv2D(filters, 3, name=f"block{block}_conv{number}", **options)(hidden)
        hidden = pooled(2, name=f"block{block}_pool")(hidden)
    network = keras.Model(inputs, hidden, name=name or f"vgg{depth}")
    if weights == "imagenet":
        build = {16: keras.applications.VGG16, 19: keras.applications.VGG19}[depth]
        network.set_weights(build(include_top=False, input_shape=(None, None, 3)).get_weights())
    elif weights is not None:
        network.set_weights(_from_file(weights, network))
    network.trainable = False
    return network


def _from_file(path, network):
    """The weights of a network's convolutions in an .npz file, in their order."""
    if not os.path.isfile(path):
        raise ValueError(
            "`weights` must be None, 'imagenet', or the path of an .npz file of a network's convolutions. "
            f"Received: '{path}', which is no file"
        )
    try:
        arrays = read_arrays(Path(path))
    except ValueError as error:
        raise ValueError(f"{error}. Expected: an .npz file of a network's convolutions") from None
    if not isinstance(arrays, dict):
        raise ValueError(f"`weights` must be an .npz file. Received: '{path}', one array")
    weights = []
    for layer in network.layers:
        for variable in layer.variables:
            name = f"{layer.name}/{variable.name}"
            found = arrays.get(name)
            if found is None or found.shape != tuple(variable.shape):
                received = f"arrays {checks.listed(sorted(arrays))}" if found is None else f"shape {found.shape}"
                raise ValueError(
                    f"'{path}' does not fit {network.name}. Expected: an array '{name}' of shape "
                    f"{tuple(variable.shape)}. Received: {received}"
                )
            weights.append(found.astype("float32"))
    return weights
