import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import backend, losses

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


def slope(a):
    return keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(a / 2))]
    )


@pytest.mark.parametrize("a", [0.0, 0.5, 1.0, 3.0])
def test_a_linear_critic_of_slope_a_pays_the_square_of_its_distance_from_1(a):
    penalty = losses.gradient_penalty(slope(a), X, -X, seed=0)
    assert float(penalty) == pytest.approx((a - 1) ** 2, abs=1e-5)


def test_the_penalty_is_taken_between_each_pair_of_examples():
    seen = []

    def critic(x):
        seen.append(np.asarray(x))
        return ops.sum(ops.square(x), axis=1, keepdims=True)

    real, fake = np.zeros((500, 3), "float32"), np.ones((500, 3), "float32")
    penalty = losses.gradient_penalty(critic, real, fake, seed=1)
    (between,) = seen
    u = between[:, 0]
    assert (between == u[:, None]).all() and 0 <= u.min() < 0.02 and 0.98 < u.max() <= 1
    assert abs(u.mean() - 0.5) < 0.05 and u.var() == pytest.approx(1 / 12, rel=0.15)
    expected = np.square(2 * np.sqrt(3) * u - 1).mean()
    assert float(penalty) == pytest.approx(expected, rel=1e-4)


def test_a_dead_critic_has_a_penalty_of_1_and_a_finite_gradient():
    critic = slope(0.0)
    _, gradients = backend.value_and_grad(
        lambda: (losses.gradient_penalty(critic, X, -X, 0), None), critic.trainable_variables[:1]
    )
    assert np.isfinite(np.asarray(gradients[0])).all()


def test_the_gradient_of_the_penalty_is_that_of_finite_differences():
    critic = network(keras.layers.Dense(5, "tanh"), keras.layers.Dense(1))
    kernel = critic.trainable_variables[0]
    start, direction = kernel.numpy(), np.random.default_rng(2).standard_normal(kernel.shape).astype("float32")

    def penalty(step):
        kernel.assign(start + step * direction)
        return float(losses.gradient_penalty(critic, 3 * X, -X, seed=4))

    difference = (penalty(1e-2) - penalty(-1e-2)) / 2e-2
    kernel.assign(start)
    _, (gradient,) = backend.value_and_grad(
        lambda: (losses.gradient_penalty(critic, 3 * X, -X, seed=4), None), [kernel]
    )
    assert float(ops.sum(gradient * direction)) == pytest.approx(difference, rel=1e-2)


def test_shapes_that_do_not_fit_are_refused():
    message = r"`fake` must have the shape of `real`. Expected: shape \(3, 4\). Received: fake of shape \("
    for shape in [(3, 1), (1, 4), (2, 4)]:
        with pytest.raises(ValueError, match=message):
            losses.gradient_penalty(slope(1.0), X, np.zeros(shape, "float32"), seed=0)
    with pytest.raises(
        ValueError, match=r"`x` does not fit the encoder. Expected: shape \(None, 4\). Received: .*\(3, 8\)"
    ):
        losses.jacobian_penalty(network(keras.layers.Dense(5)), np.ones((3, 8), "float32"))


def test_images_of_a_size_known_at_run_time():
    images = np.random.default_rng(0).random((2, 6, 5, 2)).astype("float32")
    inputs = keras.Input((None, None, 2))
    hidden = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(3, 3, activation="tanh")(inputs))
    encoder, free = keras.Model(inputs, hidden), tf.TensorSpec((None, None, None, 2))
    jacobian = tf.function(lambda x: losses.jacobian_penalty(encoder, x), input_signature=[free])
    np.testing.assert_allclose(jacobian(images), losses.jacobian_penalty(encoder, images), rtol=1e-4)
    critic = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    penalty = tf.function(lambda x, y: losses.gradient_penalty(critic, x, y, seed=0), input_signature=[free, free])
    assert float(penalty(images, -images)) == pytest.approx(float(losses.gradient_penalty(critic, images, -images, 0)))
