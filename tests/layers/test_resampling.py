import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import backend
from keras_gen.layers import ICNR, FixedFilter2D, PolyphaseConv2DTranspose, SubPixelConv2D, TiedConv2DTranspose
from keras_gen.layers.resampling import interleaved
from tests.gradients import assert_gradient

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 5, 4, 3)).astype("float32")
SQUARE = [((size, size), (stride, stride)) for size, stride in itertools.product(range(1, 6), range(1, 4))]
OTHER = [((3, 4), (2, 3)), ((5, 2), (1, 3)), ((1, 5), (2, 1))]
KINDS = [PolyphaseConv2DTranspose, SubPixelConv2D]
PADDED = [((3, 4), (2, 3), (1, 2)), ((5, 3), (2, 2), (1, 0)), ((4, 5), (3, 3), (1, 2))]


def pair(*arguments, **options):
    """Keras's layer and the polyphase one, with equal weights."""
    made = keras.layers.Conv2DTranspose(*arguments, **options)
    polyphase = PolyphaseConv2DTranspose.from_config(made.get_config())
    made.build(X.shape)
    polyphase.build(X.shape)
    assert [weight.path.split("/")[-1] for weight in made.weights] == [
        weight.path.split("/")[-1] for weight in polyphase.weights
    ]
    made.set_weights([RNG.normal(size=weight.shape) for weight in made.weights])
    polyphase.set_weights(made.get_weights())
    return made, polyphase


def values_and_gradients(layer, upstream):
    """The layer's values, and the gradients of their weighted sum with respect to the input and the weights."""
    x = ops.convert_to_tensor(X)
    values = layer(x)
    _, gradients = backend.value_and_grad(
        lambda: (ops.sum(upstream(values.shape) * layer(x)), None), [x, *layer.trainable_variables]
    )
    return values, *gradients


def assert_equal(made, polyphase):
    def upstream(shape):
        return np.cos(np.arange(np.prod(shape), dtype="float32")).reshape(shape)

    both = (values_and_gradients(layer, upstream) for layer in (made, polyphase))
    for expected, found in zip(*both, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=3e-5)
    assert polyphase.compute_output_shape(X.shape) == made.compute_output_shape(X.shape)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_polyphase_has_keras_values_and_gradients(padding):
    for kernel_size, strides in SQUARE + OTHER:
        assert_equal(*pair(4, kernel_size, strides, padding, activation="tanh"))
    for kernel_size, strides, output_padding in PADDED:
        assert_equal(*pair(4, kernel_size, strides, padding, output_padding=output_padding, use_bias=False))


@pytest.mark.compiled
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_polyphase_takes_unknown_sizes_in_a_graph(padding):
    made, polyphase = pair(2, (3, 5), (2, 3), padding)
    graph = tf.function(polyphase, input_signature=[tf.TensorSpec((None, None, None, 3))])
    np.testing.assert_allclose(graph(X), made(X), rtol=1e-5, atol=1e-5)


def test_polyphase_takes_the_place_of_keras_layer_and_comes_back(tmp_path):
    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2DTranspose(2, 3, 2, "same")])
    polyphase = keras.models.clone_model(
        model, clone_function=lambda layer: PolyphaseConv2DTranspose.from_config(layer.get_config())
    )
    polyphase.set_weights(model.get_weights())
    np.testing.assert_allclose(polyphase(X), model(X), rtol=1e-5, atol=1e-6)
    polyphase.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert type(again.layers[-1]) is PolyphaseConv2DTranspose
    np.testing.assert_array_equal(again(X), polyphase(X))


def test_polyphase_convolves_at_the_small_size(monkeypatch):
    shapes, convolve = [], ops.conv
    monkeypatch.setattr(
        ops, "conv", lambda x, *others, **options: shapes.append(x.shape) or convolve(x, *others, **options)
    )
    PolyphaseConv2DTranspose(4, 4, 2, "same")(X)
    PolyphaseConv2DTranspose(4, 3, 2, "same")(X)
    PolyphaseConv2DTranspose(4, 5, 2, "same")(X)  # (2, 8, 7, 3) if its phases were not aligned
    assert [tuple(shape) for shape in shapes] == [(2, 7, 6, 3), (2, 6, 5, 3), (2, 7, 6, 3)]


@pytest.mark.parametrize("layer", KINDS)
def test_half_precision(layer):
    made, half = layer(2, 3, 2, padding="same"), layer(2, 3, 2, padding="same", dtype="mixed_bfloat16")
    single = made(X)
    half.build(X.shape)
    half.set_weights(made.get_weights())
    assert half(X).dtype == "bfloat16"
    np.testing.assert_allclose(ops.cast(half(X), "float32"), single, atol=0.05)


def test_channels_are_the_last_axis_whatever_keras_assumes_elsewhere():
    keras.config.set_image_data_format("channels_first")
    try:
        convolution = keras.layers.Conv2D(2, 3, 2, "same", data_format="channels_last")
        convolution.build((None, 4, 6, 3))
        tied = TiedConv2DTranspose(convolution, 3, 2)
        layers = [
            FixedFilter2D("box", "same"),
            *(layer(2, 3, 2, "same", data_format="channels_last") for layer in KINDS),
        ]
        assert [layer(X).shape for layer in layers] == [X.shape, (2, 10, 8, 2), (2, 10, 8, 2)]
        assert tied(X[..., :2]).shape == (2, 10, 8, 3)
    finally:
        keras.config.set_image_data_format("channels_last")


