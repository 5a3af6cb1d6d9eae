"""Labels as inputs of a network."""

import keras
from keras import layers

from keras_gen import checks

LABEL_WIDTH = 50  # of the vector of a class that is concatenated with latents


def label_vector(num_classes, width, name):
    """An input of labels, embedded as a learned vector for each class.

    Args:
        num_classes: Number of classes, an integer >= 2.
        width: Width of the vectors.
        name: Name of the layer that holds them.

    Returns:
        The pair (input `(batch,)` of integers, tensor `(batch, width)`).

    Example:

    >>> labels, vector = label_vector(10, 50, "label_vector")
    >>> labels.shape, vector.shape
    ((None,), (None, 50))
    """
    labels = keras.Input((), dtype="int32", name="labels")
    return labels, layers.Embedding(checks.integer("num_classes", num_classes, minimum=2), width, name=name)(labels)
