"""The units of its input that each unit of a layer sees, for the layers whose units see a box."""

import typing

from keras import layers

from keras_gen.layers.centering import AddMean, SubtractMean
from keras_gen.layers.corruption import MaskingNoise, SaltAndPepperNoise
from keras_gen.layers.filters import FixedFilter2D
from keras_gen.layers.normalization import InstanceNormalization, LocalResponseNormalization
from keras_gen.layers.padding import ReflectionPadding2D
from keras_gen.layers.resampling import PolyphaseConv2DTranspose, SubPixelConv2D
from keras_gen.layers.sparsity import KSparse
from keras_gen.layers.tied import TiedConv2DTranspose
from keras_gen.layers.unpooling import MaxPoolWithSwitches2D, MaxUnpool2D


class Window(typing.NamedTuple):
    """The units of its input that a layer's units see: unit u + period sees those `step` further than unit u."""

    sees: object  # a function from a unit to an iterable of units of the input
    period: int = 1
    step: int = 1


def unknown(layer, name, expected, detail=""):
    """The error for a layer of which it is not known what its units see."""
    return ValueError(
        f"The receptive field of layer '{name}' is not defined: it is not known what its units see. "
        f"Expected: {expected}. Received: {type(layer).__name__}{detail}"
    )


def fixed(side, name):
    """A side that is needed; a `ValueError` names the layer that needs it if it is `None`."""
    if side is None:
        raise ValueError(
            f"The receptive field of layer '{name}' depends on the size of the image. Expected: a network with fixed "
            "sides. Received: None"
        )
    return side


def _convolution(layer, axis, sides, name):
    return _window(
        layer.kernel_size[axis], layer.strides[axis], layer.dilation_rate[axis], layer.padding, sides[0], name
    )


def _pooling(layer, axis, sides, name):
    return _window(layer.pool_size[axis], layer.strides[axis], 1, layer.padding, sides[0], name)


def _filter(layer, axis, sides, name):
    return _window(layer.kernel_size[axis], 1, 1, layer.padding, sides[0], name)


def _window(size, stride, dilation, padding, side, name):
    reach, before = dilation * (size - 1) + 1, 0
    if padding == "same":
        surplus = 1 if stride == 1 else (fixed(side, name) - 1) % stride + 1  # pixels from the last place on
        before = max(reach - surplus, 0) // 2
    return Window(lambda unit: range(stride * unit - before, stride * unit - before + reach, dilation), step=stride)


def _sub_pixel(layer, axis, sides, name):
    small = _convolution(layer, axis, sides, name)
    return Window(lambda unit: small.sees(unit // layer.scale), period=layer.scale, step=small.step)


def _transposed(layer, axis, sides, name):
    tied = isinstance(layer, TiedConv2DTranspose)  # always of padding "same"
    size = layer.source.kernel.shape[axis] if tied else layer.kernel_size[axis]
    dilation = 1 if tied else layer.dilation_rate[axis]
    stride, reach, added = layer.strides[axis], dilation * (size - 1) + 1, None if tied else layer.output_padding
    cropped = 0
    if tied or layer.padding == "same":
        cropped = max(reach - stride if added is None else reach - reach % 2 - added[axis], 0) // 2

    def sees(unit):
        places = (unit + cropped - dilation * tap for tap in range(size))
        return [place // stride for place in places if place % stride == 0]

    return Window(sees, period=stride)


def _with_switches(layer, axis, sides, name):
    """The windows of the maxima and of their places, each of which depends on the whole window."""
    size = layer.pool_size[axis]
    maxima = _window(size, size, 1, layer.padding, sides[0], name)
    before = -maxima.sees(0).start
    return maxima, Window(lambda unit: maxima.sees((unit + before) // size), period=size, step=size)


def _unpooling(layer, axis, sides, name):
    size, (pooled, side) = layer.pool_size[axis], (fixed(one, name) for one in sides)
    before = max(pooled * size - side, 0) // 2
    return Window(lambda unit: [(unit + before) // size], period=size)


def _upsampling(layer, axis, sides, name):
    factor = layer.size[axis]
    if layer.interpolation == "nearest":
        return Window(lambda unit: [unit // factor], period=factor)
    if layer.interpolation != "bilinear":
        raise unknown(layer, name, "interpolation 'nearest' or 'bilinear'", f" with {layer.interpolation!r}")

    def sees(unit):  # the units on both sides of the middle of an enlarged pixel, (unit + 1/2) / factor - 1/2
        below, beyond = divmod(2 * unit + 1 - factor, 2 * factor)
        return [below, below + 1] if beyond else [below]

    return Window(sees, period=factor)


def _zero_padding(layer, axis, sides, name):
    return Window(lambda unit: [unit - layer.padding[axis][0]])


def _reflection(layer, axis, sides, name):
    return Window(lambda unit: [unit - layer.padding])


def _cropping(layer, axis, sides, name):
    return Window(lambda unit: [unit + layer.cropping[axis][0]])


# Functions of a layer, an axis, the sides of its first input and output along it, and the layer's name: the window of
# the first input, or one for each output
WINDOWS = {
    **dict.fromkeys((layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D), _convolution),
    **dict.fromkeys((layers.AveragePooling2D, layers.MaxPooling2D), _pooling),
    FixedFilter2D: _filter,
    **dict.fromkeys((layers.Conv2DTranspose, PolyphaseConv2DTranspose, TiedConv2DTranspose), _transposed),
    SubPixelConv2D: _sub_pixel,
    MaxPoolWithSwitches2D: _with_switches,
    MaxUnpool2D: _unpooling,
    layers.UpSampling2D: _upsampling,
    layers.ZeroPadding2D: _zero_padding,
    ReflectionPadding2D: _reflection,
    layers.Cropping2D: _cropping,
}
OF_ALL = {layers.Flatten, layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D}
POINTWISE = {
    layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU, layers.Softmax, layers.Dense,
    layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum, layers.Concatenate,
    layers.BatchNormalization, layers.GroupNormalization, layers.LayerNormalization, layers.UnitNormalization,
    layers.Normalization, layers.Rescaling, layers.Identity, layers.ActivityRegularization, InstanceNormalization,
    LocalResponseNormalization,
    layers.Dropout, layers.SpatialDropout2D, layers.AlphaDropout, layers.GaussianDropout, layers.GaussianNoise,
    MaskingNoise, SaltAndPepperNoise, SubtractMean, AddMean, KSparse,
}  # fmt: skip
OPERATIONS = {  # of keras.ops, on symbolic tensors
    "Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Maximum", "Minimum", "Negative", "Absolute", "Exp", "Log",
    "Sqrt", "Square", "Power", "Clip", "Tanh", "Sigmoid", "HardSigmoid", "Silu", "HardSilu", "Relu", "Relu6",
    "LeakyRelu", "Elu", "Selu", "Gelu", "Softplus", "Concatenate", "Softmax", "Flip",
}  # fmt: skip
ALONG_AN_AXIS = {"Concatenate", "Flip", "Softmax", "UnitNormalization"}
