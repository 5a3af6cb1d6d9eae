import keras
import numpy as np
import pytest

from keras_gen.input_optimization.visualization import grad_cam, randomization_check
from tests.input_optimization.visualization.networks import classifier, linear, nested

IMAGES = np.random.default_rng(0).random((3, 16, 16, 1)).astype("float32")
RANGE = {"value_range": (0, 1)}
WEIGHTS = np.random.default_rng(1).normal(size=(256, 4)).astype("float32")


def test_saliencies_of_a_linear_classifier_lose_their_correlation():
    check = randomization_check(linear(WEIGHTS, (16, 16, 1)), IMAGES, **RANGE)
    assert check.layers == ["logits"] and check.correlations.shape == (1, 3)
    assert np.abs(check.correlations).max() < 0.25  # four standard deviations of 256 independent ranks


def test_explanations_that_ignore_the_weights_keep_theirs():
    check = randomization_check(nested((16, 16, 1)), IMAGES, lambda network, images, classes: images, **RANGE)
    assert check.layers == ["logits", "inner/deep", "inner/conv"]
    np.testing.assert_allclose(check.correlations, 1.0, rtol=1e-6)


def test_layers_are_drawn_one_after_another_from_the_logits_down():
    """An explanation that shows one layer's weights changes when it is this layer's turn, and only then."""
    model = nested((16, 16, 1))

    def explain(network, images, classes):
        return np.stack([np.asarray(network.get_layer("inner").get_layer("deep").kernel)] * len(images))

    before = [weight.copy() for weight in model.get_weights()]
    check = randomization_check(model, IMAGES, explain, **RANGE)
    np.testing.assert_allclose(check.correlations[0], 1.0, rtol=1e-6)
    assert np.abs(check.correlations[1:]).max() < 0.5
    for weight, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, other)


def test_weights_that_are_drawn_have_the_statistics_of_the_old_ones():
    seen, model = [], linear(3 + 0.1 * WEIGHTS, (16, 16, 1))
    randomization_check(
        model, IMAGES, lambda network, x, classes: seen.append(np.array(network.layers[-1].kernel)) or x, **RANGE
    )
    assert seen[1].mean() == pytest.approx(3, abs=0.02) and seen[1].std() == pytest.approx(0.1, abs=0.01)


def test_classes_are_those_of_the_trained_network_and_seeds_repeat():
    model, seen = classifier((16, 16, 1)), []
    randomization_check(model, IMAGES, lambda network, x, classes: seen.append(classes) or x)
    assert all((classes == model.classify(IMAGES)).all() for classes in seen) and len(seen) == 4

    def of_maps(network, images, classes):
        return grad_cam(network, images, classes, "conv", **RANGE)

    checks = [randomization_check(model, IMAGES, of_maps, classes=1, seed=seed).correlations for seed in (0, 0, 1)]
    np.testing.assert_array_equal(checks[0], checks[1])
    assert (checks[0] != checks[2]).any()


def test_an_explanation_that_is_the_same_everywhere_correlates_with_nothing():
    check = randomization_check(linear(WEIGHTS, (16, 16, 1)), IMAGES, lambda n, x, c: 0 * x, **RANGE)
    np.testing.assert_array_equal(check.correlations, np.zeros((1, 3)))


def test_frozen_layers_are_drawn_anew_and_layers_of_the_user_copied():
    class Own(keras.layers.Dense):
        pass

    network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), Own(5), keras.layers.Dense(2)])
    network.trainable = False
    check = randomization_check(network, IMAGES[:, :4, :4], lambda n, x, c: x, **RANGE)
    assert check.layers == [network.layers[-1].name, network.layers[-2].name]
    assert not network.layers[-1].trainable


def test_bad_arguments():
    with pytest.raises(ValueError, match="The model must be a classifier"):
        randomization_check(keras.Sequential([keras.Input((16, 16, 1)), keras.layers.Conv2D(2, 3)]), IMAGES, **RANGE)
    with pytest.raises(ValueError, match="`seed` must be an integer >= 0"):
        randomization_check(linear(WEIGHTS, (16, 16, 1)), IMAGES, seed=-1, **RANGE)
