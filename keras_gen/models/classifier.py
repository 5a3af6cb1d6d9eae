"""The classifier: one network from examples to the logits of classes."""

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.models.batches import by_batch, weighted_mean
from keras_gen.training.data_description import Component, DataDescription
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.introspection import check_logits, shapes
from keras_gen.training.player import Player

_BATCH = 1024  # examples at a time in the methods that take and return numpy


@keras.saving.register_keras_serializable(package="keras_gen")
class Classifier(GenerativeModel):
    """Classifier: a network f whose softmax gives the probabilities of the classes.

    It minimises the cross-entropy, mean over the batch of

        -log softmax(f(x))_y,    y the label of x.

    `predict` gives probabilities. Logged: `loss` and `accuracy`.

    Args:
        network: Keras model from `(batch, *shape)` to two or more logits `(batch, num_classes)`, without an activation.
        value_range: The pair (lowest, highest) of the examples' values, or `None` for any. Defaults to `None`.
        **kwargs: `name` and `dtype` of a Keras model.

    Example:

    >>> from keras_gen import networks
    >>> classifier = Classifier(networks.lenet5((8, 8, 1), num_classes=10))
    >>> classifier.compile("adam")
    >>> x, labels = np.random.default_rng(0).random((64, 8, 8, 1)), np.arange(64) % 10
    >>> history = classifier.fit(x, labels, verbose=0)
    >>> classifier.classify(x).shape, classifier.probabilities(x).shape
    ((64,), (64, 10))

    Reference:
        Bridle, 1990, Probabilistic interpretation of feedforward classification network outputs.
    """

    tasks = frozenset({"classify"})

    def __init__(self, network, value_range=None, **kwargs):
        inputs, outputs = shapes("network", network)
        if len(inputs) != 1 or len(outputs) != 1 or len(outputs[0]) != 1 or outputs[0][0] < 2:
            raise ValueError(
                "`network` must map one input to the logits of at least two classes. Expected: output "
                f"(batch, num_classes). Received: inputs of shapes {inputs}, outputs of shapes {outputs}"
            )
        check_logits("network", network)
        ((num_classes,),) = outputs
        description = DataDescription(
            Component(
                "x", inputs[0], value_range if value_range is None else checks.interval("value_range", value_range)
            ),
            Component("labels", (), num_classes=num_classes),
            sample_weight=True,
        )
        super().__init__(description, ("accuracy",), **kwargs)
        self.network, self.num_classes = network, num_classes

    def players(self):
        return (Player("classifier", (self.network,), self.cross_entropy, shared_forward=self.logits),)

    def call(self, x, training=False):
        """Probabilities of the classes: tensor `(batch, num_classes)`."""
        return ops.softmax(self.network(x, training=training))

    def logits(self, batch, training):
        """The network's outputs for a batch: tensor `(batch, num_classes)`."""
        return self.network(batch["x"], training=training)

    def cross_entropy(self, batch, logits, training):
        """The loss and the accuracy, as a dict of scalars."""
        labels, logits = ops.cast(batch["labels"], "int32"), ops.cast(logits, "float32")
        losses = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)  # (batch,)
        right = ops.cast(ops.equal(ops.argmax(logits, axis=-1), labels), "float32")
        return {"cross_entropy": weighted_mean(losses, batch), "accuracy": ops.mean(right)}

    def predicted(self, batch, logits, training):
        return batch["labels"], ops.softmax(ops.cast(logits, "float32"))

    # numpy in, numpy out

    def probabilities(self, x):
        """Each class's probability: finite array `(n, *shape)` in the range -> float32 array `(n, num_classes)`."""
        self.data_description.check(x)
        return by_batch(lambda rows: self(np.asarray(rows, "float32"), training=False), _BATCH, x)[0]

    def classify(self, x):
        """The most probable class of each example: array `(n, *shape)` -> int64 array `(n,)`."""
        return self.probabilities(x).argmax(axis=1)
