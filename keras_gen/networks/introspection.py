"""The calls of a network's layers, in their order, and the multiplications that each takes."""

import math
import typing

import keras
from keras import layers

from keras_gen import checks
from keras_gen.layers.filters import FixedFilter2D
from keras_gen.layers.resampling import SubPixelConv2D
from keras_gen.layers.tied import TiedConv2DTranspose, TiedDense

_ON_OUTPUTS = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv1D)
_ON_OUTPUTS += (layers.DepthwiseConv2D, layers.SeparableConv1D, layers.SeparableConv2D)
_ON_INPUTS = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
_WITHOUT_PRODUCTS = (layers.Embedding, layers.LayerNormalization, layers.PReLU)  # though their weights may be matrices


class Call(typing.NamedTuple):
    """One call of a layer in a network: the shared layer of two branches has two."""

    layer: object  # a Keras layer or operation
    number: int  # of the call, among all calls of the layer
    inputs: list  # of symbolic tensors
    outputs: list


def is_network(layer):
    """Whether a layer is a functional or a Sequential model whose shapes are known."""
    return isinstance(layer, keras.Model) and hasattr(layer, "inputs") and hasattr(layer, "outputs")


def require_network(name, network):
    """Raise a `ValueError` unless `network`, an argument of that name, has layers whose calls can be followed."""
    if not is_network(network):
        raise ValueError(
            f"`{name}` must know its layers and their shapes. Expected: a functional Keras model, or a Sequential one "
            f"that begins with keras.Input, such as the encoder of an autoencoder. Received: {network!r}"
        )


def calls(network):
    """The calls of a functional or Sequential model's layers, in an order in which they can be computed.

    Args:
        network: A model for which `is_network` holds. A model within it counts as one layer.

    Returns:
        List of `Call`, without the inputs.

    Example:

    >>> network = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.ReLU()])
    >>> [type(call.layer).__name__ for call in calls(network)]
    ['Dense', 'ReLU']
    """
    by_depth = keras.Function(network.inputs, network.outputs)._nodes_by_depth
    nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth] if not node.is_input]
    return [
        Call(node.operation, node.operation._inbound_nodes.index(node), node.input_tensors, node.output_tensors)
        for node in nodes
    ]


def named_calls(network, prefix=""):
    """Yield the pairs (name, `Call`) of a network's layers and of those of the models within it, `model/layer`."""
    for call in calls(network):
        if is_network(call.layer):
            yield from named_calls(call.layer, f"{prefix}{call.layer.name}/")
        else:
            yield prefix + call.layer.name, call


def operations(layer, call=0):
    """The multiplications, each with an addition, that a layer needs for one example.

    Dense layers and convolutions: the size of the kernel times the number of positions of the output; both kernels of a
    separable convolution, and a fixed filter's kernel for every channel. Transposed and sub-pixel convolutions: the
    size of the kernel times the number of positions of the small image. Layers without matrices of weights, and all
    biases: 0.

    Args:
        layer: A layer of a functional or Sequential model, or such a model, whose layers are added up.
        call: Which of the layer's calls to count, an integer >= 0, for a layer that is shared. Defaults to 0.

    Returns:
        An integer.

    Raises:
        ValueError: If the layer is in no such model, if the sides of its images vary, or if it is another layer with
            matrices of weights, such as attention.

    Example:

    >>> network = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(16, 3)])
    >>> operations(network.layers[0])  # 3 * 3 * 3 * 16 at 6 * 6 positions
    15552

    Reference:
        Howard et al., 2017, arXiv:1704.04861, section 3.1.
    """
    if is_network(layer):
        return sum(operations(one.layer, one.number) for _, one in named_calls(layer))
    nodes, call = getattr(layer, "_inbound_nodes", ()), checks.integer("call", call, minimum=0)
    if call >= len(nodes):
        raise ValueError(
            "`layer` must have been called in a functional or Sequential model. "
            f"Expected: a layer with more than {call} calls. Received: {layer!r} with {len(nodes)}"
        )
    node = nodes[call]
    while isinstance(layer, layers.Wrapper):
        layer = layer.layer
    if isinstance(layer, (*_ON_INPUTS, TiedConv2DTranspose)):
        shape = node.input_tensors[0].shape
    elif isinstance(layer, (*_ON_OUTPUTS, TiedDense, FixedFilter2D)):
        shape = node.output_tensors[0].shape
    elif not isinstance(layer, _WITHOUT_PRODUCTS) and any(len(weight.shape) > 1 for weight in _trainable(layer)):
        raise ValueError(
            f"It is not known how many operations layer '{layer.name}' needs. Expected: dense layers, convolutions, or "
            f"layers without matrices of weights. Received: {type(layer).__name__}"
        )
    else:
        return 0
    first = getattr(layer, "data_format", "channels_last") == "channels_first"
    positions = shape[2:] if first else shape[1:-1]
    if None in positions:
        raise ValueError(
            f"Layer '{layer.name}' needs a number of operations that depends on the size of its input. Expected: a "
            f"network with fixed sides. Received: shape {tuple(shape)}"
        )
    small = layer.scale**2 if isinstance(layer, SubPixelConv2D) else 1  # outputs of one position of the convolution
    return math.prod(positions) // small * sum(math.prod(kernel) for kernel in _kernels(layer, shape))


def _trainable(layer):
    """The trainable weights of a layer; operations of `keras.ops` have none."""
    return layer.trainable_weights if isinstance(layer, keras.Layer) else []


def _kernels(layer, shape):
    """The shapes of the kernels that are applied at each position."""
    if isinstance(layer, FixedFilter2D):
        return [(*layer.kernel_size, shape[-1])]
    if isinstance(layer, (layers.SeparableConv1D, layers.SeparableConv2D)):
        return layer.depthwise_kernel.shape, layer.pointwise_kernel.shape
    return [(layer.source if isinstance(layer, (TiedDense, TiedConv2DTranspose)) else layer).kernel.shape]
