import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.input_optimization.visualization import activation_maximization, class_model, feature_maps
from tests.input_optimization.visualization.networks import classifier, functional, linear, nested

RANGE = {"value_range": (-1, 1)}
WEIGHTS = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")


def distances(images, middle=0.0):
    return np.linalg.norm((images - middle).reshape(len(images), -1), axis=1)


@pytest.mark.compiled
def test_the_image_of_a_linear_unit_is_its_weights_scaled_to_the_norm():
    found = activation_maximization(linear(WEIGHTS, (4, 3, 1)), "logits", norm=1.5, **RANGE)
    np.testing.assert_allclose(found.reshape(3, 12), 1.5 * (WEIGHTS / np.linalg.norm(WEIGHTS, axis=0)).T, atol=2e-3)
    shifted = activation_maximization(linear(WEIGHTS, (4, 3, 1)), "logits", 1, norm=0.75, value_range=(0, 1))
    np.testing.assert_allclose(shifted[0], 0.5 + found[1] / 2, atol=2e-3)


@pytest.mark.parametrize(("make", "layer"), [(functional, "deep"), (nested, "inner/deep"), (classifier, "logits")])
def test_the_norm_is_kept_and_the_activation_rises(make, layer):
    model, options = make(), {"value_range": (0, 1), "norm": 2.0}
    place = None if layer == "logits" else (3, 1)
    starts, found = (activation_maximization(model, layer, place=place, steps=n, **options) for n in (0, 15))
    np.testing.assert_allclose(distances(found, 0.5), 2.0, rtol=1e-4)
    np.testing.assert_allclose(distances(starts, 0.5), 2.0, rtol=1e-4)
    assert found.min() >= 0 and found.max() <= 1

    def responses(images):
        (outputs,) = feature_maps(model, images, layer, (0, 1)).values()
        return np.diag(outputs if place is None else outputs[:, 3, 1])

    assert (responses(found) > responses(starts) + 1e-3).all()


@pytest.mark.compiled
def test_a_channel_is_the_mean_over_its_places():
    conv = layers.Conv2D(2, 2, name="conv")
    network = keras.Sequential([keras.Input((3, 3, 1)), conv])
    (found,) = activation_maximization(network, "conv", 1, norm=1.0, **RANGE)
    weights, kernel = np.zeros((3, 3)), np.asarray(conv.kernel)[:, :, 0, 1]
    for row, column in np.ndindex(2, 2):
        weights[row : row + 2, column : column + 2] += kernel
    np.testing.assert_allclose(found[..., 0], weights / np.linalg.norm(weights), atol=2e-3)
    (of_place,) = activation_maximization(network, "conv", 1, (0, 1), norm=1.0, **RANGE)
    np.testing.assert_allclose(of_place[:2, 1:, 0], kernel / np.linalg.norm(kernel), atol=2e-3)


@pytest.mark.compiled
def test_one_by_one_and_again_and_by_seed():
    model, options = functional((28, 28, 1)), {"value_range": (0, 1), "steps": 4, "jitter": 1}
    together = activation_maximization(model, "deep", [4, 0, 2], batch_size=2, **options)
    single = [activation_maximization(model, "deep", channel, **options)[0] for channel in (4, 0, 2)]
    np.testing.assert_allclose(together, single, atol=1e-4)
    np.testing.assert_array_equal(together, activation_maximization(model, "deep", [4, 0, 2], batch_size=2, **options))
    assert (activation_maximization(model, "deep", 4, seed=1, **options)[0] != single[0]).any()


def test_images_of_any_size():
    network = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(2, 3, name="conv")])
    with pytest.raises(ValueError, match=r"`shape` must be given .* Expected: such as \(64, 64, 3\)"):
        activation_maximization(network, "conv", **RANGE)
    with pytest.raises(ValueError, match=r"`shape` must fit the network. Expected: \(None, None, 3\)"):
        activation_maximization(network, "conv", shape=(9, 9, 1), **RANGE)
    assert activation_maximization(network, "conv", shape=(9, 7, 3), steps=1, **RANGE).shape == (2, 9, 7, 3)


def test_large_colour_images():
    conv = layers.Conv2D(2, 8, strides=32, name="conv")
    network = keras.Sequential([keras.Input((224, 224, 3)), conv, layers.GlobalAveragePooling2D(), layers.Dense(2)])
    (found,) = activation_maximization(network, "conv", 1, (3, 2), steps=3, value_range=(0, 255))
    kernel, patch = np.asarray(conv.kernel)[..., 1], found[96:104, 64:72] - 127.5
    assert np.corrcoef(kernel.ravel(), patch.ravel())[0, 1] > 0.5
    assert distances(found[None], 127.5)[0] == pytest.approx(255 / 4 * np.sqrt(224 * 224 * 3), rel=1e-4)


def test_a_layer_without_a_gradient_is_refused():
    inputs = keras.Input((4, 4, 1))
    model = keras.Model(inputs, layers.Dense(2)(layers.Flatten()(ops.round(inputs))))
    name = model.layers[-1].name
    with pytest.raises(ValueError, match="The objective has no gradient .* Received: an objective that"):
        activation_maximization(model, name, **RANGE)


