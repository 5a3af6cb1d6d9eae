"""Reparameterised draws, and random states that differ among replicas."""

import keras
from keras import ops

from keras_gen import backend


class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator that gives each replica of a distribution strategy its own seeds.

    With Keras's own, the noise layers of n replicas would draw n copies of the same noise.

    Args:
        seed: Integer, or `None` for one from the global state. Defaults to `None`.

    Example:

    >>> generator = ReplicaSeedGenerator(seed=7)
    >>> generator.next().numpy().tolist(), generator.next().numpy().tolist()
    ([7, 0], [7, 1])
    """

    def next(self, ordered=True):
        seed = super().next(ordered)
        # Replicas differ in the first number, steps in the second: no two seeds are equal
        return seed + ops.cast(ops.stack([backend.replica_id() * 1_000_003, 0]), seed.dtype)

    def restart(self):
        """Return to the first seed; only for a generator with a given `seed`."""
        self.state.assign([self._initial_seed, 0])


def draw_by_replica(layer):
    """The given Keras layer, such as `keras.layers.GaussianNoise`, made to draw different noise on each replica."""
    for inner in layer._flatten_layers():
        for generator in inner._seed_generators:
            if type(generator) is keras.random.SeedGenerator:
                generator.__class__ = ReplicaSeedGenerator  # a built layer accepts no other object
    return layer


def reparameterize(z_mean, z_log_var, seed, samples=None):
    """Draw from a diagonal normal distribution, differentiably in its parameters.

    z = z_mean + exp(z_log_var / 2) * noise, noise from N(0, I).

    Args:
        z_mean: Tensor `(batch, latent_dim)`.
        z_log_var: Tensor `(batch, latent_dim)`, the logarithm of the variance.
        seed: A `keras.random.SeedGenerator` or an integer.
        samples: Number of draws per example, or `None` for one draw without an axis for it. Defaults to `None`.

    Returns:
        Tensor `(batch, latent_dim)`, or `(batch, samples, latent_dim)`.

    Example:

    >>> reparameterize(ops.zeros((2, 3)), ops.zeros((2, 3)), seed=0, samples=5).shape
    TensorShape([2, 5, 3])

    Reference:
        Kingma and Welling, 2014, arXiv:1312.6114, section 2.4.
    """
    if samples is not None:
        z_mean, z_log_var = z_mean[:, None], z_log_var[:, None]  # (batch, 1, latent_dim)
    batch, latent_dim = ops.shape(z_mean)[0], z_mean.shape[-1]
    shape = (batch, latent_dim) if samples is None else (batch, samples, latent_dim)
    noise = backend.normal(shape, seed, dtype=keras.backend.standardize_dtype(z_mean.dtype))
    return z_mean + ops.exp(0.5 * z_log_var) * noise


@keras.saving.register_keras_serializable(package="keras_gen")
class Sampling(keras.layers.Layer):
    """The draw of `reparameterize` as a layer, for your own networks; outside training it returns `z_mean`.

    Args:
        seed: Integer, or `None` for one from the global state. Defaults to `None`.
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> z = Sampling()([ops.zeros((2, 3)), ops.zeros((2, 3))], training=True)
    >>> z.shape
    TensorShape([2, 3])
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = ReplicaSeedGenerator(seed)

    def call(self, inputs, training=False):
        z_mean, z_log_var = inputs
        return reparameterize(z_mean, z_log_var, self.seed_generator) if training else z_mean

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
