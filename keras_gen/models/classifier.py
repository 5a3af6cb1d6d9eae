"""The classifier: one network from examples to the logits of classes."""

import keras
import numpy as np
from keras import ops

from keras_gen import checks, losses
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

        l(x) = -log softmax(f(x))_y,    y the label of x.

    With adversarial training with a share a it minimises

        (1 - a) l(x) + a l(x + epsilon sign(d l / d x)),

    where the perturbed x is clipped to the range and counts as constant. `predict` gives probabilities. Logged: `loss`
    and `accuracy`, and the `adversarial_accuracy` of the perturbed examples in adversarial training.

    Args:
        network: Keras model from `(batch, *shape)` to two or more logits `(batch, num_classes)`, without an activation.
        value_range: The pair (lowest, highest) of the examples' values, or `None` for any. Defaults to `None`.
        adversarial_training: Share of the perturbed examples in the loss, a number in [0, 1). Defaults to 0.0; 0.5 is
            published. A step then takes about three times as long.
        epsilon: Largest change of a value by the perturbation, a number in [0, width of the range]. Defaults to 0.25,
            as published for MNIST in [0, 1].
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
        Bridle, 1990, Probabilistic interpretation of feedforward classification network outputs; for adversarial
        training: Goodfellow, Shlens and Szegedy, 2015, arXiv:1412.6572, section 6.
    """

    tasks = frozenset({"classify"})

    def __init__(self, network, value_range=None, adversarial_training=0.0, epsilon=0.25, **kwargs):
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
        is_adversarial = checks.rate("adversarial_training", adversarial_training) > 0
        logged = ("accuracy", "adversarial_accuracy") if is_adversarial else ("accuracy",)
        super().__init__(description, logged, **kwargs)
        self.network, self.num_classes = network, num_classes
        self.adversarial_training = float(adversarial_training)
        self.epsilon = checks.number("epsilon", epsilon)
        if is_adversarial and value_range is not None and epsilon > value_range[1] - value_range[0]:
            raise ValueError(
                "`epsilon` must be at most the width of the range. Expected: a number in "
                f"[0, {value_range[1] - value_range[0]:g}]. Received: epsilon={epsilon}"
            )

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
        loss, accuracy = _of_examples(batch["labels"], logits)
        if not self.adversarial_training:
            return {"cross_entropy": weighted_mean(loss, batch), "accuracy": ops.mean(accuracy)}

        def log_odds(x):  # whose gradient has the direction of that of the loss
            return losses.error_log_odds(ops.cast(batch["labels"], "int32"), self.network(x, training=training))

        x = ops.convert_to_tensor(batch["x"])
        perturbation = losses.fast_gradient_sign(log_odds, x, self.epsilon)
        perturbed = x + perturbation if self.value_range is None else ops.clip(x + perturbation, *self.value_range)
        of_perturbed = self.network(ops.stop_gradient(perturbed), training=training)
        adversarial_loss, adversarial_accuracy = _of_examples(batch["labels"], of_perturbed)
        share = self.adversarial_training
        return {
            "cross_entropy": weighted_mean((1 - share) * loss + share * adversarial_loss, batch),
            "accuracy": ops.mean(accuracy),
            "adversarial_accuracy": ops.mean(adversarial_accuracy),
        }

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


def _of_examples(labels, logits):
    """The cross-entropy of each example and whether its class is right, both float32 `(batch,)`."""
    labels, logits = ops.cast(labels, "int32"), ops.cast(logits, "float32")
    right = ops.cast(ops.equal(ops.argmax(logits, axis=-1), labels), "float32")
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True), right
