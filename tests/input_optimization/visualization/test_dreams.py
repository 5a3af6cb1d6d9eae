import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.input_optimization.visualization import deep_dream, feature_maps
from tests.input_optimization.visualization.networks import classifier, functional, linear, nested

IMAGES = (0.3 + 0.4 * np.random.default_rng(0).random((2, 16, 12, 1))).astype("float32")
RANGE = {"value_range": (0, 1)}
WEIGHTS = np.random.default_rng(1).normal(size=(192, 2)).astype("float32")
ONE_SIZE = {"octaves": 1, "jitter": 0}


@pytest.mark.parametrize("what", [{"layer": "logits", "channel": 1}, {"classes": 1}])
def test_a_dream_of_a_linear_layer_moves_along_its_weights(what):
    found = deep_dream(linear(WEIGHTS, (16, 12, 1)), IMAGES, steps=5, step_size=0.01, **what, **ONE_SIZE, **RANGE)
    expected = 5 * 0.01 * WEIGHTS[:, 1] / np.sqrt(np.mean(WEIGHTS[:, 1] ** 2))
    np.testing.assert_allclose((found - IMAGES).reshape(2, 192), np.stack([expected, expected]), atol=1e-4)


def test_a_dream_of_a_whole_layer_follows_the_gradient_of_its_squares():
    model = linear(WEIGHTS, (16, 12, 1))
    found = deep_dream(model, IMAGES, "logits", steps=1, **ONE_SIZE, **RANGE) - IMAGES
    for change, logits in zip(found.reshape(2, 192), np.asarray(model(IMAGES)), strict=True):
        gradient = WEIGHTS @ logits
        np.testing.assert_allclose(change, 0.01 * gradient / np.sqrt(np.mean(gradient**2)), atol=1e-5)


def test_what_an_octave_has_changed_is_kept_in_the_next():
    """Constant weights change all pixels alike, by `step_size` in each step of each octave."""
    model = linear(np.ones((192, 2), "float32"), (16, 12, 1))
    found = deep_dream(model, IMAGES, classes=1, octaves=2, steps=3, step_size=0.01, jitter=0, **RANGE)
    np.testing.assert_allclose(found, IMAGES + 2 * 3 * 0.01, atol=6e-3)


def test_steps_are_shares_of_the_range():
    model, options = linear(WEIGHTS, (16, 12, 1)), {"classes": 1, "steps": 2, **ONE_SIZE}
    other = deep_dream(model, 4 * IMAGES - 1, value_range=(-1, 3), preprocess=lambda x: (x + 1) / 4, **options)
    np.testing.assert_allclose(other, 4 * deep_dream(model, IMAGES, **RANGE, **options) - 1, atol=1e-4)


@pytest.mark.compiled
@pytest.mark.parametrize(("make", "layer"), [(functional, "deep"), (nested, "inner/deep"), (classifier, "conv")])
def test_octaves_raise_the_activation_within_the_range(make, layer):
    model = make((16, 12, 1))
    found = deep_dream(model, IMAGES, layer, 1, octaves=2, steps=4, step_size=0.05, **RANGE)
    assert found.min() >= 0 and found.max() <= 1

    def mean(images):
        return feature_maps(model, images, layer, (0, 1))[layer][..., 1].mean(axis=(1, 2))

    assert (mean(found) > mean(IMAGES)).all()


@pytest.mark.compiled
def test_one_by_one_again_and_by_seed():
    model, options = functional((16, 12, 1)), {"steps": 2, "octaves": 2, "jitter": 2, **RANGE}
    together = deep_dream(model, IMAGES, "deep", **options)
    single = [deep_dream(model, IMAGES[i : i + 1], "deep", **options)[0] for i in range(2)]
    np.testing.assert_allclose(together, single, atol=1e-5)
    np.testing.assert_array_equal(together, deep_dream(model, IMAGES, "deep", **options))
    assert (together != deep_dream(model, IMAGES, "deep", seed=1, **options)).any()


def test_without_steps_an_image_stays_as_it_is():
    np.testing.assert_array_equal(deep_dream(functional((16, 12, 1)), IMAGES, "deep", steps=0, **RANGE), IMAGES)


def test_networks_of_any_size_see_each_octave_in_its_size():
    seen = []

    def preprocess(images):
        seen.append(tuple(images.shape[1:3]))
        return images

    network = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(2, 3, name="conv")])
    deep_dream(network, IMAGES, "conv", octaves=3, octave_scale=1.5, steps=1, preprocess=preprocess, **RANGE)
    assert list(dict.fromkeys(seen[1:])) == [(7, 5), (11, 8), (16, 12)]
    seen.clear()
    fixed = keras.Sequential([keras.Input((16, 12, 1)), layers.Conv2D(2, 3, name="conv")])
    deep_dream(fixed, IMAGES, "conv", octaves=2, steps=1, preprocess=preprocess, **RANGE)
    assert set(seen) == {(16, 12)}


def test_a_class_may_be_given_for_each_image():
    found = deep_dream(linear(WEIGHTS, (16, 12, 1)), IMAGES, classes=[1, 0], steps=1, **ONE_SIZE, **RANGE) - IMAGES
    assert [np.corrcoef(change.ravel(), WEIGHTS[:, c])[0, 1] > 0.99 for change, c in zip(found, [1, 0], strict=True)]


def test_an_image_at_rest_begins_again_with_noise():
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, layers.ReLU(name="edges")(inputs - ops.roll(inputs, 1, axis=1)))
    flat = np.full((1, 8, 8, 1), 0.5)
    with pytest.warns(UserWarning, match="1 of 1 images had no gradient where they started"):
        found = deep_dream(model, flat, "edges", steps=3, **ONE_SIZE, **RANGE)
    assert found.std() > 0.03


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": "dep"}, "Unknown layer. Did you mean 'deep'"),
        ({"channel": 5}, "`channel` is not in layer 'deep'. Expected: 0 to 4"),
        ({"classes": 1}, "A dream is of a layer, .* Received: layer='deep', channel=None, classes=1"),
        ({"layer": None}, "A dream is of a layer, .* Received: layer=None, channel=None, classes=None"),
        ({"layer": None, "classes": 1, "channel": 0}, "A dream is of a layer"),
        ({"layer": None, "classes": 3}, "`classes` is not in the model"),
        ({"octaves": 0}, "`octaves` must be an integer >= 1"),
        ({"octaves": 9}, "The smallest octave must have sides of 2 pixels or more. .* make 16x12 into 1x1"),
        ({"octave_scale": 1.0}, "`octave_scale` must be a number > 1. Received: octave_scale=1.0"),
        ({"step_size": 0.0}, "`step_size` must be a finite number > 0"),
        ({"jitter": -1}, "`jitter` must be an integer >= 0"),
        ({"steps": None}, "`steps` must be an integer >= 0"),
        ({"images": IMAGES * 255}, "`images` is out of range"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        deep_dream(functional((16, 12, 1)), **{"images": IMAGES, "layer": "deep", **RANGE, **options})
