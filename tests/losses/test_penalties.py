import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import losses

X = np.random.default_rng(0).random((3, 4)).astype("float32")


def network(*layers):
    return keras.Sequential([keras.Input((4,)), *layers])


def finite_differences(encoder, x, step=1e-2):
    """The squared norm of the Jacobian from differences of the function alone."""
    columns = [
        (encoder(x + step * direction).numpy() - encoder(x - step * direction).numpy()) / (2 * step)
        for direction in np.eye(x.shape[1], dtype="float32")
    ]
    return np.square(columns).sum(axis=(0, 2))


@pytest.mark.parametrize(
    "layers",
    [
        [keras.layers.Dense(5, "sigmoid")],
        [keras.layers.Dense(5, "tanh", use_bias=False)],
        [keras.layers.Dense(5, "silu")],
        [keras.layers.Dense(5, "softmax")],
        [keras.layers.Dense(5, "tanh"), keras.layers.Dense(2, "sigmoid")],
    ],
    ids=["sigmoid", "no bias", "silu", "softmax", "two layers"],
)
def test_it_is_the_norm_of_finite_differences(layers):
    encoder = network(*layers)
    np.testing.assert_allclose(losses.jacobian_penalty(encoder, X), finite_differences(encoder, X), rtol=2e-3)


def test_a_linear_encoder_has_the_norm_of_its_kernel():
    encoder = network(keras.layers.Dense(5))
    expected = np.square(encoder.get_weights()[0]).sum()
    np.testing.assert_allclose(losses.jacobian_penalty(encoder, X), [expected] * 3, rtol=1e-5)


def test_the_closed_form_is_the_whole_jacobian_and_so_is_its_gradient():
    from keras_gen import backend

    one = network(keras.layers.Dense(5, "sigmoid"))
    two = network(one.layers[-1], keras.layers.Activation("linear"))  # the same function, not seen to be one layer
    answers = []
    for encoder in (one, two):
        penalty = lambda encoder=encoder: (ops.mean(losses.jacobian_penalty(encoder, X)), None)  # noqa: E731
        answers.append(backend.value_and_grad(penalty, one.trainable_variables)[1])
    for left, right in zip(*answers, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-7)


def _with(build):
    inputs = keras.Input((4,))
    return keras.Model(inputs, build(inputs, keras.layers.Dense(4, "tanh")))


@pytest.mark.parametrize(
    "build",
    [
        lambda x, dense: ops.sigmoid(dense(x)),
        lambda x, dense: x + dense(x),
        lambda x, dense: dense(dense(x)),
        lambda x, dense: keras.layers.Dense(3, activation=keras.layers.Softmax())(x),
        lambda x, dense: keras.layers.Flatten()(dense(keras.layers.Reshape((1, 4))(x))),
    ],
)
def test_what_is_more_than_one_dense_layer_is_differentiated_whole(build):
    encoder = _with(build)
    np.testing.assert_allclose(losses.jacobian_penalty(encoder, X), finite_differences(encoder, X), rtol=5e-3)


def test_images_and_dropout():
    dense = keras.layers.Dense(5, "sigmoid")
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dropout(0.5), dense])
    np.testing.assert_allclose(
        losses.jacobian_penalty(encoder, X.reshape(3, 2, 2, 1)), losses.jacobian_penalty(network(dense), X), rtol=1e-5
    )
