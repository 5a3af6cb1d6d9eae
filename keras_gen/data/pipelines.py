"""From arrays to batches: each epoch's order depends only on a seed and the epoch's number."""

import keras
import tensorflow as tf

from keras_gen import checks
from keras_gen.data.binarization import bernoulli_draw, binarize
from keras_gen.data.sources import Source

_READY_BYTES = 2**26
# With TensorFlow's 4 rounds, or keys of small numbers only, the orders of epochs of 60,000 examples correlate by .9
_SHUFFLE_ROUNDS, _SHUFFLE_KEY = 12, 0x1E3779B97F4A7C15


def shuffled(indices, stream, number, size):
    """The entries at `indices`, int64 `(batch,)`, of the permutation of 0, ..., size - 1 that two numbers determine.

    `stream` and `number` are int64; `number` is a scalar, or `(batch,)` for a separate permutation for each position.
    """
    key = tf.fill(tf.shape(number), tf.constant(_SHUFFLE_KEY, "int64"))
    seed = tf.stack([stream + tf.zeros_like(number), number, key], axis=-1)  # (3,) or (batch, 3)
    # The public function does not take the number of rounds, nor a seed for each index
    return tf.raw_ops.RandomIndexShuffle(index=indices, seed=seed, max_index=size - 1, rounds=_SHUFFLE_ROUNDS)


def uniform_draws(stream, places, count=3):
    """Draws from U[0, 1) for each place, int64 `(batch,)`, that depend on it and a number: `(batch, count)`."""
    return tf.map_fn(
        lambda place: tf.random.stateless_uniform((count,), tf.stack([stream, place])),
        places,
        fn_output_signature="float32",
    )


