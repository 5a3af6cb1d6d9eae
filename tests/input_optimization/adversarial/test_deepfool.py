import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.input_optimization import adversarial
from tests.input_optimization.adversarial.classifiers import (
    LABELS,
    WEIGHTS,
    X,
    attacked,
    curved,
    distances_to_boundary,
    linear,
    norms,
)


@pytest.mark.parametrize(("norm", "order"), [("l2", 2), ("linf", np.inf)])
def test_deepfool_reaches_the_nearest_boundary_of_a_linear_classifier_in_one_step(norm, order):
    result = attacked("deepfool", linear(), norm=norm, overshoot=0.02, steps=1)
    nearest = distances_to_boundary(order)
    np.testing.assert_allclose(norms(result - X, order), 1.02 * (nearest.min(axis=1) + 1e-4), rtol=1e-4)
    classes = ops.convert_to_numpy(linear()(result)).argmax(axis=1)
    np.testing.assert_array_equal(classes, nearest.argmin(axis=1))


def test_deepfool_takes_the_nearest_point_of_a_linear_boundary_within_the_range():
    """The changes are slopes times one factor, cut at the ends of the range."""
    low, high = float(X.min()), float(X.max())
    result = adversarial.deepfool(linear(), X, LABELS, steps=1, overshoot=0.0, value_range=(low, high))
    classes = ops.convert_to_numpy(linear()(result)).argmax(axis=1)
    fooled = np.flatnonzero(classes != LABELS)
    at_an_end = ((result <= low) | (result >= high)).reshape(6, 8)
    cut = 0
    for row in fooled:
        slopes = WEIGHTS[:, classes[row]] - WEIGHTS[:, LABELS[row]]
        factors = (result - X)[row].ravel() / slopes
        inside = ~at_an_end[row]
        np.testing.assert_allclose(factors[inside], factors.max(), rtol=1e-3)
        assert (factors >= 0).all()
        cut += ((factors > 0) & (factors < 0.99 * factors.max())).any()
    assert cut, "pixels that the range stops leave their part to the others"


def test_other_pixels_take_over_the_part_of_those_that_the_range_stops():
    network = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    network.layers[-1].set_weights([np.array([[0, 1], [0, 1]], "float32"), np.array([0, -1.9], "float32")])
    result = adversarial.deepfool(network, [[0.9, 0.5]], [0], steps=1, overshoot=0.0, value_range=(0, 1))
    np.testing.assert_allclose(result, [[1.0, 0.9]], atol=1e-3)


def test_deepfool_takes_a_class_that_the_range_leaves_in_reach():
    """The boundary of class 1 is nearer, but only a pixel that is 0 already could lower the margin to it."""
    network = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
    weights = np.array([[0, -1, 0], [0, 0.1, 0.5]], "float32")
    x = np.array([[0.0, 0.5]], "float32")
    network.layers[-1].set_weights([weights, np.array([0, -0.1, -0.15], "float32") - x[0] @ weights])
    result = adversarial.deepfool(network, x, [0], steps=1, value_range=(0, 1))
    np.testing.assert_allclose(result, [[0.0, 0.5 + 1.02 * 0.3]], atol=1e-3)
    assert ops.convert_to_numpy(network(result)).argmax() == 2


def squares(seed=3):
    """Three classes of two pixels, whose logits are of the second degree, with their formula and slopes."""
    rng = np.random.default_rng(seed)
    weights, bias = rng.normal(size=(4, 3)), rng.normal(size=3) / 2
    x = keras.Input((2,))
    network = keras.Model(x, layers.Dense(3)(layers.Concatenate()([x, layers.Activation(ops.square)(x)])))
    network.layers[-1].set_weights([weights, bias])
    return network, lambda x: np.r_[x, x**2] @ weights + bias, lambda x: weights[:2] + 2 * x[:, None] * weights[2:]


def by_hand(start, logits, slopes, norm, steps):
    """DeepFool without a range: the point, and whether the second step could go from the image."""
    label, total, goes = logits(start).argmax(), np.zeros(2), None
    others = [k for k in range(3) if k != label]
    for number in range(steps):
        moved = start + total
        margins = (logits(moved) - logits(moved)[label])[others]
        slope = (slopes(moved) - slopes(moved)[:, [label]])[:, others].T
        if margins.max() > 0:
            break
        at_image = margins + slope @ (start - moved)
        if anew := number < 2 and at_image.max() < 0:
            margins, total = at_image, np.zeros(2)
        goes = anew if number == 1 else goes
        sizes = np.linalg.norm(slope, axis=1) if norm == "l2" else np.abs(slope).sum(axis=1)
        lengths = -margins / sizes
        nearest = lengths.argmin()
        direction = slope[nearest] / sizes[nearest] if norm == "l2" else np.sign(slope[nearest])
        total = total + (lengths[nearest] + 1e-4) * direction
    return start + total, goes


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_the_steps_of_deepfool_are_those_of_a_loop_over_images(norm):
    """The second goes from the image where the slopes let it; those that follow are added."""
    network, logits, slopes = squares()
    images = np.random.default_rng(0).uniform(-2, 2, (300, 2)).astype("float32")
    labels = np.array([logits(x).argmax() for x in images])
    ways = set()
    for steps in (2, 3):
        result = adversarial.deepfool(
            network, images, labels, norm=norm, steps=steps, overshoot=0.0, value_range=(-99, 99), candidates=3
        )
        found = [by_hand(x.astype("float64"), logits, slopes, norm, steps) for x in images]
        np.testing.assert_allclose(result, [point for point, _ in found], atol=2e-3, rtol=1e-3)
        ways |= {goes for _, goes in found}
    assert ways == {True, False, None}


@pytest.mark.compiled
def test_deepfool_fools_a_curved_classifier():
    network, labels = curved()
    result = attacked("deepfool", network, labels=labels)
    assert (ops.convert_to_numpy(network(result)).argmax(axis=1) != labels).all()
    few = attacked("deepfool", network, labels=labels, candidates=2)
    assert (norms(few - X) >= norms(result - X) - 1e-3).mean() > 0.7
