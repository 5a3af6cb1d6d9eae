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


def adapt_dataset(dataset, select, components):
    """A dataset of dicts, the parts that `select` gives of each element, for the batches of a dataset.

    Training stops with an error at a batch that the part's `Component` among the `components` does not allow.
    """
    by_name = {component.name: component for component in components}

    @tf.autograph.experimental.do_not_convert  # there is nothing to convert, and AutoGraph would warn
    def adapted(*element):
        parts = select(element[0] if len(element) == 1 else element)
        return {name: assert_allowed(part, by_name[name]) for name, part in parts.items()}

    return dataset.map(adapted)


def assert_allowed(part, component):
    """The tensor, after an assertion that its values are finite in float32 and in the component's limits."""
    values = tf.cast(part, "float32")
    if component.allow_nan:
        values = tf.where(tf.math.is_nan(values), tf.zeros_like(values), values)
    low, high = tf.reduce_min(values), tf.reduce_max(values)
    allowed, inside = "finite values", tf.math.is_finite(low) & tf.math.is_finite(high)  # NaN is neither
    if component.limits is not None:
        allowed = f"values in {tuple(component.limits)}"
        lowest, highest = checks.with_tolerance(component.limits)
        inside = (low >= lowest) & (high <= highest)
    message = f"`{component.name}` of a batch is out of range. Expected: {allowed}. Received: from, to"
    empty = tf.equal(tf.size(values), 0)
    with tf.control_dependencies([tf.debugging.Assert(inside | empty, [message, low, high])]):
        return tf.identity(part)


def drop_uneven_batches(dataset, updates, replicas):
    """The dataset without batches that cannot give each update on each replica equally many examples."""

    @tf.autograph.experimental.do_not_convert
    def is_even(*parts):
        size = tf.shape(tf.nest.flatten(parts)[0])[0]
        return tf.logical_and(size % (updates * replicas) == 0, size > 0)

    return dataset.filter(is_even)
