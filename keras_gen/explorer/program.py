"""A network as a list of steps with plain weights, which `static/evaluator.js` computes for one example."""

import keras
import numpy as np

from keras_gen import layers

_ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh", "silu", "softplus", "elu")  # that the evaluator has
_NAMED_LEAKY = 0.2  # the slope of Keras's function `leaky_relu` and of `layers.leaky_relu`


class Program:
    """The steps of a functional network, and its weights.

    Each step is a dict: `op`, the numbers of its `inputs` and its `output`, the output's `shape` without the batch, and
    what the operation needs. A weight is a pair (place in `weights`, size).

    Args:
        network: A functional Keras model, or a `Sequential` one, of one output.
        activation: Name of a function of the outputs, `"linear"` or `"sigmoid"`. Defaults to `"linear"`.

    Raises:
        ValueError: If a layer is none of those that the evaluator computes.

    Example:

    >>> program = Program(keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu")]))
    >>> [step["op"] for step in program.steps], len(program.weights)
    (['dense', 'activation'], 9)
    """

    def __init__(self, network, activation="linear"):
        self.steps, self._parts, self._size = [], [], 0
        self._numbers, self._count = {}, 0  # of tensors by their identity; of all results
        self.inputs = [self._number(tensor) for tensor in network.inputs]
        self._add_network(network)
        self.output = self.activated(self._number(network.outputs[0]), activation)

    @property
    def weights(self):
        """All weights in one float32 array."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, "float32")

    def _add_network(self, network):
        for layer in getattr(network, "operations", network.layers):
            if isinstance(layer, keras.layers.InputLayer):
                continue
            if len(layer._inbound_nodes) > 1:
                raise ValueError(
                    f"A page without a server computes each layer once. Received: `{layer.name}`, which is used "
                    f"{len(layer._inbound_nodes)} times"
                )
            given, made = keras.tree.flatten(layer.input), layer.output
            if isinstance(layer, keras.Model):
                if len(layer.outputs) > 1:
                    raise ValueError(f"An inner network must have one output. Received: `{layer.name}` of more")
                for inner, outer in zip(layer.inputs, given, strict=True):
                    self._numbers[id(inner)] = self._number(outer)
                self._add_network(layer)
                self._numbers[id(made)] = self._number(layer.outputs[0])
                continue
            add = _STEPS.get(type(layer))
            if add is None:
                known = ", ".join(sorted(kind.__name__ for kind in _STEPS))
                raise ValueError(
                    f"A page without a server cannot compute the layer `{layer.name}`. Expected: one of {known}. "
                    f"Received: {type(layer).__name__}"
                )
            self._shape = list(made.shape[1:])
            if None in self._shape:
                raise ValueError(f"A page without a server computes images of one size. Received: {made.shape}")
            self._numbers[id(made)] = add(self, layer, *map(self._number, given))

    def _number(self, tensor):
        if id(tensor) not in self._numbers:
            self._numbers[id(tensor)] = self._new()
        return self._numbers[id(tensor)]

    def _new(self):
        self._count += 1
        return self._count - 1

    def step(self, op, *inputs, **options):
        """Add a step, and return the number of its output."""
        number, shape = self._new(), options.pop("shape", self._shape)
        self.steps.append({"op": op, "inputs": list(inputs), "output": number, "shape": list(shape), **options})
        return number

    def weight(self, values):
        """Add a weight, and return its place and size."""
        values = np.asarray(keras.ops.convert_to_numpy(values), "float32").ravel()
        self._parts.append(values)
        self._size += len(values)
        return [self._size - len(values), len(values)]

    def activated(self, number, function):
        """The number of a result after an activation, a function or its name."""
        name = keras.activations.serialize(function) if not isinstance(function, str) else function
        name = name if isinstance(name, str) else getattr(function, "__name__", type(function).__name__)
        if name == "leaky_relu":
            return self.step("leaky", number, slope=_NAMED_LEAKY)
        if name not in _ACTIVATIONS:
            raise ValueError(
                "A page without a server cannot compute the activation. Expected: one of "
                f"{', '.join((*_ACTIVATIONS, 'leaky_relu'))}. Received: {name}"
            )
        return number if name == "linear" else self.step("activation", number, name=name)


def _dense(program, layer, x):
    kernel, bias = layer.kernel, layer.bias if layer.use_bias else None
    return _linear(program, layer, x, kernel, bias)


def _tied_dense(program, layer, x):
    kernel, bias = keras.ops.transpose(layer.source.kernel), layer.bias if layer.use_bias else None
    return _linear(program, layer, x, kernel, bias)


def _linear(program, layer, x, kernel, bias):
    weights = _weights(program, kernel, bias)
    return program.activated(program.step("dense", x, **weights), layer.activation)


def _convolution(program, layer, x):
    return program.activated(_convolved(program, layer, x, layer.output.shape[1:]), layer.activation)


def _sub_pixel(program, layer, x):
    height, width, channels = layer.output.shape[1:]
    small = (height // layer.scale, width // layer.scale, channels * layer.scale**2)
    shuffled = program.step("shuffle", _convolved(program, layer, x, small), period=layer.scale)
    return program.activated(shuffled, layer.activation)


def _convolved(program, layer, x, shape):
    return _moving(program, "convolution", layer, x, shape, shape, layer.input.shape[1:])


def _transposed(program, layer, x):
    """The gradient of a convolution with respect to its input: images are on the side of its output."""
    shape = layer.output.shape[1:]
    return program.activated(
        _moving(program, "transposed", layer, x, shape, layer.input.shape[1:], shape), layer.activation
    )


def _moving(program, op, layer, x, shape, small, large):
    """A step with a kernel that moves over the larger of two images, with zeros in front as TensorFlow pads."""
    _plain(layer, dilation_rate=((1, 1), 1), **({"groups": (1,)} if hasattr(layer, "groups") else {}))
    before = [
        max((side - 1) * stride + kernel - whole, 0) // 2 if layer.padding == "same" else 0
        for side, stride, kernel, whole in zip(small, layer.strides, layer.kernel_size, large, strict=False)
    ]
    options = {"size": list(layer.kernel_size), "strides": list(layer.strides), "before": before, "shape": shape}
    return program.step(op, x, **_weights(program, layer.kernel, layer.bias if layer.use_bias else None), **options)


def _weights(program, kernel, bias):
    return {"kernel": program.weight(kernel)} | ({} if bias is None else {"bias": program.weight(bias)})


def _plain(layer, **options):
    """Raise a `ValueError` unless a layer's options are those that the evaluator has."""
    for name, expected in options.items():
        found = getattr(layer, name)
        if found not in expected:
            raise ValueError(
                f"A page without a server cannot compute `{layer.name}`. Expected: {name}={expected[0]!r}. Received: "
                f"{name}={found!r}"
            )


