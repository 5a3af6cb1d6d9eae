"""The mean of the examples: subtracted before an encoder, and added after a decoder."""

import keras
from keras import ops

from keras_gen.layers.tied import TiedLayer


@keras.saving.register_keras_serializable(package="keras_gen")
class SubtractMean(keras.layers.Layer):
    """Subtract the mean of the inputs in training, with their noise: x - m, m <- m + (mean of the batch - m) / t.

    After t training batches of equal size, `m` is the mean of all their inputs. Without their mean, examples of many
    values that are not around 0, such as photographs, take far fewer steps of training: each step changes all weights
    of a unit alike for such inputs, and so its output by much.

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

    def build(self, input_shape):
        options = {"initializer": "zeros", "trainable": False, "dtype": "float32", "autocast": False}
        self.mean = self.add_weight(name="mean", shape=input_shape[1:], aggregation="mean", **options)
        self.batches = self.add_weight(name="batches", shape=(), aggregation="only_first_replica", **options)

    def call(self, inputs, training=False):
        if training:
            self.batches.assign_add(1.0)
            change = ops.mean(ops.cast(inputs, "float32"), axis=0) - self.mean
            self.mean.assign_add(change / self.batches)
        return inputs - ops.cast(self.mean, inputs.dtype)  # (batch, *shape)


@keras.saving.register_keras_serializable(package="keras_gen")
class AddMean(TiedLayer):
    """Add the mean that a `SubtractMean` subtracts.

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
        return inputs + ops.cast(self.source.mean, inputs.dtype)  # (batch, *shape)

    def compute_output_shape(self, input_shape):
        return input_shape
