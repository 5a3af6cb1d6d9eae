"""Laws of all attacks, and those of each, on classifiers whose boundaries are known."""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen import models
from keras_gen.input_optimization import adversarial

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(8, 3)).astype("float32")
BIAS = np.array([0.1, -0.2, 0.0], "float32")
X = RNG.uniform(0.3, 0.7, (6, 2, 4, 1)).astype("float32")
LABELS = (X.reshape(6, 8) @ WEIGHTS + BIAS).argmax(axis=1)
TARGETS = (LABELS + 1) % 3
RANGE = (-9.0, 10.0)  # so wide that it does not matter, unless a test says so
UNIT = 1 / (RANGE[1] - RANGE[0]) ** 2  # of Carlini and Wagner's weights, whose distance is relative to the range
TARGETED = {
    "fgsm": {"epsilon": 0.3},
    "pgd": {"epsilon": 0.3, "steps": 5},
    "lbfgs": {"steps": 6, "search_steps": 1},
    "carlini_wagner": {"steps": 15, "search_steps": 2, "learning_rate": 0.1, "first_weight": 0.1 * UNIT},
}
UNTARGETED = {**TARGETED, "deepfool": {}}
FEW = {"lbfgs": {"steps": 4, "search_steps": 0}, "carlini_wagner": {"steps": 4, "search_steps": 1}}  # that succeed


def marked(names):
    """Names of attacks, compiled where they take many steps."""
    return [pytest.param(name, marks=[pytest.mark.compiled] if name in FEW else []) for name in names]


@functools.cache
def linear(activation=None):
    """Three classes of images of 2x4 with linear logits."""
    network = keras.Sequential([keras.Input((2, 4, 1)), layers.Flatten(), layers.Dense(3, activation)])
    network.layers[-1].set_weights([WEIGHTS, BIAS])
    return network


def curved():
    """Ten classes with a hidden layer, of random weights."""
    hidden = [layers.Conv2D(4, 2, activation="tanh"), layers.Flatten(), layers.Dense(10)]
    network = keras.Sequential([keras.Input((2, 4, 1)), *hidden])
    for weight in network.weights:
        weight.assign(RNG.normal(size=weight.shape))
    return network, ops.convert_to_numpy(network(X)).argmax(axis=1)


def attacked(name, model, images=X, labels=LABELS, **options):
    return getattr(adversarial, name)(model, images, labels, value_range=RANGE, **{**UNTARGETED[name], **options})


def norms(differences, order=2):
    return np.linalg.norm(differences.reshape(len(differences), -1), order, axis=1)


def distances_to_boundary(order):
    """Of each image, in the norm; the gradients of the margins are differences of the weights' columns."""
    logits = X.reshape(6, 8) @ WEIGHTS + BIAS
    dual = {2: 2, np.inf: 1}[order]
    found = np.full((6, 3), np.inf)
    for row, label in enumerate(LABELS):
        for other in set(range(3)) - {label}:
            slope = np.linalg.norm(WEIGHTS[:, other] - WEIGHTS[:, label], dual)
            found[row, other] = (logits[row, label] - logits[row, other]) / slope
    return found


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


@pytest.mark.parametrize("name", marked(UNTARGETED))
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


@pytest.mark.parametrize("name", marked(UNTARGETED))
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
    found = getattr(adversarial, name)(
        bytes_first, 255 * X, LABELS, value_range=(255 * RANGE[0], 255 * RANGE[1]), **{**UNTARGETED[name], **FEW[name]}
    )
    np.testing.assert_allclose(found / 255, expected, atol=1e-3)


@pytest.mark.parametrize("name", marked(UNTARGETED))
def test_attacked_images_stay_in_the_range(name):
    result = getattr(adversarial, name)(
        linear(), X, LABELS, value_range=(0.3, 0.7), **{**UNTARGETED[name], **FEW.get(name, {})}
    )
    assert result.min() >= 0.3 - 1e-6
    assert result.max() <= 0.7 + 1e-6


def test_fgsm_moves_every_pixel_by_epsilon_in_the_direction_of_the_gradient():
    result = attacked("fgsm", linear())
    probabilities = ops.convert_to_numpy(ops.softmax(linear()(X)))
    gradient = (probabilities - np.eye(3)[LABELS]) @ WEIGHTS.T
    np.testing.assert_allclose(result - X, 0.3 * np.sign(gradient).reshape(X.shape), atol=1e-6)
    towards = attacked("fgsm", linear(), targets=TARGETS)
    gradient = (probabilities - np.eye(3)[TARGETS]) @ WEIGHTS.T
    np.testing.assert_allclose(towards - X, -0.3 * np.sign(gradient).reshape(X.shape), atol=1e-6)


