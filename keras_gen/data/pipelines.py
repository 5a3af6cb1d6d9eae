"""From arrays to batches: each epoch's order is a function of a seed and the epoch's number alone."""

import functools
import math

import numpy as np
import tensorflow as tf

from keras_gen import checks
from keras_gen.data.binarization import bernoulli_draw, binarize

_READY_BYTES = 2**26


class SeededPipeline:
    """Batches in an order that is a function of a seed and the epoch's number alone; the base of the pipelines.

    A subclass says in `_examples(places, epoch, training)` which examples stand at the places of an epoch.

    Args:
        sources: Tuple of what the examples are taken from, each with the bytes of one, `row_bytes`.
        size: Number of places in an epoch, an integer >= 1.
        batch_size, shuffle, seed, drop_remainder, steps: As in `Pipeline`.
    """

    def __init__(self, sources, size, batch_size, shuffle, seed, drop_remainder, steps):
        self.batch_size = checks.integer("batch_size", batch_size)
        self.seed = checks.integer("seed", seed, minimum=0)
        self.size, self.shuffle, self.drop_remainder = size, shuffle, drop_remainder
        available = self._available(training=True)
        if steps is not None and not 1 <= steps <= available:
            raise ValueError(f"`steps` must be in 1..{available}, the batches of an epoch. Received: {steps}")
        self.steps, self._sources = steps, sources
        with tf.device("CPU:0"):
            self._seed = tf.Variable(self.seed, dtype="int64", trainable=False)
            self.epoch = tf.Variable(0, dtype="int64", trainable=False)

    def _available(self, training, moves=1, replicas=1):
        whole, rest = divmod(self.size, self.batch_size)
        dropped = training and (self.drop_remainder or rest < moves * replicas or rest % replicas)
        return whole + (rest > 0 and not dropped)

    def batches(self, training=True, moves=1, replicas=1):
        """Number of batches in an epoch; of those that `dataset` makes of the same arguments."""
        available = self._available(training, moves, replicas)
        return min(self.steps or available, available) if training else available

    def require(self, moves, replicas=1):
        """Raise a `ValueError` if a batch cannot hold an example for each of the moves of a step on each replica."""
        checks.batch("batch_size", self.batch_size, moves, replicas)
        checks.batch("examples", self.size, moves, replicas)

    def ranges(self):
        """The pair (lowest, highest) of each source; that of files is what black and white are, whatever they show."""
        return tuple(source.range for source in self._sources)

    def reseed(self, seed):
        """Take another seed for the orders and draws to come."""
        self.seed = checks.integer("seed", seed, minimum=0)
        self._seed.assign(seed)

    def dataset(self, training=True, moves=1, replicas=1):
        """A `tf.data.Dataset` of one epoch of examples, or of pairs of them.

        Args:
            training: Whether to shuffle, draw and count for the epoch `self.epoch`; otherwise the order is that of
                the arrays and the draw that of epoch 0. Defaults to `True`.
            moves: Moves of a step, each of which sees examples of its own. Defaults to 1.
            replicas: Devices that a batch is shared out to. In training a last batch that does not give all the same
                number, and each move one, is left out. Defaults to 1.

        Returns:
            The dataset; each element has up to `batch_size` examples.
        """
        steps = self.batches(training, moves, replicas)
        ragged = steps * self.batch_size > self.size

        def batch(number):
            first = number * self.batch_size
            places = tf.range(first, tf.minimum(first + self.batch_size, self.size))
            epoch = self.epoch.read_value() if training else tf.constant(0, "int64")
            arrays = self._examples(places, epoch, training)
            for array in arrays:
                array.set_shape((None if ragged else self.batch_size, *array.shape[1:]))
            return tuple(arrays) if len(arrays) > 1 else arrays[0]

        dataset = tf.data.Dataset.range(steps)
        options = tf.data.Options()
        options.autotune.enabled = False  # its thread can hold up the end of `fit` for seconds
        options.deterministic = True
        # While one execution of many steps computes, the batches of the next are made ready, within 64 MB
        ready = max(2, min(32, _READY_BYTES // self._batch_bytes()))
        return dataset.map(batch).prefetch(ready).with_options(options)

    def _batch_bytes(self):
        return self.batch_size * sum(source.row_bytes for source in self._sources)


class Pipeline(SeededPipeline):
    """Batches of arrays in a seeded order, fast on two cores; what `fit` makes of plain arrays.

    The order of epoch e is a permutation drawn from (`seed`, e): it is never stored, costs no memory, and a run that is
    resumed at epoch e sees what an unbroken run would have seen. A model's `fit` sets `epoch` from its own saved count.

    Args:
        x: Array `(n, ...)`, kept as float32; a `numpy.memmap` stays on disk and is read batch by batch.
        y: Array `(n, ...)` of labels, or `None`. Defaults to `None`.
        batch_size: Integer >= 1. Defaults to 32.
        shuffle: Whether each epoch has an order of its own. Defaults to `True`.
        seed: Integer >= 0 that fixes all orders and draws. Defaults to 0.
        binarization: `None`, `"static"` (each pixel drawn once) or `"dynamic"` (drawn anew each epoch; evaluation
            always uses the draw of epoch 0). Needs `x` in [0, 1]. Defaults to `None`.
        drop_remainder: Whether a last, smaller batch is left out in training. Defaults to `False`.
        steps: Number of batches an epoch, at most what the data give; all if `None`. Defaults to `None`.
        allow_nan: Whether `x` may hold NaN, for a model that takes it for "missing". Defaults to `False`.

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
        self,
        x,
        y=None,
        batch_size=32,
        shuffle=True,
        seed=0,
        binarization=None,
        drop_remainder=False,
        steps=None,
        allow_nan=False,
    ):
        checks.choice("binarization", str(binarization), ["None", "static", "dynamic"])
        checks.array("x", x, None, None if binarization is None else (0, 1), allow_nan)
        if y is not None and len(y) != len(x):
            raise ValueError(f"`y` must have a label for each x. Expected: {len(x)}. Received: {len(y)}")
        self.binarization = binarization
        with tf.device("CPU:0"):
            images = binarize(x, seed) if binarization == "static" else x
            sources = [Source(images, "float32"), *([] if y is None else [Source(y)])]
        super().__init__(sources, len(x), batch_size, shuffle, seed, drop_remainder, steps)

    def _examples(self, places, epoch, training):
        indices = places
        if training and self.shuffle:
            seed = tf.stack([self._seed.read_value(), epoch])
            indices = tf.random.experimental.index_shuffle(places, seed, self.size - 1)
        arrays = [source.rows(indices) for source in self._sources]
        if self.binarization == "dynamic":
            arrays[0] = bernoulli_draw(arrays[0], places[0], epoch, self._seed.read_value())
        return arrays


class Source:
    """An array whose rows are asked for: a tensor in memory, or, of a `numpy.memmap`, what is on disk.

    Args:
        array: Array `(n, ...)`.
        dtype: Type of the rows. Defaults to `None`: the array's.
    """

    def __init__(self, array, dtype=None):
        self.on_disk = isinstance(array, np.memmap)
        array = array if self.on_disk else np.asarray(array, dtype)
        self.array = array if self.on_disk else tf.convert_to_tensor(array)
        self.dtype = tf.as_dtype(dtype or array.dtype)
        self.row_bytes = self.dtype.size * math.prod(array.shape[1:])

    @functools.cached_property
    def range(self):
        """The pair (lowest, highest) of all values, NaN where they are no numbers."""
        numbers = self.dtype.is_floating or self.dtype.is_integer
        return tuple(float(extreme(self.array)) if numbers else math.nan for extreme in (np.min, np.max))

    def rows(self, indices):
        """Rows by their numbers, an int64 tensor `(batch,)`."""
        if not self.on_disk:
            return tf.gather(self.array, indices)
        rows = tf.numpy_function(lambda i: np.asarray(self.array[i], self.dtype.as_numpy_dtype), [indices], self.dtype)
        return tf.ensure_shape(rows, (None, *self.array.shape[1:]))


def is_dataset(data):
    """Whether `data` is a `tf.data.Dataset`."""
    return isinstance(data, tf.data.Dataset)


def inputs_only(dataset):
    """A `tf.data.Dataset` of `x` from one of `x` or of pairs `(x, y)`: labels that nobody reads need not be numbers."""
    pairs = isinstance(dataset.element_spec, tuple) and len(dataset.element_spec) == 2
    return dataset.map(lambda x, y: x) if pairs else dataset


def guarded(dataset, limits):
    """A `tf.data.Dataset` each of whose batches is looked at, as the door looks at the first.

    Args:
        dataset: A dataset of tensors, or of tuples of them.
        limits: Dict from the name of each part, in their order, to its range (lowest, highest), or `None`.

    Returns:
        The dataset; training stops with an error at a batch with values out of range.
    """

    def looked_at(*parts):
        for (name, limit), part in zip(limits.items(), parts, strict=False):
            if limit is not None:
                low, high = (op(tf.cast(part, "float32")) for op in (tf.reduce_min, tf.reduce_max))
                told = f"`{name}` of a batch is out of range. Expected: values in {limit}. Received: from, to"
                inside = (low >= limit[0]) & (high <= limit[1])  # NaN is neither
                with tf.control_dependencies([tf.debugging.Assert(inside, [told, low, high])]):
                    part = tf.identity(part)
            yield part

    return dataset.map(lambda *parts: tuple(looked_at(*parts)) if len(parts) > 1 else next(looked_at(*parts)))


def shared_out(dataset, moves, replicas):
    """A `tf.data.Dataset` without the batches that do not give all replicas the same number, and each move an example.

    Args:
        dataset: A dataset of tensors, or of tuples of them.
        moves, replicas: As in `SeededPipeline.dataset`.
    """

    def even(*parts):
        size = tf.shape(parts[0])[0]
        return tf.logical_and(size % replicas == 0, size >= moves * replicas)

    return dataset.filter(even)


def batch_count(data):
    """Number of batches of a dataset or of what has a length; `None` where it is not known or there is no end."""
    if isinstance(data, SeededPipeline):
        return data.batches()
    if is_dataset(data):
        count = int(data.cardinality())
        return count if count > 0 else None
    return getattr(data, "num_batches", None)


def is_endless(data):
    """Whether `data` is a `tf.data.Dataset` that is known to have no end."""
    return is_dataset(data) and int(data.cardinality()) == tf.data.INFINITE_CARDINALITY


def limited(data, steps):
    """The first `steps` batches of a `tf.data.Dataset`; all if `steps` is `None`.

    Raises:
        ValueError: If the data are of another kind, whose batches cannot be counted off.
    """
    if steps is None:
        return data
    if not is_dataset(data):
        raise ValueError("A number of evaluation steps needs a tf.data.Dataset or an array. Received: another dataset")
    return data.take(steps)
