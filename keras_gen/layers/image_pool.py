"""A pool of earlier translations, which keeps a discriminator from forgetting them."""

import keras
from keras import ops

from keras_gen import backend, checks


@keras.saving.register_keras_serializable(package="keras_gen")
class ImagePool(keras.layers.Layer):
    """Store earlier images of one size, and return them instead of new ones half of the time.

    Until the pool is full, new images are stored and returned. From then on a new image is either returned and not
    stored, with probability 1/2, or replaces a stored image drawn at random, which is returned instead. The images of
    one batch replace different stored ones; if a batch is larger than the pool, the images beyond its size are
    returned. With several replicas the pool stores the images of the first.

    Args:
        size: Number of images to store, an integer >= 1.
        **kwargs: As in `keras.layers.Layer`.

    Example:

    >>> pool = ImagePool(2)
    >>> first = pool(ops.ones((2, 4, 4, 1)), seed=keras.random.SeedGenerator(0))
    >>> float(ops.min(first)), int(pool.stored)
    (1.0, 2)

    Reference:
        Shrivastava et al., 2017, arXiv:1612.07828, section 2.3; Zhu et al., 2017, arXiv:1703.10593, section 4.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = checks.integer("size", size)

    def build(self, input_shape):
        if None in input_shape[1:]:
            raise ValueError(
                "A pool stores images of one size. Expected: a fixed height and width, or `pool_size=0`. "
                f"Received: images of shape {tuple(input_shape[1:])}"
            )
        options = {"initializer": "zeros", "trainable": False, "aggregation": "only_first_replica", "autocast": False}
        self.images = self.add_weight(name="images", shape=(self.size, *input_shape[1:]), dtype="float32", **options)
        self.stored = self.add_weight(name="stored", shape=(), dtype="int32", **options)

    def call(self, images, seed):
        """Store images `(batch, *shape)`, and return as many, with draws of a `keras.random.SeedGenerator`."""
        new, beyond = ops.cast(images[: self.size], "float32"), images[self.size :]
        batch = ops.shape(new)[0]
        numbers, full = ops.arange(batch, dtype="int32"), self.stored >= self.size
        drawn = ops.cast(ops.argsort(backend.uniform((self.size,), seed))[:batch], "int32")
        places = ops.where(full, drawn, (self.stored + numbers) % self.size)  # (batch,), all different
        exchanged = ops.logical_and(full, backend.uniform((batch,), seed) < 0.5)  # (batch,)
        taken_in = ops.logical_or(exchanged, ops.logical_and(~full, self.stored + numbers < self.size))
        old = ops.take(self.images, places, axis=0)  # (batch, *shape)
        taken_in, exchanged = (ops.reshape(one, (-1, *(1 for _ in new.shape[1:]))) for one in (taken_in, exchanged))
        stored = ops.where(taken_in, new, old)
        self.images.assign(ops.scatter_update(self.images, places[:, None], stored))
        self.stored.assign(ops.minimum(self.stored + batch, self.size))
        returned = ops.cast(ops.where(exchanged, old, new), images.dtype)
        return ops.concatenate([returned, beyond], axis=0)

    def get_config(self):
        return {**super().get_config(), "size": self.size}
