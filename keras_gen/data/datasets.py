"""A user's `tf.data.Dataset`, adapted to a model: its parts, checked, in batches that replicas can share."""

import tensorflow as tf

from keras_gen import checks


def is_dataset(data):
    """Whether `data` is a `tf.data.Dataset`."""
    return isinstance(data, tf.data.Dataset)


def batch_count(data):
    """Number of batches of a dataset, or of an object with `num_batches`; `None` if unknown or endless."""
    if is_dataset(data):
        count = int(data.cardinality())
        return count if count > 0 else None
    return getattr(data, "num_batches", None)


def is_endless(data):
    """Whether `data` is a `tf.data.Dataset` that is known to have no end."""
    return is_dataset(data) and int(data.cardinality()) == tf.data.INFINITE_CARDINALITY


def adapt_dataset(dataset, select, ranges):
    """A dataset of dicts, the parts that `select` gives of each element, for the batches of a dataset.

    Training stops with an error at a batch with values outside a part's range in `ranges`, or with NaN.
    """

    @tf.autograph.experimental.do_not_convert  # there is nothing to convert, and AutoGraph would warn
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
    """The dataset without batches that cannot give all replicas equally many examples, and each update at least one."""

    @tf.autograph.experimental.do_not_convert
    def is_even(*parts):
        size = tf.shape(tf.nest.flatten(parts)[0])[0]
        return tf.logical_and(size % replicas == 0, size >= updates * replicas)

    return dataset.filter(is_even)
