"""Negative log-likelihoods of classes."""

from keras import ops

from keras_gen import checks


def softmax_cross_entropy(labels, logits):
    """Negative log-likelihood of each example's class, from logits.

    -log softmax(l)_y = log sum_k exp(l_k) - l_y

    Args:
        labels: Integer tensor `(batch,)`, y, in 0, ..., classes - 1.
        logits: Tensor `(batch, classes)`, l.

    Returns:
        float32 tensor `(batch,)`, in nats, >= 0.

    Raises:
        ValueError: If the shapes do not fit.

    Example:

    >>> round(float(softmax_cross_entropy([2], ops.zeros((1, 4)))[0]), 4)
    1.3863

    Reference:
        Bishop, 2006, Pattern recognition and machine learning, equation 4.108.
    """
    labels, logits = ops.cast(labels, "int32"), ops.cast(logits, "float32")
    if len(logits.shape) != 2 or not checks.shapes_agree(tuple(labels.shape), tuple(logits.shape[:1])):
        raise ValueError(
            "`labels` must hold one class for each row of `logits`. Expected: shapes (batch,) and (batch, classes). "
            f"Received: labels of shape {tuple(labels.shape)}, logits of shape {tuple(logits.shape)}"
        )
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
