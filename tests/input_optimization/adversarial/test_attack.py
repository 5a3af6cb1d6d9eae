"""Laws of all attacks."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen import models
from keras_gen.input_optimization import adversarial
from tests.input_optimization.adversarial.classifiers import (
    ALL,
    BIAS,
    FEW,
    LABELS,
    RANGE,
    TARGETED,
    TARGETS,
    UNIT,
    UNTARGETED,
    WEIGHTS,
    X,
    attacked,
    curved,
    distances_to_boundary,
    linear,
    marked,
    norms,
)


@pytest.mark.parametrize("name", marked(UNTARGETED))
def test_a_batch_is_attacked_as_single_images(name):
    network, labels = curved()
    together = attacked(name, network, labels=labels)
    for size in (1, 4):
        np.testing.assert_allclose(attacked(name, network, labels=labels, batch_size=size), together, atol=2e-3)


@pytest.mark.parametrize("name", marked(UNTARGETED))
def test_images_that_are_wrong_already_are_left_alone(name):
    labels = LABELS.copy()
    labels[:3] = TARGETS[:3]
    result = attacked(name, linear(), labels=labels, **FEW.get(name, {}))
    np.testing.assert_array_equal(result[:3], X[:3])
    assert (norms(result - X)[3:] > 0).all()
    if name in TARGETED:
        third = (LABELS + 2) % 3  # neither the classes of the first three nor their labels
        result = attacked(name, linear(), labels=labels, targets=third)
        np.testing.assert_array_equal(result[:3], X[:3])
        assert (norms(result - X)[3:] > 0).all()


@pytest.mark.parametrize("name", marked(TARGETED))
def test_images_that_are_their_target_already_are_left_alone(name):
    targets = TARGETS.copy()
    targets[:3] = LABELS[:3]
    result = attacked(name, linear(), targets=targets, **FEW.get(name, {}))
    np.testing.assert_array_equal(result[:3], X[:3])
    assert (norms(result - X)[3:] > 0).all()


@pytest.mark.parametrize("name", marked(ALL))
def test_logits_probabilities_and_our_classifier_give_the_same(name):
    options = FEW.get(name, {})
    expected = attacked(name, linear(), **options)
    assert np.abs(expected - X).max(axis=(1, 2, 3)).min() > 0
    nested = keras.Sequential([keras.Input((2, 4, 1)), linear("softmax")])
    separate = keras.Sequential([linear(), layers.Softmax()])
    for model in (linear("softmax"), nested, separate, models.Classifier(linear(), value_range=RANGE)):
        np.testing.assert_allclose(attacked(name, model, **options), expected, atol=1e-5)


@pytest.mark.compiled
@pytest.mark.parametrize("name", UNTARGETED)
def test_sure_logits_do_not_stop_an_attack(name, scale=500.0):
    """Scaled logits have the same boundaries, but probabilities that are rounded to 0 and 1."""
    sure = keras.models.clone_model(linear())  # other tests share that one
    sure.layers[-1].set_weights([scale * WEIGHTS, scale * BIAS])
    options = {"first_weight": 1e-3 * UNIT, "search_steps": 6} if name == "carlini_wagner" else {}
    options |= {"steps": 20} if name == "lbfgs" else {}
    result = attacked(name, sure, **options)
    if name == "fgsm":
        np.testing.assert_allclose(np.abs(result - X), 0.3, atol=1e-6)
    assert (ops.convert_to_numpy(sure(result)).argmax(axis=1) != LABELS).all()


@pytest.mark.parametrize("name", marked(ALL))
def test_the_gradient_passes_through_the_preprocessing(name):
    inner = linear()
    inside = keras.Sequential([keras.Input((2, 4, 1)), layers.Rescaling(0.5, 0.25), inner])
    labels = ops.convert_to_numpy(inside(X)).argmax(axis=1)
    options = {"labels": labels, **FEW.get(name, {})}
    expected = attacked(name, inside, **options)
    assert np.abs(expected - X).max() > 0
    result = attacked(name, inner, preprocess=lambda x: 0.5 * x + 0.25, **options)
    np.testing.assert_allclose(result, expected, atol=1e-6)


@pytest.mark.parametrize("name", marked(FEW))
def test_weights_of_the_distance_do_not_depend_on_the_units_of_the_pixels(name):
    expected = attacked(name, linear(), **FEW[name])
    bytes_first = keras.Sequential([keras.Input((2, 4, 1)), layers.Rescaling(1 / 255), linear()])
    wide = tuple(255 * end for end in RANGE)
    found = attacked(name, bytes_first, 255 * X, value_range=wide, **FEW[name])
    np.testing.assert_allclose(found / 255, expected, atol=1e-3)


@pytest.mark.parametrize("name", marked(UNTARGETED))
def test_attacked_images_stay_in_the_range(name):
    result = attacked(name, linear(), value_range=(0.3, 0.7), **FEW.get(name, {}))
    assert result.min() >= 0.3 - 1e-6
    assert result.max() <= 0.7 + 1e-6


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["lbfgs", "carlini_wagner"])
def test_the_smallest_perturbation_of_a_linear_classifier(name):
    options = (
        {"search_steps": 6, "steps": 20} if name == "lbfgs" else {"steps": 60, "search_steps": 5, "learning_rate": 0.03}
    )
    result = attacked(name, linear(), **options)
    assert (ops.convert_to_numpy(linear()(result)).argmax(axis=1) != LABELS).all()
    nearest = distances_to_boundary(2).min(axis=1)
    assert (norms(result - X) >= nearest - 1e-5).all()
    assert (norms(result - X) <= 1.25 * nearest + 0.02).all()
    towards = attacked(name, linear(), targets=TARGETS, **options)
    assert (ops.convert_to_numpy(linear()(towards)).argmax(axis=1) == TARGETS).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": X[..., 0]}, "`images` does not fit the network"),
        ({"images": X + 20}, r"`images` is out of range. Expected: values in \[-9.0, 10.0\]"),
        ({"images": X * np.nan}, "`images` must be finite"),
        ({"labels": np.eye(3)[LABELS]}, r"not one-hot rows. Expected: shape \(6,\), such as labels.argmax"),
        ({"labels": LABELS[:5]}, r"one integer for each image. Expected: integers of shape \(6,\)"),
        ({"labels": LABELS + 0.5}, "one integer for each image. .* Received: float64"),
        ({"labels": LABELS + 5}, "`labels` must be classes of the model. Expected: 0 to 2. Received: 5 to"),
        ({"targets": TARGETS - 3}, "`targets` must be classes of the model"),
        ({"epsilon": -0.1}, r"`epsilon` must be a number in \[0, 19\], the width of the range. Received: epsilon=-0.1"),
        ({"epsilon": 20}, "`epsilon` must be a number"),
        ({"value_range": None}, "`value_range` must be given"),
        ({"preprocess": 3}, "`preprocess` must be a function"),
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1"),
    ],
)
def test_bad_arguments(options, message):
    given = {"images": X, "labels": LABELS, "value_range": RANGE, **options}
    with pytest.raises(ValueError, match=message):
        adversarial.fgsm(linear(), **given)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (linear("relu"), "must end in logits or in a softmax. .* Received: activation 'relu'"),
        (keras.Sequential([keras.Input((2, 4, 1)), layers.Flatten(), layers.Dense(1)]), "must be a classifier"),
        (keras.Sequential([layers.Dense(3)]), "`model` must know its layers and their shapes"),
    ],
)
def test_models_that_are_no_classifiers(model, message):
    with pytest.raises(ValueError, match=message):
        adversarial.fgsm(model, X, LABELS, value_range=RANGE)


@pytest.mark.parametrize("name", ALL)
def test_networks_without_a_gradient_or_with_hidden_probabilities_are_refused(name):
    rounded = keras.Sequential([keras.Input((2, 4, 1)), layers.Lambda(ops.round), linear()])
    hidden = keras.Sequential([keras.Input((2, 4, 1)), linear("softmax"), layers.Rescaling(1.0, name="last")])
    with pytest.raises(ValueError, match="no gradient with respect to the images. Expected: differentiable layers"):
        getattr(adversarial, name)(rounded, X, LABELS, value_range=RANGE)
    with pytest.raises(ValueError, match="outputs are probabilities, .* Received: .* from layer 'last'"):
        getattr(adversarial, name)(hidden, X, LABELS, value_range=RANGE)
    with pytest.raises(ValueError, match="outputs are probabilities"):
        adversarial.report(hidden, X, X, LABELS, value_range=RANGE)


def test_a_classifier_that_knows_its_range_allows_no_other():
    classifier = models.Classifier(linear(), value_range=(0, 1))
    with pytest.raises(ValueError, match=r"the model's own. Expected: \(0, 1\), or None. Received: \(-1, 1\)"):
        adversarial.fgsm(classifier, X, LABELS, value_range=(-1, 1))
    assert adversarial.fgsm(classifier, X, LABELS).shape == X.shape
