import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gen.input_optimization.visualization import grad_cam, saliency
from tests.input_optimization.visualization.networks import classifier, functional, linear, nested

IMAGES = np.random.default_rng(0).random((3, 8, 6, 1)).astype("float32")
RANGE = {"value_range": (0, 1)}


def logits_of(model):
    """The logits of a model of this file's networks, by hand."""
    network = getattr(model, "network", model)
    front = keras.Model(network.inputs[0], network.get_layer("logits").input)
    dense = network.get_layer("logits")
    return lambda x: np.asarray(ops.matmul(front(ops.convert_to_tensor(x, "float32")), dense.kernel) + dense.bias)


@pytest.mark.parametrize("make", [functional, nested, classifier])
def test_a_saliency_is_that_of_finite_differences(make):
    model, step = make(), 1e-2
    logits = logits_of(model)
    found = saliency(model, IMAGES, [2, 0, 1], **RANGE)
    for image, c, map_ in zip(IMAGES, [2, 0, 1], found, strict=True):
        moves = np.eye(48, dtype="float32").reshape(48, 8, 6, 1) * step
        differences = (logits(image + moves) - logits(image - moves))[:, c] / (2 * step)
        np.testing.assert_allclose(map_, np.abs(differences).reshape(8, 6), rtol=0.02, atol=2e-4)


def test_colours_take_the_largest_and_vectors_their_own():
    weights = np.random.default_rng(1).normal(size=(4 * 4 * 3, 2)).astype("float32")
    found = saliency(linear(weights, (4, 4, 3)), np.ones((1, 4, 4, 3)), 1, **RANGE)
    np.testing.assert_allclose(found[0], np.abs(weights[:, 1]).reshape(4, 4, 3).max(axis=-1), rtol=1e-5)
    np.testing.assert_allclose(
        saliency(linear(weights, (48,)), np.ones((1, 48)), 0, **RANGE)[0], np.abs(weights[:, 0]), rtol=1e-5
    )


def test_the_class_is_by_default_the_predicted_one():
    model = functional()
    predicted = np.asarray(model(IMAGES)).argmax(axis=1)
    np.testing.assert_array_equal(saliency(model, IMAGES, **RANGE), saliency(model, IMAGES, predicted, **RANGE))
    np.testing.assert_array_equal(grad_cam(model, IMAGES, **RANGE), grad_cam(model, IMAGES, predicted, "deep", **RANGE))


@pytest.mark.compiled
def test_smooth_saliencies_are_means_over_noise():
    """Of a logit x^2 with noise of deviation s, the mean derivative is near 2x; a mean of |2x| is not."""
    inputs = keras.Input((1,))
    model = keras.Model(inputs, layers.Concatenate()([inputs**2, 0 * inputs]))
    found = saliency(model, [[0.1], [0.9]], 0, samples=100, noise=0.5, **RANGE)
    np.testing.assert_allclose(found, [[0.2], [1.8]], atol=0.25)
    again = saliency(model, [[0.1], [0.9]], 0, samples=100, noise=0.5, **RANGE)
    np.testing.assert_array_equal(found, again)
    assert (saliency(model, [[0.1], [0.9]], 0, samples=100, noise=0.5, seed=1, **RANGE) != found).all()
    plain = saliency(model, [[0.1], [0.9]], 0, **RANGE)
    np.testing.assert_allclose(saliency(model, [[0.1], [0.9]], 0, samples=2, noise=0.0, **RANGE), plain, rtol=1e-6)


def test_batches_give_what_single_images_give():
    model = nested()
    for explain in (saliency, lambda *args, **options: saliency(*args, samples=2, **options), grad_cam):
        together = explain(model, IMAGES, [0, 1, 2], batch_size=2, **RANGE)
        single = [explain(model, IMAGES[i : i + 1], i, **RANGE)[0] for i in range(3)]
        np.testing.assert_allclose(together, single, atol=1e-6)


def test_preprocessing_is_part_of_the_gradient():
    model = functional()
    scaled = saliency(model, 255 * IMAGES, 0, value_range=(0, 255), preprocess=lambda x: x / 255)
    np.testing.assert_allclose(scaled, saliency(model, IMAGES, 0, **RANGE) / 255, rtol=1e-5)
    smooth = saliency(model, 255 * IMAGES, 0, samples=2, value_range=(0, 255), preprocess=lambda x: x / 255)
    np.testing.assert_allclose(255 * smooth, saliency(model, IMAGES, 0, samples=2, **RANGE), rtol=1e-3, atol=1e-5)


