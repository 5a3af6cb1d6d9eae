import math

import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 5, 7, 4)).astype("float32")


def dense(**options):
    return layers.EqualizedDense(3, **options)


def convolution(**options):
    return layers.EqualizedConv2D(3, (2, 3), strides=(1, 2), padding="same", **options)


MAKERS = {"dense": dense, "convolution": convolution}
FAN_IN = {"dense": 4, "convolution": 2 * 3 * 4}


def plain(made):
    """Keras's layer with the scaled kernel."""
    config = {name: value for name, value in made.get_config().items() if name != "gain"}
    base = keras.layers.Dense if isinstance(made, keras.layers.Dense) else keras.layers.Conv2D
    layer = base.from_config(config)
    layer.build(X.shape)
    layer.set_weights([made.scale * np.array(made.kernel), *([np.array(made.bias)] if made.use_bias else [])])
    return layer


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("options", [{}, {"gain": 1.0, "use_bias": False, "activation": "tanh"}])
def test_it_is_keras_layer_with_a_scaled_kernel(kind, options):
    made = MAKERS[kind](bias_initializer="normal", **options)
    made.build(X.shape)
    assert made.scale == pytest.approx(options.get("gain", math.sqrt(2)) / math.sqrt(FAN_IN[kind]))
    np.testing.assert_allclose(made(X), plain(made)(X), rtol=1e-5, atol=1e-6)
    assert made.compute_output_shape(X.shape) == made(X).shape


@pytest.mark.parametrize("kind", MAKERS)
def test_the_gradient_of_the_weights_is_that_of_the_scaled_kernel_times_the_scale(kind):
    made = MAKERS[kind]()
    made.build(X.shape)
    other, x = plain(made), ops.convert_to_tensor(X)

    def gradients(layer):
        return backend.value_and_grad(lambda: (ops.sum(ops.square(layer(x))), None), layer.trainable_variables)[1]

    (kernel, bias), (expected, expected_bias) = gradients(made), gradients(other)
    np.testing.assert_allclose(kernel, made.scale * np.array(expected), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(bias, expected_bias, rtol=1e-4)


def test_rectified_layers_keep_the_mean_square_whatever_their_width():
    """He's law: 30 layers change it by a small factor, where N(0, 1) weights would change it by 10^50."""
    hidden = ops.convert_to_tensor(RNG.normal(size=(512, 128)).astype("float32"))
    for number in range(30):
        hidden = layers.EqualizedDense((128, 512, 64)[number % 3], activation="relu")(hidden)
    assert 0.1 < float(ops.mean(ops.square(hidden))) < 10
    linear = layers.EqualizedConv2D(64, 3, gain=1)(RNG.normal(size=(8, 16, 16, 32)).astype("float32"))
    assert float(ops.std(linear)) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize(("width", "kernel"), [(4, 1), (64, 3)])
def test_adams_first_step_moves_the_effective_weights_by_the_rate_times_the_scale(width, kernel):
    layer = layers.EqualizedConv2D(2, kernel, use_bias=False)
    x = ops.convert_to_tensor(RNG.normal(size=(2, 5, 5, width)).astype("float32"))
    layer.build(x.shape)
    before, optimizer = layer.scale * np.array(layer.kernel), keras.optimizers.Adam(1e-2, epsilon=1e-12)
    _, gradients = backend.value_and_grad(lambda: (ops.sum(ops.square(layer(x))), None), layer.trainable_variables)
    optimizer.apply(gradients, layer.trainable_variables)
    moved = np.abs(layer.scale * np.array(layer.kernel) - before)
    np.testing.assert_allclose(moved, 1e-2 * math.sqrt(2 / (kernel * kernel * width)), rtol=1e-3)


@pytest.mark.parametrize("kind", MAKERS)
def test_half_precision_keeps_the_weights_in_single(kind):
    made = MAKERS[kind](dtype="mixed_bfloat16")
    found = made(X)
    assert found.dtype == "bfloat16" and made.kernel.dtype == "float32"
    np.testing.assert_allclose(ops.cast(found, "float32"), plain(made)(X), atol=0.2)


def test_they_come_back_with_the_file_of_a_functional_model(tmp_path):
    inputs = keras.Input((6, 6, 2))
    hidden = keras.layers.Flatten()(layers.EqualizedConv2D(3, 3, gain=0.5)(inputs))
    model = keras.Model(inputs, layers.EqualizedDense(2, gain=2, use_bias=False)(hidden))
    model.save(tmp_path / "model.keras")
    again, x = keras.models.load_model(tmp_path / "model.keras"), RNG.normal(size=(2, 6, 6, 2)).astype("float32")
    np.testing.assert_array_equal(again(x), model(x))
    assert [layer.gain for layer in again.layers if hasattr(layer, "gain")] == [0.5, 2.0]


def test_every_layer_draws_its_own_weights():
    first, second = (dense() for _ in range(2))
    for layer in (first, second):
        layer.build((None, 500))
    assert not np.array_equal(first.kernel, second.kernel)
    assert np.std(first.kernel) == pytest.approx(1, rel=0.1)


def test_bad_input():
    with pytest.raises(ValueError, match="`gain` must be a finite number > 0. Received: gain=0"):
        layers.EqualizedDense(2, gain=0)
    built = dense()
    built.build((None, 4))
    with pytest.raises(NotImplementedError, match="EqualizedDense cannot be quantized"):
        built.quantize("int8")