def rectified(bias):
    """A rectifier that responds where the sum of an image's pixels exceeds -bias."""
    dense = layers.Dense(1, "relu", kernel_initializer="ones", bias_initializer=keras.initializers.Constant(bias))
    return keras.Sequential([keras.Input((2, 2, 1)), layers.Flatten(), dense, layers.Dense(2, name="logits")])


@pytest.mark.compiled
def test_a_unit_at_rest_begins_again_elsewhere():
    model = rectified(-0.3)
    name = model.layers[1].name
    seeds = range(4)  # of which some begin at rest
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found = [activation_maximization(model, name, norm=1.0, seed=seed, **RANGE) for seed in seeds]
    told = [
        str(one.message) for one in warned if "1 of 1 images had no gradient where they started" in str(one.message)
    ]
    assert 0 < len(told) < 4
    print({str(one.message) for one in warned})
    np.testing.assert_allclose(np.concatenate(found), 0.5, atol=2e-3)
    never = rectified(-9.0)
    with pytest.warns(UserWarning, match="1 of them found none in 10 starts, and are left where they are"):
        activation_maximization(never, never.layers[1].name, **RANGE)


def test_a_class_model_that_is_at_rest_for_grey_begins_elsewhere():
    with pytest.warns(UserWarning, match="2 of 2 images had no gradient where they started"):
        found = class_model(rectified(0.0), l2=0.5, **RANGE)
    assert (distances(found) > 0).any()


@pytest.mark.compiled
def test_the_class_model_of_a_linear_classifier_has_a_closed_form():
    """S = w x + b: x - m = w / (2 l2), clipped to the range, pixel by pixel."""
    for value_range, l2 in (((-1, 1), 2.0), ((0, 1), 0.3), ((0, 255), 0.01)):
        low, high = value_range
        found = class_model(linear(WEIGHTS, (4, 3, 1)), l2=l2, value_range=value_range)
        expected = np.clip((low + high) / 2 + WEIGHTS.T / (2 * l2), low, high)
        np.testing.assert_allclose(found.reshape(3, 12), expected, atol=2e-3 * (high - low))
    assert ((expected > low) & (expected < high)).any()


@pytest.mark.compiled
@pytest.mark.parametrize("scale", [0.01, 10.0])
def test_the_default_weight_gives_the_same_contrast_whatever_the_scale_of_logits_and_pixels(scale):
    for low, high in ((0, 1), (0, 255)):
        found = class_model(linear(scale * WEIGHTS, (4, 3, 1)), value_range=(low, high)).reshape(3, 12)
        expected = 0.25 * WEIGHTS.T / np.sqrt(np.mean(WEIGHTS.T**2, axis=1, keepdims=True))
        np.testing.assert_allclose((found - low) / (high - low), np.clip(0.5 + expected, 0, 1), atol=5e-3)


@pytest.mark.compiled
def test_class_models_one_by_one_and_by_other_optimizers():
    model = nested()
    together = class_model(model, [2, 0], steps=10, value_range=(0, 1))
    single = [class_model(model, c, steps=10, value_range=(0, 1))[0] for c in (2, 0)]
    np.testing.assert_allclose(together, single, atol=1e-3)
    descent = keras.optimizers.SGD(0.2)
    linear_model = linear(WEIGHTS, (4, 3, 1))
    (found,) = class_model(linear_model, 1, l2=1.0, steps=50, optimizer=descent, jitter=0, **RANGE)
    np.testing.assert_allclose(found.ravel(), np.clip(WEIGHTS[:, 1] / 2, -1, 1), atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": "dep"}, "Unknown layer. Did you mean 'deep'"),
        ({"channel": 5}, "`channel` is not in layer 'deep'. Expected: 0 to 4. Received: channel=5"),
        ({"channel": -1}, "`channel` is not in layer 'deep'. Expected: 0 to 4. Received: channel=-1"),
        ({"channel": 0.5}, "`channel` must be an integer or a sequence of integers"),
        ({"place": (4, 0)}, r"`place` is not in layer 'deep'. Expected: integers from \(0, 0\) to \(3, 2\)"),
        ({"place": 3}, r"`place` is not in layer 'deep'. .* Received: place=3"),
        ({"layer": "logits", "place": (0, 0)}, "`place` is not in layer 'logits'. Expected: None"),
        ({"norm": 7.0}, "`norm` must be at most that of an image of black and white, 6.9"),
        ({"norm": 0}, "`norm` must be a finite number > 0"),
        ({"step_size": 0}, "`step_size` must be a finite number > 0"),
        ({"jitter": 0.5}, "`jitter` must be an integer >= 0"),
        ({"steps": -1}, "`steps` must be an integer >= 0"),
        ({"seed": -1}, "`seed` must be an integer >= 0"),
        ({"value_range": None}, "`value_range` must be given"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        activation_maximization(functional(), **{"layer": "deep", **RANGE, **options})


def test_bad_arguments_of_a_class_model():
    with pytest.raises(ValueError, match="`classes` is not in the model. Expected: 0 to 2. Received: classes=3"):
        class_model(functional(), 3, **RANGE)
    with pytest.raises(ValueError, match="`l2` must be a finite number >= 0"):
        class_model(functional(), l2=-1.0, **RANGE)
    with pytest.raises(ValueError, match="The model must be a classifier"):
        class_model(keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 3)]), **RANGE)
