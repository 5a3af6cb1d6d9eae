"""Labels of any kind as the numbers of classes."""

import numpy as np

_KINDS = "whole numbers, booleans or strings of shape (n,) or (n, 1), or one-hot rows"


def require_labels(labels):
    """Raise a `ValueError` if a model that needs the labels of a data set has none, `None`."""
    if labels is None:
        raise ValueError(
            "The model needs labels. Expected: a folder with one sub-folder of images for each class, or a data set "
            "with labels. Received: images without labels"
        )


def encode_labels(labels, test_labels=None, names=None):
    """Number the classes of labels of any kind 0, 1, ..., in the sorted order of the labels.

    Args:
        labels: Array `(n,)` or `(n, 1)` of integers, of whole floats, of booleans or of strings; or
            `(n, k)` of one-hot rows.
        test_labels: The labels of other examples, with the classes of `labels`. Defaults to `None`.
        names: Names of the labels 0, 1, ... Defaults to `None`: the labels themselves.

    Returns:
        The triple (numbers, test numbers, class names): int64 arrays `(n,)`, the second `None` without test labels and
        -1 for classes that `labels` does not have, and a tuple of strings, one for each number.

    Raises:
        ValueError: If the labels are of another kind.

    Example:

    >>> encode_labels(["dog", "cat", "dog"])
    (array([1, 0, 1]), None, ('cat', 'dog'))
    >>> encode_labels([[3.0], [7.0]], test_labels=[7, 8])
    (array([0, 1]), array([ 1, -1]), ('3', '7'))
    """
    labels = _flat(labels)
    values, numbers = np.unique(labels, return_inverse=True)
    test_numbers = None
    if test_labels is not None:
        test_labels = _flat(test_labels)
        if (labels.dtype.kind == "U") != (test_labels.dtype.kind == "U"):
            raise ValueError(
                "Labels of training and test examples must be of one kind. "
                f"Received: dtypes {labels.dtype} and {test_labels.dtype}"
            )
        places = np.searchsorted(values, test_labels).clip(max=len(values) - 1)
        test_numbers = np.where(values[places] == test_labels, places, -1)
    return numbers, test_numbers, tuple(str(value if names is None else names[value]) for value in values)


def _flat(labels):
    """Labels as an array `(n,)` of integers, booleans or strings."""
    labels = np.asarray(labels)
    if labels.dtype.kind in "OS":  # of Python's or TensorFlow's strings
        labels = np.array([_text(label) for label in labels.ravel()]).reshape(labels.shape)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "fiub" and _is_one_hot(labels):
        return labels.argmax(axis=1)
    if labels.ndim != 1 or labels.dtype.kind not in "fiubU" or len(labels) == 0:
        raise ValueError(
            f"Labels must be one for each example. Expected: {_KINDS}. "
            f"Received: shape {labels.shape}, dtype {labels.dtype}"
        )
    if labels.dtype.kind != "f":
        return labels
    if not np.all(labels == np.floor(labels)) or np.abs(labels).max() >= 2**53:  # NaN differs from itself
        fraction = labels[~(labels == np.floor(labels))][:1].tolist() or [labels.max()]
        raise ValueError(f"Labels must be classes. Expected: {_KINDS}. Received: numbers such as {fraction[0]:g}")
    return labels.astype("int64")


def _text(label):
    return label.decode() if isinstance(label, bytes) else str(label)


def _is_one_hot(rows):
    return bool(np.all((rows == 0) | (rows == 1)) and np.all(rows.sum(axis=1) == 1))