def _last_axis(layer):
    return (-1, len(layer.output.shape) - 1)


def _rectified(program, layer, x):
    _plain(layer, max_value=(None,), negative_slope=(0,), threshold=(0,))
    return program.activated(x, "relu")


def _concatenated(program, layer, *inputs):
    _plain(layer, axis=_last_axis(layer))
    return program.step("concatenate", *inputs)


def _sum(program, layer, *inputs):
    if len({tensor.shape for tensor in layer.input}) > 1:
        raise ValueError(f"A page without a server adds tensors of one shape. Received: `{layer.name}` of others")
    return program.step("sum", *inputs)


def _batch_normalization(program, layer, x):
    _plain(layer, axis=_last_axis(layer))
    arrays = (layer.moving_mean, layer.moving_variance, layer.gamma, layer.beta)
    mean, variance, gamma, beta = (None if one is None else keras.ops.convert_to_numpy(one) for one in arrays)
    scale = (1 if gamma is None else gamma) / np.sqrt(variance + layer.epsilon)
    shift = (0 if beta is None else beta) - mean * scale
    return program.step("affine", x, scale=program.weight(scale), shift=program.weight(shift))


def _up_sampling(program, layer, x):
    _plain(layer, interpolation=("nearest",))
    return program.step("repeat", x, factors=list(layer.size))


def _same(program, layer, x):
    return program.step("reshape", x)  # to the output's shape: that of the input, or another one


_STEPS = {
    keras.layers.Activation: lambda program, layer, x: program.activated(x, layer.activation),
    keras.layers.Add: _sum,
    keras.layers.BatchNormalization: _batch_normalization,
    keras.layers.Concatenate: _concatenated,
    keras.layers.Conv2D: _convolution,
    keras.layers.Conv2DTranspose: _transposed,
    keras.layers.Cropping2D: lambda program, layer, x: program.step(
        "crop", x, before=[layer.cropping[0][0], layer.cropping[1][0]]
    ),
    keras.layers.Dense: _dense,
    keras.layers.Dropout: _same,
    keras.layers.Embedding: lambda program, layer, x: program.step("row", x, table=program.weight(layer.embeddings)),
    keras.layers.Flatten: _same,
    keras.layers.LeakyReLU: lambda program, layer, x: program.step("leaky", x, slope=float(layer.negative_slope)),
    keras.layers.ReLU: _rectified,
    keras.layers.Reshape: _same,
    keras.layers.UpSampling2D: _up_sampling,
    layers.AddMean: lambda program, layer, x: program.step("constant", x, shift=program.weight(layer.source.mean)),
    layers.NarrowConv2D: _convolution,
    layers.SubPixelConv2D: _sub_pixel,
    layers.TiedDense: _tied_dense,
}