@pytest.mark.parametrize(("norm", "order"), [("linf", np.inf), ("l2", 2)])
def test_pgd_stays_in_its_ball_and_raises_the_loss_more_than_one_step(norm, order):
    network, labels = curved()

    def loss(x):
        return np.asarray(ops.sparse_categorical_crossentropy(labels, network(x), from_logits=True))

    result = attacked("pgd", network, labels=labels, norm=norm, epsilon=0.2, steps=20)
    assert (norms(result - X, order) <= 0.2 + 1e-5).all()
    if norm == "linf":
        assert loss(result).mean() >= loss(attacked("fgsm", network, labels=labels, epsilon=0.2)).mean() - 1e-3
    again, other = (
        attacked("pgd", network, labels=labels, norm=norm, epsilon=0.2, steps=2, seed=seed) for seed in (0, 1)
    )
    np.testing.assert_array_equal(again, attacked("pgd", network, labels=labels, norm=norm, epsilon=0.2, steps=2))
    assert (again != other).any()


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


def test_the_second_step_of_deepfool_goes_from_the_image():
    """To the boundary as it is seen from where the first has led: of a margin x_0 - x_1^2 - 1, from (0, 0.5)."""
    x = keras.Input((2,))
    logits = layers.Dense(2)(layers.Concatenate()([x, layers.Activation(ops.square)(x)]))
    network = keras.Model(x, logits)
    network.layers[-1].set_weights([np.array([[0, 1], [0, 0], [0, 0], [0, -1]]), np.array([0, -1])])
    start, slope = np.array([0.0, 0.5]), np.array([1.0, -1.0])
    first = start + 1.25 / 2 * slope
    slope, margin = np.array([1.0, -2 * first[1]]), first[0] - first[1] ** 2 - 1
    result = adversarial.deepfool(network, start[None], [0], steps=2, overshoot=0.0, value_range=RANGE)
    expected = start + slope * (slope @ (first - start) - margin) / (slope @ slope)
    np.testing.assert_allclose(result[0], expected, atol=1e-3)


@pytest.mark.compiled
def test_deepfool_fools_a_curved_classifier():
    network, labels = curved()
    result = attacked("deepfool", network, labels=labels)
    assert (ops.convert_to_numpy(network(result)).argmax(axis=1) != labels).all()
    few = attacked("deepfool", network, labels=labels, candidates=2)
    assert (norms(few - X) >= norms(result - X) - 1e-3).mean() > 0.7


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


def test_lbfgs_leaves_an_image_that_cannot_be_fooled():
    network = keras.models.clone_model(linear())
    network.layers[-1].set_weights([0 * WEIGHTS, np.array([2.0, 0.0, 0.0], "float32")])
    result = attacked("lbfgs", network, labels=np.zeros(6, int), steps=3, search_steps=1)
    np.testing.assert_array_equal(result, X)


def test_confidence_reaches_a_margin_of_the_logits():
    result = attacked("carlini_wagner", linear(), confidence=0.5, search_steps=4)
    logits = ops.convert_to_numpy(linear()(result))
    assert (logits.max(axis=1) - logits[np.arange(6), LABELS] >= 0.499).all()


@pytest.mark.compiled
def test_carlini_wagner_moves_pixels_that_start_at_the_end_of_the_range():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
    network.layers[-1].set_weights([np.array([[1.0, -1.0], [-1.0, 1.0]], "float32")])
    result = adversarial.carlini_wagner(network, [[0.5, 0.0]], [0], steps=120, search_steps=5, value_range=(0, 1))
    np.testing.assert_allclose(result, [[0.25, 0.25]], atol=0.03)


@pytest.mark.compiled
def test_carlini_wagner_lowers_a_weight_that_is_too_large():
    options = {"first_weight": 100.0 * UNIT, "steps": 20, "learning_rate": 0.05}
    once, often = (attacked("carlini_wagner", linear(), **{**options, "search_steps": n}) for n in (1, 7))
    assert (norms(often - X) < 0.9 * norms(once - X)).all()


UNIVERSAL = {"steps": 25, "starts": 2, "batch_size": 8, "value_range": RANGE}


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


@pytest.mark.parametrize("name", [*UNTARGETED, "universal_perturbation"])
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
