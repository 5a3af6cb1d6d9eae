"""Noise on the input, which a denoising autoencoder learns to remove."""

import keras
import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.layers.sampling import ReplicaSeedGenerator


class _Corruption(keras.layers.Layer):
    """Base of the corruptions: a rate, a random state, and no effect outside training."""

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = checks.rate("rate", rate)
        self.seed = seed
        self.seed_generator = ReplicaSeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        return self.corrupt(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable(package="keras_gen")
class MaskingNoise(_Corruption):
    """Set random inputs to zero in training; unlike dropout, it does not rescale the others.

    This lowers the mean of inputs that are not around 0, such as bright images, and a network that saw only such inputs
    reconstructs clean ones badly. `keras.layers.Dropout` as the corruption keeps the mean.

    Args:
        rate: Fraction of the inputs to mask, a number in [0, 1).
        value: Value of masked inputs; NaN for networks that read NaN as missing. Defaults to 0.
        seed: Integer, or `None` for one from the global state. Defaults to `None`.
        widths: Numbers of adjacent inputs, along the last axis, that are masked together, such as the indicators of one
            category; their sum is the size of that axis. Defaults to `None`: each input by itself.
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> sorted(set(MaskingNoise(0.5, seed=0)(ops.ones((1, 50)), training=True).numpy().ravel().tolist()))
    [0.0, 1.0]

    Reference:
        Vincent et al., 2010, Stacked denoising autoencoders, JMLR 11, section 3.3.
    """

    def __init__(self, rate, value=0.0, seed=None, widths=None, **kwargs):
        super().__init__(rate, seed, **kwargs)
        self.value = value
        self.widths = None if widths is None else checks.widths("widths", widths)

    def corrupt(self, inputs):
        shape = ops.shape(inputs)
        if self.widths is None:
            draws = backend.uniform(shape, self.seed_generator)
        else:
            draws = backend.uniform((*shape[:-1], len(self.widths)), self.seed_generator)
            draws = ops.take(draws, np.repeat(np.arange(len(self.widths)), self.widths), axis=-1)
        return ops.where(draws < self.rate, ops.full_like(inputs, self.value), inputs)

    def get_config(self):
        return {**super().get_config(), "value": self.value, "widths": self.widths}


@keras.saving.register_keras_serializable(package="keras_gen")
class SaltAndPepperNoise(_Corruption):
    """Set random inputs to the lowest or the highest value, each with probability 1/2, in training.

    Args:
        low: The lowest value. Defaults to 0.
        high: The highest value. Defaults to 1.
        rate, seed, **kwargs: As in `MaskingNoise`.

    Example:

    >>> noise = SaltAndPepperNoise(0.9, seed=0)
    >>> sorted(set(noise(ops.full((1, 50), 0.5), training=True).numpy().ravel().tolist()))
    [0.0, 0.5, 1.0]

    Reference:
        Vincent et al., 2010, Stacked denoising autoencoders, JMLR 11, section 3.3.
    """

    def __init__(self, rate, low=0.0, high=1.0, seed=None, **kwargs):
        super().__init__(rate, seed, **kwargs)
        self.low, self.high = low, high

    def corrupt(self, inputs):
        draws = backend.uniform(ops.shape(inputs), self.seed_generator)
        low, high = (ops.full_like(inputs, value) for value in (self.low, self.high))
        return ops.where(draws < self.rate, ops.where(draws < self.rate / 2, low, high), inputs)

    def get_config(self):
        return {**super().get_config(), "low": self.low, "high": self.high}


@keras.saving.register_keras_serializable(package="keras_gen")
class MissingPatterns(_Corruption):
    """Copy the missing entries (NaN) of other examples of the batch to some examples, in training.

    A network thus learns to fill gaps that occur in its data, such as half of an image, from examples in which those
    entries are known.

    Args:
        rate: Fraction of the examples that take over the gaps of another, a number in [0, 1).
        seed, **kwargs: As in `MaskingNoise`.

    Example:

    >>> x = ops.array([[1.0, 1.0], [1.0, float("nan")]])
    >>> MissingPatterns(0.5, seed=0)(x, training=True).shape
    TensorShape([2, 2])
    """

    def corrupt(self, inputs):
        batch = ops.shape(inputs)[0]
        donors, chosen = (backend.uniform((batch,), self.seed_generator) for _ in range(2))
        donors, chosen = ops.cast(donors * ops.cast(batch, donors.dtype), "int32"), chosen < self.rate
        missing = ops.isnan(ops.take(inputs, donors, axis=0))
        chosen = ops.reshape(chosen, (-1, *[1] * (len(inputs.shape) - 1)))
        return ops.where(ops.logical_and(missing, chosen), ops.full_like(inputs, float("nan")), inputs)


@keras.saving.register_keras_serializable(package="keras_gen")
class MissingIndicator(keras.layers.Layer):
    """Split inputs into their values, with zeros for NaN (missing), and an indicator of the observed ones.

    Args:
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> MissingIndicator()(ops.array([[3.0, float("nan")]])).numpy().tolist()
    [[3.0, 0.0, 1.0, 0.0]]

    Reference:
        Nazabal et al., 2020, arXiv:1807.03653, section 3 (zeros in place of missing values).
    """

    def call(self, inputs):
        missing = ops.isnan(inputs)
        observed = ops.cast(ops.logical_not(missing), inputs.dtype)
        return ops.concatenate([ops.where(missing, ops.zeros_like(inputs), inputs), observed], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])
