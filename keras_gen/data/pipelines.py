"""From arrays to batches: each epoch's order is a function of a seed and the epoch's number alone."""

import numpy as np
import tensorflow as tf

from keras_gen import checks
from keras_gen.data.binarization import bernoulli_draw, binarize


class Pipeline:
    """Batches of arrays in a seeded order, fast on two cores; what `fit` makes of plain arrays.

    The order of epoch e is a permutation drawn from (`seed`, e): it is never stored, costs no memory, and a run that is
    resumed at epoch e sees what an unbroken run would have seen. A model's `fit` sets `epoch` from its own saved count.

    Args:
        x: Array `(n, ...)`, kept as float32.
        y: Array `(n, ...)` of labels, or `None`. Defaults to `None`.
        batch_size: Integer >= 1. Defaults to 32.
        shuffle: Whether each epoch has an order of its own. Defaults to `True`.
        seed: Integer >= 0 that fixes all orders and draws. Defaults to 0.
        binarization: `None`, `"static"` (each pixel drawn once) or `"dynamic"` (drawn anew each epoch; evaluation
            always uses the draw of epoch 0). Needs `x` in [0, 1]. Defaults to `None`.
        drop_remainder: Whether a last, smaller batch is left out in training. Defaults to `False`.
        steps: Number of batches an epoch, at most what the data give; all if `None`. Defaults to `None`.

    Raises:
        ValueError: If the arrays are empty, not finite or of different lengths, or an argument is out of range.

    Example:

    >>> pipeline = Pipeline(np.arange(6.0).reshape(6, 1), batch_size=4)
    >>> [batch.shape[0] for batch in pipeline.dataset()]
    [4, 2]

    Reference:
        The dynamic draw: Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 5.1.
    """

    def __init__(
        self, x, y=None, batch_size=32, shuffle=True, seed=0, binarization=None, drop_remainder=False, steps=None
    ):
        checks.choice("binarization", str(binarization), ["None", "static", "dynamic"])
        checks.images("x", x, value_range=None if binarization is None else (0, 1))
        if y is not None and len(y) != len(x):
            raise ValueError(f"`y` must have a label for each x. Expected: {len(x)}. Received: {len(y)}")
        self.batch_size = checks.integer("batch_size", batch_size)
        self.seed = checks.integer("seed", seed, minimum=0)
        self.shuffle, self.binarization, self.drop_remainder = shuffle, binarization, drop_remainder
        self.size = len(x)
        available = self.batches(training=True)
        if steps is not None and not 1 <= steps <= available:
            raise ValueError(f"`steps` must be in 1..{available}, the batches of an epoch. Received: {steps}")
        self.steps = steps
        x = binarize(x, seed) if binarization == "static" else np.asarray(x, "float32")
        with tf.device("CPU:0"):
            self._arrays = tuple(tf.convert_to_tensor(a) for a in ((x,) if y is None else (x, np.asarray(y))))
            self.epoch = tf.Variable(0, dtype="int64", trainable=False)

    def batches(self, training):
        """Number of batches in an epoch."""
        size, rest = divmod(self.size, self.batch_size)
        return size if training and (self.drop_remainder or not rest) else size + bool(rest)

    def dataset(self, training=True):
        """A `tf.data.Dataset` of one epoch of `x`, or of pairs `(x, y)`.

        Args:
            training: Whether to shuffle, draw and count for the epoch `self.epoch`; otherwise the order is that of
                the arrays and the draw that of epoch 0. Defaults to `True`.

        Returns:
            The dataset; each element has up to `batch_size` examples.
        """
        steps = self.batches(training)
        ragged = self.size % self.batch_size and steps * self.batch_size > self.size

        def batch(number):
            first = number * self.batch_size
            places = tf.range(first, tf.minimum(first + self.batch_size, self.size))
            epoch = self.epoch.read_value() if training else tf.constant(0, "int64")
            indices = places
            if training and self.shuffle:
                seed = tf.stack([tf.constant(self.seed, "int64"), epoch])
                indices = tf.random.experimental.index_shuffle(places, seed, self.size - 1)
            arrays = [tf.gather(array, indices) for array in self._arrays]
            for array in arrays:
                array.set_shape((None if ragged else self.batch_size, *array.shape[1:]))
            if self.binarization == "dynamic":
                arrays[0] = bernoulli_draw(arrays[0], first, epoch, self.seed)
            return tuple(arrays) if len(arrays) > 1 else arrays[0]

        dataset = tf.data.Dataset.range(steps)
        if training and self.steps is not None:
            dataset = dataset.take(self.steps)
        options = tf.data.Options()
        options.autotune.enabled = False  # its thread can hold up the end of `fit` for seconds
        options.deterministic = True
        return dataset.map(batch).prefetch(2).with_options(options)
