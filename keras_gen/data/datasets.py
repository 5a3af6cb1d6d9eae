"""What a `tf.data.Dataset` of the user's becomes before it is trained on."""

import tensorflow as tf

from keras_gen import checks


def is_dataset(data):
    """Whether `data` is a `tf.data.Dataset`."""
    return isinstance(data, tf.data.Dataset)


def batch_count(data):
    """Number of batches of a dataset, or of what has `num_batches`; `None` if unknown or endless."""
    if is_dataset(data):
        count = int(data.cardinality())
        return count if count > 0 else None
    return getattr(data, "num_batches", None)


def is_endless(data):
    """Whether `data` is a `tf.data.Dataset` that is known to have no end."""
    return is_dataset(data) and int(data.cardinality()) == tf.data.INFINITE_CARDINALITY


def adapt_dataset(dataset, select, ranges):
    """A dataset of the parts that a model uses, each of whose batches is checked against the model's ranges.

    Args:
        dataset: A `tf.data.Dataset` of batches.
        select: Function from an element to the dict of the parts that are used, by name.
        ranges: Dict from a part's name to the pair (lowest, highest) that its values keep to.

    Returns:
        The dataset of dicts; training stops with an error at a batch with values out of range, or NaN among them.

    Example:

    >>> import numpy as np
    >>> pairs = tf.data.Dataset.from_tensor_slices((np.ones((4, 2)), np.arange(4))).batch(2)
    >>> adapt_dataset(pairs, lambda pair: {"x": pair[0]}, {"x": (0, 1)}).element_spec["x"].shape
    TensorShape([None, 2])
    """

    @tf.autograph.experimental.do_not_convert  # nothing is to be converted, and what cannot be is warned of
    def adapted(*element):
        parts = select(element[0] if len(element) == 1 else element)
        return {name: assert_in_range(name, part, ranges.get(name)) for name, part in parts.items()}

    return dataset.map(adapted)


def assert_in_range(name, part, limits):
    """The tensor, after an assertion that its values are in the range (lowest, highest); `None` for no range."""
    if limits is None:
        return part
    low, high = (reduce(tf.cast(part, "float32")) for reduce in (tf.reduce_min, tf.reduce_max))
    allowed = checks.with_tolerance(limits)
    message = f"`{name}` of a batch is out of range. Expected: values in {tuple(limits)}. Received: from, to"
    inside = (low >= allowed[0]) & (high <= allowed[1])  # NaN is neither
    with tf.control_dependencies([tf.debugging.Assert(inside, [message, low, high])]):
        return tf.identity(part)


def drop_uneven_batches(dataset, updates, replicas):
    """The dataset without batches that do not give all replicas the same number, and each update of a step an example.

    Args:
        dataset: A `tf.data.Dataset` of tensors, or of tuples of them.
        updates, replicas: As in `SeededPipeline.dataset`.

    Returns:
        The dataset.
    """

    @tf.autograph.experimental.do_not_convert
    def is_even(*parts):
        size = tf.shape(tf.nest.flatten(parts)[0])[0]
        return tf.logical_and(size % replicas == 0, size >= updates * replicas)

    return dataset.filter(is_even)
