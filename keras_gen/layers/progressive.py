"""Layers of progressively grown GANs: a fade from one branch to another, normalised pixels, variation in the batch."""

import keras
from keras import ops

from keras_gen import checks


@keras.saving.register_keras_serializable(package="keras_gen")
class FadeIn(keras.layers.Layer):
    """Fade from an old branch of a network to a new one.

    y = (1 - alpha) old + alpha new

    `alpha` is a saved variable, which `callbacks.FadeSchedule` raises from 0 to 1. For finite values the output is
    exactly `old` at 0 and exactly `new` at 1, also in half precision: the layer computes in float32.

    Args:
        alpha: Weight of the new branch until a callback changes it, a number in [0, 1]. Defaults to 1.
        **kwargs: As in `keras.layers.Layer`.

    Call arguments:
        inputs: The pair [old, new] of tensors of one shape.

    Returns:
        Tensor of that shape.

    Example:

    >>> FadeIn(alpha=0.25)([ops.zeros((1, 2)), ops.ones((1, 2))]).numpy().tolist()
    [[0.25, 0.25]]

    Reference:
        Karras et al., 2018, arXiv:1710.10196, figure 2.
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        if checks.number("alpha", alpha) > 1:
            raise ValueError(f"`alpha` must be a number in [0, 1]. Received: alpha={alpha!r}")
        self.first_alpha = float(alpha)

    def build(self, input_shape):
        shapes = [tuple(shape) for shape in input_shape]
        if len(shapes) != 2 or not checks.shapes_agree(*shapes):
            raise ValueError(f"`FadeIn` takes [old, new]. Expected: two tensors of one shape. Received: {shapes}")
        self.alpha = self.add_weight(
            name="alpha",
            shape=(),
            dtype="float32",
            initializer=keras.initializers.Constant(self.first_alpha),
            trainable=False,
            autocast=False,  # in bfloat16, 0.999 would be 1
        )

    def call(self, inputs):
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        old, new = (ops.cast(branch, dtype) for branch in inputs)
        alpha = ops.cast(self.alpha, dtype)
        return ops.cast((1 - alpha) * old + alpha * new, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return {**super().get_config(), "alpha": self.first_alpha}


@keras.saving.register_keras_serializable(package="keras_gen")
class PixelNormalization(keras.layers.Layer):
    """Scale the features of each pixel to a mean square of 1.

    y = x / sqrt(mean over channels of x^2 + epsilon)

    It has no weights and is computed in float32.

    Args:
        epsilon: Number > 0. Defaults to 1e-8, as published.
        **kwargs: As in `keras.layers.Layer`.

    Returns:
        Tensor of the shape of the input, `(batch, ..., channels)`.

    Example:

    >>> [round(value, 3) for value in PixelNormalization()(ops.array([[3.0, 4.0]]))[0].numpy().tolist()]
    [0.849, 1.131]

    Reference:
        Karras et al., 2018, arXiv:1710.10196, section 4.2.
    """

    def __init__(self, epsilon=1e-8, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = checks.positive("epsilon", epsilon)

    def call(self, inputs):
        values = ops.cast(inputs, keras.backend.result_type(self.compute_dtype, "float32"))
        squares = ops.mean(ops.square(values), axis=-1, keepdims=True)  # (batch, ..., 1)
        return ops.cast(values * ops.rsqrt(squares + self.epsilon), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="keras_gen")
class MinibatchStandardDeviation(keras.layers.Layer):
    """Add a channel that states how much the examples of a batch differ, so that a discriminator sees lost variety.

    s = mean over pixels and channels of sqrt(variance over the batch + epsilon)

    Every pixel of the new channel is s: the same for all examples, and sqrt(epsilon), about 0, for equal examples or a
    single one. With a `group_size`, each example sees the s of its own group only: the examples i, i + k, i + 2 k, ...
    of a batch form one of k groups, of `group_size` examples or, where the batch cannot be divided so, a few more.
    Replicas of a distribution strategy measure their own part of the batch. It is computed in float32.

    Args:
        group_size: Examples in a group, an integer >= 1. Defaults to `None`: the whole batch, as published.
        epsilon: Number > 0, which keeps the gradient finite where examples are equal. Defaults to 1e-8.
        **kwargs: As in `keras.layers.Layer`.

    Returns:
        Images `(batch, height, width, channels + 1)`.

    Example:

    >>> black_and_white = ops.concatenate([ops.zeros((1, 2, 2, 3)), ops.ones((1, 2, 2, 3))])
    >>> MinibatchStandardDeviation()(black_and_white)[0, 0, 0].numpy().tolist()
    [0.0, 0.0, 0.0, 0.5]

    Reference:
        Karras et al., 2018, arXiv:1710.10196, section 3.
    """

    def __init__(self, group_size=None, epsilon=1e-8, **kwargs):
        super().__init__(**kwargs)
        self.group_size = None if group_size is None else checks.integer("group_size", group_size)
        self.epsilon = checks.positive("epsilon", epsilon)

    def call(self, inputs):
        batch, height, width, _ = ops.shape(inputs)
        values = ops.cast(inputs, keras.backend.result_type(self.compute_dtype, "float32"))
        values = ops.reshape(values, (batch, -1))  # (batch, features)
        centred = values - self._mean_of_group(values, batch)
        variances = self._mean_of_group(ops.square(centred), batch)  # (batch, features), or (1, features)
        deviation = ops.mean(ops.sqrt(variances + self.epsilon), axis=1)  # (batch,) or (1,)
        channel = ops.broadcast_to(deviation[:, None, None, None], (batch, height, width, 1))
        return ops.concatenate([inputs, ops.cast(channel, inputs.dtype)], axis=-1)

    def _mean_of_group(self, values, batch):
        """The mean over each example's group, `(batch, features)`; `(1, features)` if all are in one."""
        if self.group_size is None:
            return ops.mean(values, axis=0, keepdims=True)
        numbers = ops.arange(batch)
        groups = ops.mod(numbers, ops.maximum(batch // self.group_size, 1))
        together = ops.cast(groups[:, None] == groups[None], values.dtype)  # (batch, batch)
        return ops.matmul(together / ops.sum(together, axis=1, keepdims=True), values)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self):
        return {**super().get_config(), "group_size": self.group_size, "epsilon": self.epsilon}
