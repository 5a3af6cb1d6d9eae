"""The mean of the examples: subtracted before an encoder, and added after a decoder."""

import keras
from keras import ops

from keras_gen import backend
from keras_gen.layers.tied import TiedLayer


@keras.saving.register_keras_serializable(package="keras_gen")
class SubtractMean(keras.layers.Layer):
    """Subtract the mean of the inputs in training, with their noise: x - m, m <- m + (mean of the batch - m) n / t.

    `n` is the number of examples in the batch, and `t` that of all so far: `m` is the mean of all inputs in training,
    whatever their sample weights. Training converges in far fewer steps when inputs have mean 0: otherwise each step
    moves all weights of a unit in the same direction. The mean stays fixed where the layer is not trainable. It is
    computed and subtracted in float32 at least.

    Args:
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> layer = SubtractMean()
    >>> layer(ops.array([[1.0], [3.0]]), training=True).numpy().tolist()
    [[-1.0], [1.0]]
    >>> layer(ops.array([[1.0], [3.0]])).numpy().tolist()
    [[-1.0], [1.0]]

    Reference:
        LeCun et al., 1998, Efficient backprop, section 4.3.
    """

    def __init__(self, **kwargs):
        super().__init__(autocast=False, **kwargs)  # half precision would round the inputs before the subtraction

    def build(self, input_shape):
        options = {"initializer": "zeros", "trainable": False, "dtype": "float32", "autocast": False}
        options["aggregation"] = "mean"
        self.mean = self.add_weight(name="mean", shape=input_shape[1:], **options)
        self.examples = self.add_weight(name="examples", shape=(), **options)

    def call(self, inputs, training=False):
        inputs = _precise(inputs)
        if training and self.trainable:
            number, replicas = ops.cast(ops.shape(inputs)[0], "float32"), backend.replica_count()
            change = ops.cast(ops.sum(inputs, axis=0), "float32") - number * self.mean
            self.examples.assign_add(number * replicas)  # replicas assign the mean of their values
            self.mean.assign_add(change * replicas / self.examples)
        return ops.cast(inputs - ops.cast(self.mean, inputs.dtype), self.compute_dtype)  # (batch, *shape)


@keras.saving.register_keras_serializable(package="keras_gen")
class AddMean(TiedLayer):
    """Add the mean that a `SubtractMean` subtracts; the sum is float32 at least.

    Args:
        source: A built `SubtractMean`, or its name for a later `layers.tie`.
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> centering = SubtractMean()
    >>> outputs = centering(ops.array([[1.0], [3.0]]), training=True)
    >>> AddMean(centering)(outputs).numpy().tolist()
    [[1.0], [3.0]]
    """

    source_type = SubtractMean

    def call(self, inputs):
        inputs = _precise(inputs)
        return inputs + ops.cast(self.source.mean, inputs.dtype)  # (batch, *shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, dtype=keras.backend.result_type(self.compute_dtype, "float32"))


def _precise(tensor):
    """A tensor in float32, or in float64 if it is."""
    return ops.cast(tensor, keras.backend.result_type(tensor.dtype, "float32"))
