"""Laws of universal perturbations."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.input_optimization import adversarial
from tests.input_optimization.adversarial.classifiers import BIAS, LABELS, RANGE, WEIGHTS, X, attacked, linear, norms

UNIVERSAL = {"steps": 100, "starts": 2, "batch_size": 8, "value_range": RANGE}


def test_the_starts_and_batches_of_a_universal_perturbation_are_drawn_by_the_seed():
    first, again, other = (
        adversarial.universal_perturbation(linear(), X, LABELS, 0.4, seed=seed, **{**UNIVERSAL, "steps": 2})
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.compiled
@pytest.mark.parametrize(("norm", "order"), [("linf", np.inf), ("l2", 2)])
def test_a_universal_perturbation_fools_images_that_it_was_not_made_from(norm, order):
    """The label is 0 for all that it is made from: the nearest boundary of a class gives the best perturbation."""
    rng = np.random.default_rng(1)
    images = rng.uniform(-1, 2, (400, 2, 4, 1)).astype("float32")
    logits = ops.convert_to_numpy(linear()(images))
    images = images[logits.argmax(axis=1) == 0]
    classes = np.zeros(len(images), int)
    radius = {"linf": 0.4, "l2": 1.0}[norm]
    v = adversarial.universal_perturbation(linear(), images[:20], classes[:20], radius, norm, **UNIVERSAL)
    assert v.shape == X.shape[1:]
    assert norms(v[None], order) <= radius + 1e-5

    def fooled(perturbation):
        return np.mean(ops.convert_to_numpy(linear()(images[20:] + perturbation)).argmax(axis=1) != 0)

    slopes = [(WEIGHTS[:, other] - WEIGHTS[:, 0]).reshape(X.shape[1:]) for other in (1, 2)]
    best = [radius * (np.sign(w) if norm == "linf" else w / np.linalg.norm(w)) for w in slopes]
    assert fooled(v) >= 0.9 * max(map(fooled, best)) > 0.6


@pytest.mark.parametrize("scale", [500.0, 0.01])
def test_the_scale_of_the_logits_does_not_matter(scale):
    scaled = keras.models.clone_model(linear())
    scaled.layers[-1].set_weights([scale * WEIGHTS, scale * BIAS])
    expected, found = (attacked("universal_perturbation", model, epsilon=0.2) for model in (linear(), scaled))
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_units_of_the_pixels_do_not_matter(norm):
    expected = attacked("universal_perturbation", linear(), norm=norm)
    of_bytes = keras.Sequential([keras.Input((2, 4, 1)), layers.Rescaling(1 / 255), linear()])
    options = {"epsilon": 255 * 0.4, "norm": norm, "value_range": tuple(255 * end for end in RANGE)}
    found = attacked("universal_perturbation", of_bytes, 255 * X, **options)
    np.testing.assert_allclose(found / 255, expected, atol=1e-4)


@pytest.mark.compiled
def test_pixels_at_the_end_of_the_range_are_moved():
    """All images are black, so that the clipped ones are the same for all perturbations below 0."""
    network = keras.Sequential([keras.Input((2, 4, 1)), layers.Flatten(), layers.Dense(2)])
    network.layers[-1].set_weights([np.tile([0.0, 1.0], (8, 1)), np.array([0.0, -1.0])])
    options = {**UNIVERSAL, "starts": 1, "value_range": (0, 1)}
    v = adversarial.universal_perturbation(network, 0 * X, np.zeros(6, int), 0.3, **options)
    np.testing.assert_allclose(v, 0.3, atol=1e-5)


@pytest.mark.compiled
def test_images_that_are_wrong_already_have_no_say():
    """They would need another perturbation, and are most of the images."""
    right, wrong = X[LABELS == 0], np.concatenate([X[LABELS != 0]] * 5)
    images = np.concatenate([right, wrong])
    labels = np.zeros(len(images), int)
    expected = adversarial.universal_perturbation(linear(), right, labels[: len(right)], 0.4, **UNIVERSAL)
    found = adversarial.universal_perturbation(linear(), images, labels, 0.4, **UNIVERSAL)
    np.testing.assert_array_equal(found, expected)


def test_a_universal_perturbation_of_nothing_is_nothing():
    nothing = adversarial.universal_perturbation(linear(), X, LABELS, 0.0, **UNIVERSAL)
    np.testing.assert_array_equal(nothing, 0 * X[0])
    wrong = adversarial.universal_perturbation(linear(), X, (LABELS + 1) % 3, 0.4, **UNIVERSAL)
    np.testing.assert_array_equal(wrong, 0 * X[0])


def test_the_best_start_of_a_universal_perturbation_is_taken():
    """Of one step at a tiny rate: what is left are the starts."""
    options = {**UNIVERSAL, "steps": 1, "learning_rate": 1e-6, "batch_size": 40}
    rates = []
    for starts in (1, 20):
        v = adversarial.universal_perturbation(linear(), X, LABELS, 0.4, **{**options, "starts": starts})
        rates.append(np.mean(ops.convert_to_numpy(linear()(X + v)).argmax(axis=1) != LABELS))
    assert rates[1] > rates[0]


@pytest.mark.compiled
def test_one_number_of_images_can_follow_another():
    for number in (1, 3, 5):
        v = adversarial.universal_perturbation(linear(), X[:number], LABELS[:number], 0.4, **{**UNIVERSAL, "steps": 2})
        assert np.isfinite(v).all()


def test_starts_share_a_batch():
    with pytest.raises(ValueError, match="Each start needs an image of the batch. .* Received: batch_size=4, starts=5"):
        adversarial.universal_perturbation(linear(), X, LABELS, 0.4, **{**UNIVERSAL, "batch_size": 4, "starts": 5})
