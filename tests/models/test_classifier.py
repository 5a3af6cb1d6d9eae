import keras
import numpy as np
import pytest

from keras_gen import data, load_model, models, networks

RNG = np.random.default_rng(0)
X, LABELS = RNG.random((24, 4)).astype("float32"), np.arange(24) % 3


def classifier(**options):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(3)])
    return models.Classifier(network, **options)


def test_the_loss_is_the_cross_entropy_and_the_accuracy_the_share_of_right_classes():
    model = classifier()
    model.compile("adam", jit_compile=False)
    found = model.evaluate(X, LABELS, batch_size=5, verbose=0, return_dict=True)
    probabilities = model.probabilities(X)
    assert found["loss"] == pytest.approx(-np.log(probabilities[np.arange(24), LABELS]).mean(), rel=1e-5)
    assert found["accuracy"] == pytest.approx(np.mean(model.classify(X) == LABELS), rel=1e-5)
    np.testing.assert_allclose(model.predict(X, verbose=0), probabilities, rtol=1e-5)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.compiled
def test_it_learns_digits_and_comes_back_with_its_file(tmp_path):
    keras.utils.set_random_seed(0)
    train, test = data.load("digits")
    model = models.Classifier(networks.lenet5((8, 8, 1), 10), value_range=(0, 1))
    model.compile("adam", metrics=[keras.metrics.SparseTopKCategoricalAccuracy(3, name="top3")])
    model.fit(train.x, train.y, batch_size=50, epochs=6, verbose=0)
    found = model.evaluate(test.x, test.y, verbose=0, return_dict=True)
    assert found["accuracy"] > 0.8 and found["top3"] >= found["accuracy"]
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert again.value_range == (0, 1) and again.num_classes == 10
    assert again.evaluate(test.x, test.y, verbose=0, return_dict=True) == found


def test_the_network_runs_once_a_step():
    runs = []

    class Counting(keras.layers.Layer):
        def call(self, x):
            runs.append(x.shape)
            return x

    network = keras.Sequential([keras.Input((4,)), Counting(), keras.layers.Dense(3)])
    model = models.Classifier(network)
    model.compile("sgd", run_eagerly=True, metrics=["accuracy"])
    runs.clear()
    model.train_on_batch(X, LABELS)
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: models.Classifier(keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])), "at least two class"),
        (lambda: models.Classifier(networks.mlp_encoder((4,), (), 2)), "one input to the logits"),
        (
            lambda: models.Classifier(keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])),
            "`network` must end in logits.*Received: activation 'softmax'",
        ),
        (lambda: classifier(value_range=3), r"`value_range` must be \(lowest, highest\). Received: 3"),
        (lambda: classifier(value_range=(1, 0)), r"`value_range` must be \(lowest, highest\). Received: \(1, 0\)"),
        (lambda: classifier(value_range=(0, 1)).classify(5 * X), r"Expected: values in \[0, 1\]"),
        (lambda: classifier().probabilities(X[:, :3]), r"Expected: shape \(n, 4\)"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, r"needs labels. Expected: fit\(x, labels\)"),
        (LABELS + 1, r"`labels` must be in 0..2. Received: labels in 1..3"),
        (LABELS * 10, r"in 0..2. Received: labels in 0..20. Number them by `labels, _, names = data.encode_labels"),
        (np.array(["a", "b", "c"])[LABELS], "dtype str32. Number them by `labels, _, names = data.encode_labels"),
        (LABELS / 1.0, r"Expected: integer labels of shape \(n,\)"),
        (np.eye(3)[LABELS], r"Expected: integer labels of shape \(n,\). Received: y of shape \(24, 3\)"),
    ],
)
def test_labels_that_are_none_are_refused_before_training(labels, message):
    model = classifier()
    model.compile("adam")
    with pytest.raises(ValueError, match=message):
        model.fit(X, labels, verbose=0)


@pytest.mark.parametrize("labels", [LABELS * 10 - 7, np.array(["a", "b", "c"])[LABELS], np.eye(3)[LABELS]])
def test_labels_that_were_refused_are_numbered_as_the_message_says(labels):
    numbers, _, names = data.encode_labels(labels)
    model = classifier()
    model.compile("adam")
    assert len(names) == model.num_classes
    model.fit(X, numbers, verbose=0)
    np.testing.assert_array_equal(numbers, LABELS)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("value_range", [None, (0, 1)])
def test_adversarial_training_mixes_the_losses_of_examples_and_of_their_perturbations(value_range):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model = models.Classifier(network, value_range, adversarial_training=0.3, epsilon=0.2)
    model.compile("sgd")
    kernel, bias = (weight.numpy() for weight in network.weights)
    rows = np.arange(24)
    slopes = (softmax(X @ kernel + bias) - np.eye(3)[LABELS]) @ kernel.T
    perturbed = X + 0.2 * np.sign(slopes)
    perturbed = perturbed if value_range is None else np.clip(perturbed, *value_range)
    clean, changed = (softmax(x @ kernel + bias) for x in (X, perturbed))
    found = model.evaluate(X, LABELS, verbose=0, return_dict=True)
    expected = -0.7 * np.log(clean[rows, LABELS]).mean() - 0.3 * np.log(changed[rows, LABELS]).mean()
    assert found["loss"] == pytest.approx(expected, rel=1e-5)
    assert found["accuracy"] == pytest.approx(np.mean(clean.argmax(axis=1) == LABELS), rel=1e-5)
    assert found["adversarial_accuracy"] == pytest.approx(np.mean(changed.argmax(axis=1) == LABELS), rel=1e-5)

    # The perturbation counts as constant: the gradient is that of the mixture of the two sets
    model.compile(keras.optimizers.SGD(1.0))
    model.fit(X, LABELS, batch_size=24, verbose=0)
    errors = 0.7 * X.T @ (clean - np.eye(3)[LABELS]) + 0.3 * perturbed.T @ (changed - np.eye(3)[LABELS])
    np.testing.assert_allclose(network.weights[0], kernel - errors / 24, atol=1e-5)


def test_examples_that_are_learnt_well_are_perturbed_like_others():
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, use_bias=False)])
    model = models.Classifier(network, adversarial_training=0.5, epsilon=0.3)
    model.compile("sgd")
    kernel = np.array([[1, -1, 0], [-1, 0, 1], [0, 1, -1], [1, 1, -2]], "float32")
    labels = (X @ kernel).argmax(axis=1)
    found = []
    for scale in (1, 100):  # of logits with the same boundaries
        network.layers[0].set_weights([scale * kernel])
        found.append(model.evaluate(X, labels, verbose=0, return_dict=True)["adversarial_accuracy"])
    assert found[1] == pytest.approx(found[0], abs=0.15) and found[0] < 0.8


def test_a_share_of_0_is_the_plain_classifier_and_others_are_checked():
    plain = classifier()
    plain.compile("sgd")
    assert set(plain.evaluate(X, LABELS, verbose=0, return_dict=True)) == {"loss", "accuracy"}
    with pytest.raises(ValueError, match=r"`adversarial_training` must be a number in \[0, 1\). Received: .*=1.0"):
        classifier(adversarial_training=1.0)
    with pytest.raises(ValueError, match="`epsilon` must be a finite number >= 0"):
        classifier(adversarial_training=0.5, epsilon=-0.1)
    with pytest.raises(
        ValueError, match=r"`epsilon` must be at most .* a number in \[0, 0.2\]. Received: epsilon=0.25"
    ):
        classifier(value_range=(0, 0.2), adversarial_training=0.5)
    assert classifier(value_range=(0, 0.2)).epsilon == 0.25, "which is not used"
