"""Layers that use another layer's variables, such as its kernel, transposed: each is saved once."""

import keras
from keras import ops

from keras_gen import checks


class TiedLayer(keras.layers.Layer):
    """A layer that uses variables of another one, its source, which is in another network.

    Keras does not track the reference to the source: its variables belong to its own network, where they are counted,
    trained and saved. A layer from a file or a clone knows only the name of its source, until `tie`.

    Args:
        source: A built layer of the type `source_type`, or its name for a later `tie`.
        **kwargs: As in `keras.layers.Layer`.
    """

    def __init__(self, source, **kwargs):
        super().__init__(**kwargs)
        self.source_name = source if isinstance(source, str) else source.name
        self._source = None
        if not isinstance(source, str):
            self.tie(source)

    def tie(self, source):
        """Take the variables of `source`, a built layer."""
        if not isinstance(source, self.source_type) or not source.built:
            raise ValueError(
                f"`source` must be a built {self.source_type.__name__} layer. Received: {type(source).__name__}"
            )
        self.check_source(source)
        self._source = lambda: source  # a function, because Keras would track the layer itself

    def check_source(self, source):
        """Raise unless the variables of `source` fit."""

    def refuse(self, expected, received):
        raise ValueError(
            f"`source` does not fit the tied layer '{self.name}'. Expected: {expected}. Received: {received}"
        )

    @property
    def source(self):
        """The layer whose variables are used; a `ValueError` before `tie`, for a layer from a file or a clone."""
        if self._source is None:
            raise ValueError(
                f"The tied layer '{self.name}' has no source yet. Expected: `tie(decoder, encoder)`, as `Autoencoder` "
                f"does, with an encoder that holds a layer '{self.source_name}'"
            )
        return self._source()

    def compute_output_spec(self, inputs):  # known without the source, so that a network loads before it is tied
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "source": self.source_name}


class _TiedKernel(TiedLayer):
    """A layer with another layer's kernel, transposed."""

    def __init__(self, source, features, activation=None, use_bias=True, **kwargs):
        self.features = checks.integer("features", features)
        self._units = None  # channels of the input, once built
        super().__init__(source, **kwargs)
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias

    def check_source(self, source):
        shape = f"layer '{source.name}', whose kernel has shape {tuple(source.kernel.shape)}"
        *_, features, units = source.kernel.shape  # those before are the sides of a convolution
        if features != self.features:
            self.refuse(f"a kernel for {self.features} inputs", shape)
        if self._units not in (None, units):
            self.refuse(f"a kernel of {self._units} units, the tied layer's inputs", shape)

    def build(self, input_shape):
        self._units = input_shape[-1]
        if self._source is not None:
            self.tie(self.source)  # validates it against the input
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.features,), initializer="zeros")

    def call(self, inputs):
        outputs = self._product(inputs, ops.cast(self.source.kernel, self.compute_dtype))
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "features": self.features,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
        }


@keras.saving.register_keras_serializable(package="keras_gen")
class TiedDense(_TiedKernel):
    """A dense layer with the transposed kernel of another: f(x W^T + b), where W is the source's.

    Args:
        source: A built `keras.layers.Dense`, or its name for a later `tie`.
        features: Width of the output, which is the width of the source's input.
        activation: Activation. Defaults to `None`.
        use_bias: Whether to add a bias of its own. Defaults to `True`.
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> dense = keras.layers.Dense(2, kernel_initializer="ones")
    >>> dense.build((None, 3))
    >>> TiedDense(dense, 3)(ops.ones((1, 2))).numpy().tolist()
    [[2.0, 2.0, 2.0]]

    Reference:
        Vincent et al., 2010, Stacked denoising autoencoders, JMLR 11, section 2.2.
    """

    source_type = keras.layers.Dense

    def _product(self, inputs, kernel):
        return ops.matmul(inputs, ops.transpose(kernel))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.features)


@keras.saving.register_keras_serializable(package="keras_gen")
class TiedConv2DTranspose(_TiedKernel):
    """The transpose of a convolution of padding "same", with its kernel and strides.

    Args:
        source: A built `keras.layers.Conv2D`, channels last and without dilation, or its name for a later `tie`.
        features: Channels of the output, which are the channels of the source's input.
        strides: The source's strides, an integer or a pair. Defaults to 1.
        activation, use_bias, **kwargs: As in `TiedDense`.

    Example:

    >>> convolution = keras.layers.Conv2D(4, 3, strides=2, padding="same")
    >>> convolution.build((None, 8, 8, 1))
    >>> TiedConv2DTranspose(convolution, 1, strides=2)(ops.ones((1, 4, 4, 4))).shape
    TensorShape([1, 8, 8, 1])

    Reference:
        Masci et al., 2011, Stacked convolutional auto-encoders for hierarchical feature extraction, section 3.
    """

    source_type = keras.layers.Conv2D

    def __init__(self, source, features, strides=1, activation=None, use_bias=True, **kwargs):
        pair = strides if isinstance(strides, (list, tuple)) else (strides, strides)
        self.strides = tuple(checks.integer("strides", stride) for stride in pair)
        super().__init__(source, features, activation, use_bias, **kwargs)

    def check_source(self, source):
        super().check_source(source)
        if source.data_format != "channels_last" or tuple(source.dilation_rate) != (1, 1):
            received = f"{source.data_format}, dilation {tuple(source.dilation_rate)}"
            self.refuse("channels last, no dilation", received)
        if (tuple(source.strides), source.padding) != (self.strides, "same"):
            received = f"{tuple(source.strides)} and {source.padding!r}"
            self.refuse(f"strides {self.strides} and padding 'same'", received)

    def _product(self, inputs, kernel):
        return ops.conv_transpose(inputs, kernel, strides=self.strides, padding="same", data_format="channels_last")

    def compute_output_shape(self, input_shape):
        batch, *sides, _ = input_shape
        sides = [None if side is None else side * stride for side, stride in zip(sides, self.strides, strict=True)]
        return (batch, *sides, self.features)

    def get_config(self):
        return {**super().get_config(), "strides": self.strides}


def tie(decoder, encoder):
    """Tie each tied layer of `decoder` to its source, the layer of `encoder` with the name in its config.

    Args:
        decoder: Keras model; one without tied layers is left as it is.
        encoder: Keras model with a layer of each such name, whose variables fit.

    Returns:
        `decoder`.

    Example:

    >>> from keras_gen import networks
    >>> encoder, decoder = networks.mlp_autoencoder([8, 2], tied=True)
    >>> tie(keras.models.clone_model(decoder), encoder)(ops.zeros((1, 2))).shape
    TensorShape([1, 8])
    """
    candidates = list(encoder._flatten_layers())
    for layer in decoder._flatten_layers():
        if not isinstance(layer, TiedLayer):
            continue
        if layer._source is not None:
            if not any(candidate is layer.source for candidate in candidates):
                raise ValueError(
                    f"The tied layer '{layer.name}' has its source in another encoder. Expected: the encoder of "
                    f"its source, layer '{layer.source_name}', or a clone of the decoder, which is not tied"
                )
            continue
        named = [candidate for candidate in candidates if candidate.name == layer.source_name]
        if len(named) != 1:
            raise ValueError(
                f"The tied layer '{layer.name}' needs its source in the encoder. Expected: one layer "
                f"'{layer.source_name}'. Received: {sorted(candidate.name for candidate in candidates)}"
            )
        layer.tie(named[0])
    return decoder