class SeededPipeline:
    """Batches in an order that depends only on a seed and the epoch's number; the base of the pipelines.

    A subclass says in `_examples(places, epoch, training)` which examples, taken from its `sources`, stand at the
    places 0, ..., size - 1 of an epoch; the other arguments are as in `Pipeline`.
    """

    def __init__(self, sources, size, batch_size, shuffle, seed, drop_remainder, steps):
        self.batch_size = checks.integer("batch_size", batch_size)
        self.seed = checks.integer("seed", seed, minimum=0)
        self.size, self.shuffle, self.drop_remainder = size, shuffle, drop_remainder
        available = self._available(training=True)
        if steps is not None and checks.integer("steps", steps) > available:
            raise ValueError(
                f"An epoch cannot have more steps than batches. Expected: at most {available}. Received: {steps}"
            )
        self.steps, self.sources = steps, tuple(sources)  # of the parts of a batch, in their order
        with tf.device("CPU:0"):
            self._seed = tf.Variable(self.seed, dtype="int64", trainable=False)
            self.epoch = tf.Variable(0, dtype="int64", trainable=False)
            self.first = tf.Variable(0, dtype="int64", trainable=False)

    @property
    def in_memory(self):
        """Whether no batch is read by a Python function, from files or a sparse matrix."""
        return all(source.in_memory for source in self.sources)

    def _available(self, training, updates=1, replicas=1):
        whole, rest = divmod(self.size, self.batch_size)
        uneven = rest < updates * replicas or (replicas > 1 and rest % (updates * replicas))
        dropped = training and (self.drop_remainder or uneven)
        return whole + (rest > 0 and not dropped)

    def batches(self, training=True, updates=1, replicas=1):
        """Number of batches in an epoch, as `dataset` makes them with the same arguments."""
        available = self._available(training, updates, replicas)
        return min(self.steps or available, available) if training else available

    def require(self, updates, replicas=1):
        """Raise a `ValueError` unless there are batches with an example for each update of a step on each replica."""
        checks.batch_size(self.batch_size, updates, replicas)
        if not self.batches(updates=updates, replicas=replicas):
            least = self.batch_size if self.drop_remainder else updates * replicas
            multiple = f", a multiple of {updates * replicas}" if replicas > 1 else ""
            raise ValueError(
                f"The data must fill a batch of the {updates} updates of a step. Expected: examples >= {least}"
                f"{multiple}. Received: examples={self.size}"
            )

    def reseed(self, seed):
        """Take another seed for the orders and draws to come."""
        self.seed = checks.integer("seed", seed, minimum=0)
        self._seed.assign(seed)

    def dataset(self, training=True, updates=1, replicas=1, resumed=False, local_replicas=None):
        """A `tf.data.Dataset` of one epoch of examples, or of tuples of them.

        Args:
            training: Whether to shuffle, draw and count for the epoch `self.epoch`; otherwise the order is that of
                the arrays and the draw that of epoch 0. Defaults to `True`.
            updates: Updates of a step, each of which sees its own examples. Defaults to 1.
            replicas: Devices that share a batch. In training, a last batch is left out if it has no example for an
                update or, on several devices, not the same number for each update on each. Defaults to 1.
            resumed: Whether an epoch begins at the batch number `self.first`; the dataset states the number of batches
                of a whole one. Defaults to `False`.
            local_replicas: The `range` of those replicas that are a worker's own; the dataset then gives their shares
                of each batch, one after the other, and reads no others. Defaults to `None`: whole batches.

        Returns:
            The dataset; each element has up to `batch_size` examples.
        """
        steps = self.batches(training, updates, replicas)
        ragged = steps * self.batch_size > self.size
        own, shares = (range(1), 1) if local_replicas is None else (local_replicas, replicas)

        @tf.autograph.experimental.do_not_convert  # it has no control flow that depends on tensors
        def batch(number):
            first = number // len(own) * self.batch_size
            size = tf.minimum(first + self.batch_size, self.size) - first
            first += (own[0] + number % len(own)) * (size // shares)
            places = tf.range(first, first + size // shares)
            epoch = self.epoch.read_value() if training else tf.constant(0, "int64")
            arrays = self._examples(places, epoch, training)
            for array in arrays:
                array.set_shape((None if ragged else self.batch_size // shares, *array.shape[1:]))
            return self._element(arrays)

        end = steps * len(own)
        numbers = tf.data.Dataset.range(end)
        if resumed:
            numbers = tf.data.Dataset.range(1).flat_map(
                lambda _: tf.data.Dataset.range(self.first.read_value() * len(own), end)
            )
        options = tf.data.Options()
        options.autotune.enabled = False  # its thread can hold up the end of `fit` for seconds
        options.deterministic = True
        # While one execution of many steps computes, the batches of the next are made ready: 2, more within 64 MB
        row_bytes = sum(source.row_bytes for source in self.sources)
        ready = max(2, min(32, shares * _READY_BYTES // (self.batch_size * row_bytes)))
        dataset = numbers.map(batch).prefetch(ready).with_options(options)
        if resumed:  # from an unknown number Keras concludes that all epochs are as short as the first
            dataset.cardinality = lambda: tf.constant(steps, "int64")
        return dataset

    def symbolic_element(self):
        """What a batch looks like: tensors without values."""
        return self._element([keras.KerasTensor((None, *s.example_shape), s.dtype.name) for s in self.sources])

    def _element(self, arrays):
        return tuple(arrays) if len(arrays) > 1 else arrays[0]


class PairPipeline(SeededPipeline):
    """The base of pipelines of two sources of images, x and y."""

    @property
    def shapes(self):
        """The shapes of one image of x and of y."""
        return tuple(source.example_shape for source in self.sources)

    @property
    def sizes(self):
        """The numbers of images of x and of y."""
        return tuple(source.size for source in self.sources)


class Pipeline(SeededPipeline):
    """Batches of arrays in a seeded order, fast on two cores; what `fit` makes of plain arrays.

    The order of epoch e is a permutation drawn from (`seed`, e): it is never stored, costs no memory, and a run that is
    resumed at epoch e sees what an unbroken run would have seen. A model's `fit` sets `epoch` from its own saved count.

    Args:
        x: Array `(n, ...)`, n >= 1, kept as float32. A `numpy.memmap` stays on disk and a scipy sparse matrix sparse;
            both are read batch by batch.
        y: Array `(n, ...)`: integer labels, or the targets of an autoencoder; a tuple of arrays for several conditions.
            Defaults to `None`.
        batch_size: Integer >= 1. Defaults to 32.
        shuffle: Whether each epoch has its own order. Defaults to `True`.
        seed: Integer >= 0 that fixes all orders and draws. Defaults to 0.
        binarization: `None`, `"static"` (each pixel drawn once) or `"dynamic"` (redrawn in each epoch; evaluation
            always uses the draw of epoch 0). Needs `x` in [0, 1]; a static draw needs a dense array in memory. Defaults
            to `None`.
        drop_remainder: Whether a last, smaller batch is left out in training. Defaults to `False`.
        steps: Number of batches per epoch, at most what the data give; all if `None`. Defaults to `None`.
        sample_weight: Array `(n,)` of the examples' weights in the loss; batches are then dicts. Defaults to `None`.
        value_range: The pair (lowest, highest) that black and white of `x` were mapped to, as in `load`, for images
            that do not show both: a generator with values in (-1, 1) refuses bright images of an unknown range.
            Defaults to `None`.

    Example:

    >>> import numpy as np
    >>> pipeline = Pipeline(np.arange(6.0).reshape(6, 1), batch_size=4)
    >>> [batch.shape[0] for batch in pipeline.dataset()]
    [4, 2]

    Reference:
        The dynamic draw: Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 5.1.
    """

    def __init__(
        self,
        x,
        y=None,
        batch_size=32,
        shuffle=True,
        seed=0,
        binarization=None,
        drop_remainder=False,
        steps=None,
        sample_weight=None,
        value_range=None,
    ):
        if binarization is not None:
            checks.choice("binarization", binarization, ["static", "dynamic"])
        self.binarization = binarization
        self._several = len(y) if isinstance(y, tuple) else None
        parts = {"x": binarize(x, seed) if binarization == "static" else x}
        parts |= {"y": y} if self._several is None else {f"y[{number}]": part for number, part in enumerate(y)}
        parts["sample_weight"] = sample_weight
        with tf.device("CPU:0"):
            sources = {
                name: Source(name, part, *(("float32", value_range) if name == "x" else ()))
                for name, part in parts.items()
                if part is not None
            }
        size = sources["x"].size
        if binarization == "dynamic":
            checks.array_extremes("x", *sources["x"].extremes(), (0, 1))
        for name, source in sources.items():
            checks.rows(name, source.size, size)
        self._names = tuple(sources)
        super().__init__(sources.values(), size, batch_size, shuffle, seed, drop_remainder, steps)

    def _examples(self, places, epoch, training):
        indices = places
        if training and self.shuffle:
            indices = shuffled(places, self._seed.read_value(), epoch, self.size)
        arrays = [source.rows(indices) for source in self.sources]
        if self.binarization == "dynamic":
            arrays[0] = bernoulli_draw(arrays[0], places[0], epoch, self._seed.read_value())
        return arrays

    def _element(self, arrays):
        if self._several is not None:
            arrays = [arrays[0], tuple(arrays[1 : 1 + self._several]), *arrays[1 + self._several :]]
        if "sample_weight" in self._names:
            names = [name for name in ("x", "y", "sample_weight") if name != "y" or len(arrays) == 3]
            return dict(zip(names, arrays, strict=True))
        return super()._element(arrays)
