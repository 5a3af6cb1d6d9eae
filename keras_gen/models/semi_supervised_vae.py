"""The variational autoencoder that learns from few labels and many examples without one."""

import math

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.layers.sampling import reparameterize
from keras_gen.losses.divergence import gaussian_kl
from keras_gen.models.batches import by_batch, weighted_mean
from keras_gen.models.conditional_vae import ConditionalVAE
from keras_gen.models.vae import Reconstruction
from keras_gen.training.generative_model import GenerativeModel
from keras_gen.training.introspection import check_logits, shapes
from keras_gen.training.player import Player

_BATCH = 1024  # examples at a time in the methods that take and return numpy


@keras.saving.register_keras_serializable(package="keras_gen")
class SemiSupervisedVAE(ConditionalVAE):
    """Variational autoencoder of an example's class y, known for some examples, and its style z (model M2).

    It minimises the mean over the batch of

        sum_y q(y | x) L(x, y) - H(q(y | x)) + classification_weight * C,    with the bound of one class, p(y) = 1 / K,
        L(x, y) = -log p(x | z, y) - log p(y) + beta KL(q(z | x, y) || N(0, I)),    z drawn from q(z | x, y).

    q(y | x) is the classifier's softmax, or 1 for the label where it is known; H is the entropy in nats, and C the
    classifier's cross-entropy, 0 for examples without a label. Each step decodes an example under all K classes.

    Labels are integers, -1 where they are unknown: `fit(x, labels)`. If there are few, repeat the labelled examples in
    x, so that every batch has some. Logged: `loss`, and `reconstruction`, `kl`, `entropy` and `classification` (C).

    Args:
        encoder, decoder: As in `ConditionalVAE` of labels.
        classifier: Keras model from `(batch, *shape)` to logits `(batch, num_classes)`.
        num_classes: Number K of classes, an integer >= 2.
        classification_weight: Weight of the classifier's cross-entropy, a number >= 0. Defaults to 1.
        reconstruction, beta: As in `VAE`.
        **kwargs: `name` and `dtype` of a Keras model.

    Example:

    >>> from keras_gen import presets
    >>> vae = presets.build("semi-supervised-vae", (8, 8, 1), width=0.1)
    >>> x, labels = np.zeros((64, 8, 8, 1)), np.array([0, 1, 2, 3] + 60 * [-1])
    >>> history = vae.fit(x, labels, verbose=0)
    >>> vae.classify(x).shape, vae.sample(3, labels=[7, 7, 1]).shape
    ((64,), (3, 8, 8, 1))

    Reference:
        Kingma, Rezende, Mohamed and Welling, 2014, arXiv:1406.5298, equations 6 to 9.
    """

    tasks = frozenset({"sample", "classify"})
    log_names = ("reconstruction", "kl", "entropy", "classification")
    allow_missing = True  # labels of -1

    def __init__(
        self, encoder, decoder, classifier, num_classes, classification_weight=1.0,
        reconstruction: Reconstruction = "bernoulli", beta=1.0, **kwargs,
    ):  # fmt: skip
        if checks.integer("num_classes", num_classes, minimum=2) and kwargs.get("importance_samples", 1) != 1:
            raise ValueError(f"`importance_samples` must be 1. Received: {kwargs['importance_samples']}")
        super().__init__(encoder, decoder, num_classes, reconstruction=reconstruction, beta=beta, **kwargs)
        inputs, outputs = shapes("classifier", classifier)
        if inputs != [self.example_shape] or outputs != [(num_classes,)]:
            wanted = f"{self.example_shape} to {(num_classes,)}. Received: {inputs} to {outputs}"
            raise ValueError(f"`classifier` must map examples to logits. Expected: {wanted}")
        check_logits("classifier", classifier)
        self.classifier = classifier
        self.classification_weight = checks.number("classification_weight", classification_weight)

    @property
    def network(self):
        """The classifier, under the name by which attacks and visualisations ask for it."""
        return self.classifier

    def players(self):
        return (Player("vae", (self.encoder, self.decoder, self.classifier), self.negative_bound),)

    def negative_bound(self, batch, training):
        """The bound with its parts, and the classifier's cross-entropy, as a dict of scalars."""
        k, labels = self.num_classes, ops.cast(batch["labels"], "int32")
        log_q = ops.log_softmax(ops.cast(self.classifier(batch["x"], training=training), "float32"))  # (batch, k)
        known, one_hot = ops.expand_dims(labels >= 0, 1), ops.one_hot(labels, k)  # a row of zeros for -1
        cross_entropy = -ops.sum(one_hot * log_q, axis=1)  # (batch,)
        q = ops.where(known, one_hot, ops.exp(log_q))
        entropy = ops.where(known[:, 0], 0.0, -ops.sum(q * log_q, axis=1))
        every = {"x": ops.repeat(batch["x"], k, axis=0), "labels": ops.tile(ops.arange(k), ops.shape(labels))}
        heads = self.encoder(self.conditioned(every["x"], every), training=training)  # each (batch * k, latent_dim)
        z_mean, z_log_var = (ops.cast(head, "float32") for head in heads)
        z = reparameterize(z_mean, z_log_var, self.seed_generator_for(training))
        nll, kl = (
            ops.sum(q * ops.reshape(values, (-1, k)), axis=1)
            for values in (self.negative_log_likelihood(every, z, training), gaussian_kl(z_mean, z_log_var))
        )
        weight = self.kl_weight if training else self.beta
        bound = weighted_mean(nll + weight * kl + math.log(k) - entropy, batch)
        classification = weighted_mean(cross_entropy, batch)
        return {
            "negative_bound": bound + self.classification_weight * classification,
            **{n: weighted_mean(v, batch) for n, v in {"reconstruction": nll, "kl": kl, "entropy": entropy}.items()},
            "classification": classification,
        }

    predicted = GenerativeModel.predicted  # no metrics: they would compare labels of -1

    def probabilities(self, x):
        """Each class's probability, q(y | x): array `(n, *shape)` -> float32 array `(n, num_classes)`."""
        self.data_description.x.check(x := np.asarray(x, "float32"))
        return by_batch(lambda rows: ops.softmax(self.network(rows, training=False)), _BATCH, x)[0]

    def classify(self, x):
        """The most probable class of each example: array `(n, *shape)` -> int64 array `(n,)`."""
        return self.probabilities(x).argmax(axis=1)
