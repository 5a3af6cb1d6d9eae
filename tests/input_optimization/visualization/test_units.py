"""What all visualisations share: networks of images of any size, of any precision, and with layers that train."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_gen.input_optimization import adversarial
from keras_gen.input_optimization.visualization import (
    activation_maximization,
    class_model,
    deep_dream,
    feature_maps,
    grad_cam,
    invert,
    saliency,
)

RANGE = {"value_range": (0, 1)}
STEPS = {"steps": 2, **RANGE}
CALLS = {
    "feature_maps": lambda model, x: feature_maps(model, x, "last", **RANGE)["last"],
    "saliency": lambda model, x: saliency(model, x, 0, **RANGE),
    "grad_cam": lambda model, x: grad_cam(model, x, 0, **RANGE),
    "activation_maximization": lambda model, x: activation_maximization(
        model, "conv", 0, norm=0.5, jitter=1, shape=x.shape[1:], **STEPS
    ),
    "class_model": lambda model, x: class_model(model, 0, shape=x.shape[1:], **STEPS),
    "invert": lambda model, x: invert(model, x, "last", **STEPS).images,
    "dream of a layer": lambda model, x: deep_dream(model, x, "conv", octaves=1, **STEPS),
    "dream of a class": lambda model, x: deep_dream(model, x, classes=0, octaves=1, **STEPS),
    "fgsm": lambda model, x: adversarial.fgsm(model, x, [0] * len(x), **RANGE),
}


def network(*behind, sides=None, dtype=None, first=3):
    parts = [layers.Conv2D(2, first, activation="tanh", name="conv", dtype=dtype), *behind]
    parts += [layers.Activation("linear", name="last", dtype=dtype)]
    parts += [layers.GlobalAveragePooling2D(dtype=dtype), layers.Dense(2, dtype=dtype)]
    return keras.Sequential([keras.Input((sides, sides, 1)), *parts])


def images(*sides):
    return np.random.default_rng(0).random((2, *sides, 1)).astype("float32")


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["grad_cam", "invert", "activation_maximization"])
def test_networks_of_images_of_any_size_take_one_size_after_another(name):
    model = network()
    found = [CALLS[name](model, images(*sides)) for sides in ((8, 8), (6, 7))]
    fresh = network()
    fresh.set_weights(model.get_weights())
    np.testing.assert_allclose(found[1], CALLS[name](fresh, images(6, 7)), atol=1e-5)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_images_that_are_too_small_for_the_network(call):
    with pytest.raises(ValueError, match=r"cannot take images of that size. Expected: larger ones. .* \(2, 2, 1\)"):
        call(network(), images(2, 2))


def test_the_smallest_octave_may_be_too_small():
    with pytest.raises(ValueError, match=r"Expected: larger ones. Received: shape \(4, 4, 1\)"):
        deep_dream(network(first=5), images(8, 8), "conv", octaves=2, octave_scale=2.0, steps=1, **RANGE)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_layers_that_differ_in_training_are_as_in_inference(call):
    """A batch normalisation of given statistics is an affine map, and dropout nothing."""
    norm = layers.BatchNormalization(epsilon=0.0)
    model = network(norm, layers.Dropout(0.5), sides=6)
    mean, variance = np.float32([0.3, -0.2]), np.float32([4.0, 0.25])
    norm.set_weights([np.ones(2, "float32"), np.zeros(2, "float32"), mean, variance])
    plain = network(layers.Rescaling(1 / np.sqrt(variance), -mean / np.sqrt(variance)), sides=6)
    plain.set_weights([*model.layers[0].get_weights(), *model.layers[-1].get_weights()])
    np.testing.assert_allclose(call(model, images(6, 6)), call(plain, images(6, 6)), atol=1e-5)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_results_of_networks_of_half_precision_are_float32(dtype):
    model = network(sides=6, dtype=dtype)
    for call in CALLS.values():
        found = call(model, images(6, 6))
        assert found.dtype == "float32" and np.isfinite(found).all()
    big = keras.Sequential([keras.Input((6, 6, 1)), layers.Rescaling(300.0, dtype=dtype, name="big")])
    assert np.isfinite(invert(big, images(6, 6), "big", **STEPS).distances).all()


def test_a_class_takes_a_channel_for_each_image_or_one_for_all():
    with pytest.raises(ValueError, match="`channel` must be one for each image, or one for all. Expected: 1. .*: 2"):
        deep_dream(network(), images(8, 8)[:1], "conv", channel=[0, 1], **RANGE)


def test_grad_cam_needs_maps():
    model = keras.Sequential([keras.Input((2, 2, 1)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match="The model has no layer with maps"):
        grad_cam(model, images(2, 2), **RANGE)
