import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, layers, networks
from tests.gradients import assert_gradient

DENSE = keras.layers.Dense(3, name="below")
DENSE.build((None, 5))
CONVOLUTION = keras.layers.Conv2D(4, 3, strides=2, padding="same", name="convolution")
CONVOLUTION.build((None, 8, 8, 2))


def test_dense_is_the_transpose():
    tied = layers.TiedDense(DENSE, 5, use_bias=False)
    x, y = np.random.default_rng(0).random((2, 1, 5)).astype("float32"), None
    y = np.random.default_rng(1).random((1, 3)).astype("float32")
    linear = x[0] @ DENSE.get_weights()[0]
    np.testing.assert_allclose(np.sum(linear * y), np.sum(x[0] * np.asarray(tied(y))), rtol=1e-5)  # <Wx, y> = <x, W'y>


def test_convolution_is_the_transpose():
    tied = layers.TiedConv2DTranspose(CONVOLUTION, 2, strides=2, use_bias=False)
    x = np.random.default_rng(0).random((1, 8, 8, 2)).astype("float32")
    y = np.random.default_rng(1).random((1, 4, 4, 4)).astype("float32")
    np.testing.assert_allclose(np.sum(CONVOLUTION(x) * y), np.sum(x * np.asarray(tied(y))), rtol=1e-4)


def test_one_variable_gets_both_gradients():
    tied = layers.TiedDense(DENSE, 5, activation="sigmoid")
    x = ops.convert_to_tensor(np.random.default_rng(0).random((4, 5)).astype("float32"))

    def loss(down, up):
        code = ops.matmul(x, down) + DENSE.bias
        return ops.sum(ops.square(ops.sigmoid(ops.matmul(code, ops.transpose(up))) - x))

    tied(DENSE(x))  # builds it
    _, (together,) = backend.value_and_grad(lambda: (ops.sum(ops.square(tied(DENSE(x)) - x)), None), [DENSE.kernel])
    one, other = (ops.convert_to_tensor(DENSE.kernel.numpy()) for _ in range(2))
    sides = [
        backend.input_gradient(lambda w: loss(w, other), one),
        backend.input_gradient(lambda w: loss(one, w), other),
    ]
    np.testing.assert_allclose(together, sides[0] + sides[1], rtol=1e-4, atol=1e-6)


def _pair():
    x = keras.Input((5,))
    below = keras.layers.Dense(3, name="below")
    encoder = keras.Model(x, below(x))
    z = keras.Input((3,))
    return encoder, keras.Model(z, layers.TiedDense(below, 5)(z))


def test_a_decoder_from_a_config_waits_for_its_encoder():
    encoder, decoder = _pair()
    assert [variable.name for variable in decoder.variables] == ["bias"]
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(decoder))
    assert again.output_shape == (None, 5)
    z = np.ones((1, 3), "float32")
    with pytest.raises(ValueError, match="has no source yet. Expected: `tie"):
        again(z)
    layers.tie(again, encoder)
    np.testing.assert_array_equal(again(z), decoder(z))
    with pytest.raises(ValueError, match="source in another encoder"):
        layers.tie(again, keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)]))
    third = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(decoder))
    with pytest.raises(ValueError, match="Expected: one layer 'below'"):
        layers.tie(third, keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)]))


@pytest.mark.parametrize(("side", "kernel_size"), [(8, 3), (7, 3), (7, 5), (7, 4), (9, 3)])
def test_a_tied_convolutional_decoder_is_the_transpose_on_any_side(side, kernel_size):
    shape = (side, side, 2)
    encoder, decoder = networks.convolutional_autoencoder(
        shape, 6, (3, 4), kernel_size=kernel_size, activation=None, tied=True
    )
    rng = np.random.default_rng(0)
    x, z = rng.random((1, *shape)).astype("float32"), rng.random((1, 6)).astype("float32")
    np.testing.assert_allclose(np.sum(encoder(x) * z), np.sum(x * np.asarray(decoder(z))), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.TiedDense(DENSE, 6), r"Expected: a kernel for 6 inputs. Received: layer 'below'.*\(5, 3\)"),
        (lambda: layers.TiedDense(keras.layers.Dense(3), 5), "must be a built Dense layer"),
        (lambda: layers.TiedDense(CONVOLUTION, 2), "must be a built Dense layer. Received: Conv2D"),
        (
            lambda: layers.TiedDense(DENSE, 5)(np.ones((1, 4))),
            r"a kernel of 4 units.*Received: .* shape \(5, 3\)",
        ),
        (lambda: layers.TiedConv2DTranspose(CONVOLUTION, 2, strides=1), r"Expected: strides \(1, 1\)"),
        (lambda: layers.TiedConv2DTranspose(CONVOLUTION, 2, strides=2.5), "`strides` must be an integer >= 1"),
        (lambda: layers.TiedConv2DTranspose(CONVOLUTION, 3, strides=2), "Expected: a kernel for 3 inputs"),
    ],
)
def test_a_source_of_another_shape_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_gradients_are_finite_differences():
    rng = np.random.default_rng(0)
    dense, convolution = keras.layers.Dense(3), keras.layers.Conv2D(2, 3, strides=2, padding="same")
    dense.build((None, 5))
    convolution.build((None, 6, 6, 1))
    assert_gradient(layers.TiedDense(dense, 5, "tanh"), rng.standard_normal((4, 3)))
    tied = layers.TiedConv2DTranspose(convolution, 1, strides=2, activation="tanh")
    assert_gradient(tied, rng.standard_normal((2, 3, 3, 2)))