def test_maps_are_enlarged_by_bilinear_interpolation():
    conv = layers.Conv2D(1, 2, 2, use_bias=False, kernel_initializer="ones", name="conv")
    model = keras.Sequential([keras.Input((4, 4, 1)), conv, layers.GlobalAveragePooling2D(), layers.Dense(2)])
    model.layers[-1].set_weights([np.array([[4.0, 0.0]]), np.zeros(2)])
    image = np.zeros((1, 4, 4, 1))
    image[0, :, 2:] = 0.25  # a map of 0 and 1, of weight 1
    np.testing.assert_allclose(grad_cam(model, image, 0, **RANGE)[0], [[0, 0.25, 0.75, 1]] * 4, atol=1e-6)


def test_grad_cam_against_a_hand_computed_example():
    """Two maps, x and 1 - x, whose means have the logits' weights: the mean gradients are weights / positions."""
    conv = layers.Conv2D(2, 1, name="conv")
    model = keras.Sequential([keras.Input((2, 2, 1)), conv, layers.GlobalAveragePooling2D(), layers.Dense(2)])
    conv.set_weights([np.array([[[[1.0, -1.0]]]]), np.array([0.0, 1.0])])
    model.layers[-1].set_weights([np.array([[4.0, -4.0], [-8.0, 4.0]]), np.zeros(2)])
    image = np.array([[[0.0], [0.5]], [[1.0], [0.25]]])
    # class 0: relu(4 / 4 x - 8 / 4 (1 - x)) = relu(3 x - 2); class 1: relu(-x + (1 - x)) = relu(1 - 2 x)
    found = grad_cam(model, [image, image], [0, 1], "conv", **RANGE)
    np.testing.assert_allclose(found[0], np.maximum(0, 3 * image[..., 0] - 2), atol=1e-6)
    np.testing.assert_allclose(found[1], np.maximum(0, 1 - 2 * image[..., 0]), atol=1e-6)


@pytest.mark.parametrize(("make", "layer"), [(functional, "deep"), (nested, "inner/deep"), (classifier, "conv")])
def test_grad_cam_weighs_maps_by_finite_differences(make, layer):
    """The layer's output is replaced by hand: a shift of one map changes the logit as the sum of its gradient says."""
    model = make()
    network, step = getattr(model, "network", model), 1e-2
    inner = network.get_layer("inner") if "/" in layer else network
    conv = inner.get_layer(layer.rpartition("/")[2])
    maps = np.asarray(keras.Model(inner.inputs[0], conv.output)(IMAGES[:1]))[0]
    bias, weights = np.array(conv.bias), []
    assert conv.activation.__name__ in ("softplus", "tanh")
    for k in range(maps.shape[-1]):
        ends = []
        for sign in (1, -1):
            shift = layers.Lambda(lambda a, k=k, sign=sign: a + sign * step * ops.one_hot([k], maps.shape[-1])[0])
            conv.activation, kept = (lambda a, kept=conv.activation, shift=shift: shift(kept(a))), conv.activation
            ends.append(logits_of(model)(IMAGES[:1])[0, 1])
            conv.activation = kept
        weights.append((ends[0] - ends[1]) / (2 * step) / maps[..., 0].size)
    np.testing.assert_array_equal(conv.bias, bias)
    expected = np.maximum(0, maps @ np.array(weights))
    expected = np.asarray(ops.image.resize(expected[None, ..., None], (8, 6), "bilinear"))[0, ..., 0]
    np.testing.assert_allclose(grad_cam(model, IMAGES[:1], 1, layer, **RANGE)[0], expected, rtol=0.05, atol=2e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": "dep"}, "Unknown layer. Did you mean 'deep'"),
        ({"layer": "logits"}, "Layer 'logits' has no maps. Expected: outputs .* Received: shape"),
        ({"classes": 3}, "`classes` is not in the model. Expected: 0 to 2. Received: classes=3"),
        ({"classes": [0, 1]}, "`classes` must be one for each image, or one for all. Expected: 3. Received: 2"),
        ({"classes": np.eye(3)}, "`classes` must be an integer or a sequence of integers"),
        ({"images": 2 * IMAGES}, "`images` is out of range"),
        ({"value_range": None}, "`value_range` must be given"),
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1"),
    ],
)
def test_bad_arguments(options, message):
    options = {"images": IMAGES, **RANGE, **options}
    with pytest.raises(ValueError, match=message):
        grad_cam(functional(), **options)
    if "layer" not in options:
        with pytest.raises(ValueError, match=message):
            saliency(functional(), **options)


def test_logits_without_a_gradient_are_refused():
    inputs = keras.Input((2, 2, 1))
    steps = layers.Flatten()(ops.sign(layers.Conv2D(1, 1, name="conv")(inputs)))
    model = keras.Model(inputs, ops.sign(layers.Dense(2)(ops.round(steps))))
    for explain in (saliency, grad_cam):
        with pytest.raises(ValueError, match="The logits do not depend on .* Received: no gradient"):
            explain(model, np.ones((1, 2, 2, 1)), 0, **RANGE)