def test_interleaved_phases_are_every_other_row_and_column():
    phases = RNG.normal(size=(2, 3, 4, 2, 3, 5)).astype("float32")
    images = np.asarray(interleaved(phases.reshape(2, 3, 4, 30), (2, 3)))
    assert images.shape == (2, 6, 12, 5)
    for row, column in itertools.product(range(2), range(3)):
        np.testing.assert_array_equal(images[:, row::2, column::3], phases[:, :, :, row, column])


def test_sub_pixel_convolution_is_one_convolution_for_each_phase():
    layer = SubPixelConv2D(4, 3, 2, kernel_initializer="glorot_uniform", activation="softmax")
    layer.build(X.shape)
    kernel, bias = (RNG.normal(size=weight.shape).astype("float32") for weight in layer.weights)
    layer.set_weights([kernel, bias])
    images = np.asarray(layer(X))
    for number, (row, column) in enumerate(itertools.product(range(2), repeat=2)):
        part = slice(4 * number, 4 * number + 4)
        phase = keras.ops.softmax(ops.conv(X, kernel[..., part], padding="same") + bias[part])
        np.testing.assert_allclose(images[:, row::2, column::2], phase, rtol=1e-5, atol=1e-6)


def test_a_transposed_convolution_is_a_sub_pixel_one():
    """With a kernel of twice the stride: the kernel of phase (a, b) is every other row and column of the other's."""
    transposed = keras.layers.Conv2DTranspose(2, 4, 2, "valid", use_bias=False)
    expected = np.asarray(transposed(X))
    kernel = transposed.get_weights()[0].reshape(2, 2, 2, 2, 2, 3)[::-1, :, ::-1]  # (m, a, n, b, filters, channels)
    layer = SubPixelConv2D(2, 2, 2, "valid", use_bias=False)
    layer.build(X.shape)
    layer.set_weights([kernel.transpose(0, 2, 5, 1, 3, 4).reshape(2, 2, 3, 8)])
    np.testing.assert_allclose(layer(X), expected[:, 2:-2, 2:-2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_all_phases_begin_alike_and_train_apart(scale):
    layer = SubPixelConv2D(2, 3, scale, bias_initializer="ones")
    images = np.asarray(layer(X))
    assert images.shape == layer.compute_output_shape(X.shape) == (2, 5 * scale, 4 * scale, 2)
    np.testing.assert_array_equal(images, images[:, ::scale, ::scale].repeat(scale, 1).repeat(scale, 2))
    assert images.std() > 0.1
    weights = RNG.normal(size=images.shape).astype("float32")
    _, (gradient, _) = backend.value_and_grad(lambda: (ops.sum(weights * layer(X)), None), layer.trainable_variables)
    phases = np.asarray(gradient).reshape(-1, scale**2, 2)
    assert scale == 1 or np.ptp(phases, axis=1).min() > 0


def test_icnr_draws_one_phase_with_the_variance_of_its_own_size():
    initializer = keras.initializers.RandomNormal(stddev=0.02, seed=3)
    kernel = np.asarray(ICNR(2, initializer)((3, 3, 8, 4 * 16)))
    np.testing.assert_array_equal(kernel[..., 16:], np.tile(kernel[..., :16], 3))
    assert kernel.std() == pytest.approx(0.02, rel=0.05)
    glorot = np.asarray(ICNR(2)((3, 3, 8, 4 * 16)))
    assert glorot.std() == pytest.approx(np.sqrt(2 / (9 * 8 + 9 * 16)), rel=0.05)
    again = keras.initializers.deserialize(keras.initializers.serialize(ICNR(2, initializer)))
    np.testing.assert_array_equal(again((3, 3, 8, 64)), kernel)


def test_sub_pixel_convolution_comes_back(tmp_path):
    x = keras.Input((None, None, 3))
    model = keras.Model(x, SubPixelConv2D(2, (3, 5), 3, activation="tanh")(x))
    assert model.output_shape == (None, None, None, 2)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(X), model(X))
    clone = keras.models.clone_model(model)
    assert clone.layers[-1].get_config() == model.layers[-1].get_config()
    assert clone(X).shape == (2, 15, 12, 2)


@pytest.mark.parametrize("layer", KINDS)
def test_gradients_are_finite_differences(layer):
    assert_gradient(layer(2, 3, 2, padding="same", activation="tanh"), X)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PolyphaseConv2DTranspose(2, 3, dilation_rate=2), r"`dilation_rate` must be 1. Received: .*\(2, 2\)"),
        (lambda: PolyphaseConv2DTranspose(2, 3, data_format="channels_first"), "`data_format` must be 'channels_last'"),
        (lambda: SubPixelConv2D(2, 3, data_format="channels_first"), "`data_format` must be 'channels_last'"),
        (lambda: SubPixelConv2D(2, 3, scale=0), "`scale` must be an integer >= 1. Received: scale=0"),
        (lambda: SubPixelConv2D(0, 3), "`filters` must be an integer >= 1. Received: filters=0"),
        (lambda: ICNR(1.5), "`scale` must be an integer >= 1"),
        (lambda: ICNR(2)((3, 3, 1, 6)), "must be a multiple of 4, the phases of scale 2. Received: 6"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
