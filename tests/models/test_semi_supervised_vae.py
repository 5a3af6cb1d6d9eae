import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, models, networks
from tests.training.test_forward_pass import Counting

SHAPE = (4,)
X = np.random.default_rng(0).random((30, *SHAPE)).astype("float32")
LABELS = np.arange(30) % 3


def semi(shape=SHAPE, classes=3, units=(5,), latent_dim=2, **options):
    encoder = networks.mlp_encoder(shape, units, latent_dim, num_classes=classes)
    decoder = networks.mlp_decoder(latent_dim, units, shape, num_classes=classes)
    classifier = networks.mlp_classifier(shape, units, classes)
    return models.SemiSupervisedVAE(encoder, decoder, classifier, classes, **options)


def without_noise(model):
    """The model with a tiny posterior variance, so that its bounds depend on no draw."""
    kernel, bias = model.encoder.get_layer("z_log_var").get_weights()
    model.encoder.get_layer("z_log_var").set_weights([0 * kernel, bias - 40])
    return model


def batch_of(x, labels):
    return {"x": ops.convert_to_tensor(x), "labels": ops.convert_to_tensor(labels)}


def bound_of(model, x, label):
    """L(x, y) of one class, from a `ConditionalVAE` of the same networks."""
    single = models.ConditionalVAE(model.encoder, model.decoder, 3)
    labels = np.full(len(x), label)
    values = [single.negative_elbo(batch_of(x[i : i + 1], labels[i : i + 1]), False) for i in range(len(x))]
    return np.array([float(value["negative_elbo"]) for value in values]) + np.log(3)


def test_the_bound_of_known_labels_is_that_of_a_conditional_vae():
    model = without_noise(semi(classification_weight=0.0))
    values = model.negative_bound(batch_of(X, LABELS), training=False)
    expected = np.mean([bound_of(model, X[i : i + 1], LABELS[i])[0] for i in range(len(X))])
    assert float(values["negative_bound"]) == pytest.approx(expected, rel=1e-5)
    assert float(values["entropy"]) == 0


def test_the_bound_of_unknown_labels_is_the_mean_under_the_classifier():
    model = without_noise(semi())
    values = model.negative_bound(batch_of(X, np.full(30, -1)), training=False)
    q, bounds = model.probabilities(X), np.stack([bound_of(model, X, label) for label in range(3)], axis=1)
    expected = np.mean(np.sum(q * (bounds + np.log(q)), axis=1))
    assert float(values["negative_bound"]) == pytest.approx(expected, rel=1e-5)
    assert float(values["classification"]) == 0
    # and by Jensen's inequality no tighter than the sum over classes
    assert expected >= np.mean(-np.log(np.sum(np.exp(-bounds), axis=1)))


def test_the_classification_counts_nothing_for_unknown_labels_whatever_the_batches():
    model, labels = semi(), np.where(np.arange(30) < 7, LABELS, -1)
    model.compile(jit_compile=False)
    expected = -np.log(model.probabilities(X)[np.arange(7), LABELS[:7]]).sum() / 30
    for batch_size in (30, 4):
        found = model.evaluate(X, labels, batch_size=batch_size, verbose=0, return_dict=True)
        assert found["classification"] == pytest.approx(expected, rel=1e-5)
        weighted = model.evaluate(X, labels, batch_size, 0, sample_weight=2 * np.ones(30), return_dict=True)
        assert weighted["classification"] == pytest.approx(2 * expected, rel=1e-5)


def test_examples_without_labels_teach_the_classifier():
    """The gradient of the bound with respect to the logits is q (L + log q - their mean), up to the batch's mean."""
    model = without_noise(semi())
    bias = model.classifier.get_layer("logits").bias
    batch = batch_of(X, np.full(30, -1))
    _, (gradient,) = backend.value_and_grad(
        lambda: (model.negative_bound(batch, False)["negative_bound"], None), [bias]
    )
    q, bounds = model.probabilities(X), np.stack([bound_of(model, X, label) for label in range(3)], axis=1)
    inner = bounds + np.log(q)
    expected = np.mean(q * (inner - np.sum(q * inner, axis=1, keepdims=True)), axis=0)
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.compiled
def test_few_labels_name_the_clusters_that_the_others_show():
    """Two clusters, one label each: the labelled examples alone lie so that a separating line goes wrong."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 1000)
    x = np.stack([4.0 * y - 2 + 0.4 * rng.standard_normal(1000), 4 * rng.standard_normal(1000)], axis=1).astype(
        "float32"
    )
    x[:2], y[:2] = [[-2, 3], [2, -3]], [0, 1]
    labels = np.where(np.arange(1000) < 2, y, -1)
    x, labels = np.concatenate([x, np.tile(x[:2], (50, 1))]), np.concatenate([labels, np.tile(y[:2], 50)])
    model = semi((2,), 2, (16,), latent_dim=1, reconstruction="gaussian", classification_weight=10)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(x, labels, batch_size=110, epochs=60, verbose=0)
    assert np.mean(model.classify(x[2:1000]) != y[2:]) < 0.03


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: semi(classification_weight=-1), "`classification_weight` must be a finite number >= 0"),
        (lambda: semi(importance_samples=5), "`importance_samples` must be 1. Received: 5"),
        (lambda: semi().compile(metrics=["accuracy"]), "`metrics` are for models of labels or reconstructions"),
        (lambda: semi(classes=1), "`num_classes` must be an integer >= 2"),
        (lambda: semi().sample(2, labels=[-1, 0]), r"`labels` must be in 0..2. Received: labels in -1..0"),
        (
            lambda: semi().data_description.check(X, LABELS - 2),
            "in 0..2, or -1 where it is not known. Received: .* -2..0",
        ),
        (
            lambda: models.SemiSupervisedVAE(
                networks.mlp_encoder(SHAPE, (), 2, num_classes=3),
                networks.mlp_decoder(2, (), SHAPE, num_classes=3),
                networks.mlp_classifier(SHAPE, (), 4),
                3,
            ),
            r"`classifier` must map examples to logits. Expected: \(4,\) to \(3,\). Received: \[\(4,\)\] to \[\(4,\)\]",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_each_network_runs_once_in_a_step():
    """The encoder and the decoder on all classes together."""
    counters = [Counting() for _ in range(3)]
    model = models.SemiSupervisedVAE(
        counted(networks.mlp_encoder(SHAPE, (), 2, num_classes=3), counters[0]),
        counted(networks.mlp_decoder(2, (), SHAPE, num_classes=3), counters[1]),
        counted(networks.mlp_classifier(SHAPE, (), 3), counters[2]),
        3,
    )
    model.compile("sgd", run_eagerly=True)
    for counter in counters:
        counter.runs = 0
    model.train_step((ops.convert_to_tensor(X), ops.convert_to_tensor(LABELS)))
    assert [counter.runs for counter in counters] == [1, 1, 1]


def counted(network, counter):
    """The network with its first input counted."""
    first, *others = [keras.Input(tensor.shape[1:], dtype=tensor.dtype) for tensor in network.inputs]
    inputs = [first, *others] if others else first
    return keras.Model(inputs, network([counter(first), *others] if others else counter(first)))
