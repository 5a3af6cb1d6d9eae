import keras
import numpy as np
import pytest
from keras import layers

from keras_gen.input_optimization.visualization import invert
from tests.input_optimization.visualization.networks import classifier, functional, linear, nested

IMAGES = np.random.default_rng(0).random((2, 8, 6, 1)).astype("float32")
RANGE = {"value_range": (0, 1)}
pytestmark = pytest.mark.compiled


def identity():
    return keras.Sequential([keras.Input((8, 6, 1)), layers.Activation("linear", name="same")])


def test_a_layer_that_keeps_all_gives_the_image_back():
    found = invert(identity(), IMAGES, "same", l2=0.0, total_variation=0.0, **RANGE)
    np.testing.assert_allclose(found.images, IMAGES, atol=1e-3)
    assert (found.distances < 1e-3).all()
    found = invert(identity(), 255 * IMAGES, "same", 0.0, 0.0, value_range=(0, 255), preprocess=lambda x: x / 127.5 - 1)
    np.testing.assert_allclose(found.images, 255 * IMAGES, atol=0.3)


def test_the_inversion_of_a_linear_layer_is_a_ridge_regression():
    """Phi(x) = W^T x: with e = x - m, min |W^T (e - e0)|^2 / |Phi(x0)|^2 + l2 |e|^2 / (N r^2)."""
    weights, (low, high), l2 = np.random.default_rng(1).normal(size=(48, 5)).astype("float32"), (-1, 2), 0.5
    found = invert(linear(weights, (8, 6, 1)), IMAGES, "logits", l2, total_variation=0.0, value_range=(low, high))
    for image, x0 in zip(found.images, IMAGES, strict=True):
        gram = weights @ weights.T / np.sum((weights.T @ x0.ravel()) ** 2)
        ridge = l2 / (48 * ((high - low) / 2) ** 2) * np.eye(48)
        expected = 0.5 + np.linalg.solve(gram + ridge, gram @ (x0.ravel() - 0.5))
        np.testing.assert_allclose(image.ravel(), expected, atol=0.01)


def test_regularisers_make_images_smoother_and_greyer():
    def roughness(images):
        return np.abs(np.diff(images, axis=1)).sum()

    plain, smooth, grey = (
        invert(identity(), IMAGES, "same", *weights, **RANGE).images for weights in ((0, 0), (0, 1.0), (10.0, 0))
    )
    assert roughness(smooth) < 0.5 * roughness(plain)
    assert np.abs(grey - 0.5).max() < 0.5 * np.abs(plain - 0.5).max()
    # min |x - x0|^2 / |x0|^2 + l2 mean d^2, with d = 2 x - 1: by hand, pixel by pixel
    (x0,), norm = IMAGES[:1], np.sum(IMAGES[0] ** 2)
    expected = (x0 / norm + 10 * 2 / 48) / (1 / norm + 10 * 4 / 48)
    np.testing.assert_allclose(grey[0], expected, atol=1e-3)


@pytest.mark.parametrize(("make", "layer"), [(functional, "deep"), (nested, "inner/conv"), (classifier, "pool")])
def test_codes_come_nearer_one_by_one_and_again(make, layer):
    model, options = make(), {"l2": 0.0, "total_variation": 0.0, "value_range": (0, 1), "steps": 12}
    start = invert(model, IMAGES, layer, **{**options, "steps": 0})
    together = invert(model, IMAGES, layer, **options)
    assert (together.distances < 0.5 * start.distances).all()
    single = [invert(model, IMAGES[i : i + 1], layer, batch_size=1, **options) for i in range(2)]
    np.testing.assert_allclose(together.distances, np.concatenate([one.distances for one in single]), rtol=0.1)
    np.testing.assert_array_equal(together.images, invert(model, IMAGES, layer, **options).images)
    assert (together.images != invert(model, IMAGES, layer, seed=1, **options).images).any()


def test_distances_are_those_of_the_codes():
    model = functional()
    found = invert(model, IMAGES, "logits", steps=2, optimizer=keras.optimizers.Adam(0.05), **RANGE)
    codes, targets = np.asarray(model(found.images)), np.asarray(model(IMAGES))
    expected = np.linalg.norm(codes - targets, axis=1) / np.linalg.norm(targets, axis=1)
    np.testing.assert_allclose(found.distances, expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": "dep"}, "Unknown layer. Did you mean 'deep'"),
        ({"l2": -1}, "`l2` must be a finite number >= 0"),
        ({"total_variation": -1}, "`total_variation` must be a finite number >= 0"),
        ({"steps": 0.5}, "`steps` must be an integer >= 0"),
        ({"images": IMAGES[0]}, "`images` does not fit the network. .* It has no batch axis"),
        ({"images": 2 * IMAGES}, "`images` is out of range"),
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        invert(functional(), **{"images": IMAGES, "layer": "deep", **RANGE, **options})


def test_a_code_of_0_is_refused():
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(1, 1, use_bias=False, name="conv")])
    with pytest.raises(ValueError, match="An image whose code is 0 .* Received: codes of 0 for images 0"):
        invert(model, np.zeros((1, 4, 4, 1)), "conv", **RANGE)
