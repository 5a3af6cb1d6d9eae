"""Penalties on the derivatives of networks."""

import keras
from keras import ops

from keras_gen import backend, checks
from keras_gen.losses.tensors import require_one_shape

_PASSIVE = (keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape, keras.layers.Dropout)
_SMOOTH = ("elu", "gelu", "selu", "sigmoid", "silu", "softplus", "softsign", "tanh")
_ELEMENTWISE = ("leaky_relu", "linear", "relu", *_SMOOTH)


def jacobian_penalty(encoder, x):
    """Squared Frobenius norm of the Jacobian of each example's code with respect to the example.

    sum_ij (d h_j / d x_i)^2

    For an encoder of one dense layer with an elementwise activation it is sum_j f'(a_j)^2 sum_i W_ij^2, at the cost of
    a forward pass. For any other encoder the whole Jacobian is computed.

    Args:
        encoder: Keras model from `(batch, *shape)` to `(batch, *code)`.
        x: Tensor `(batch, *shape)`.

    Returns:
        float32 tensor `(batch,)`.

    Example:

    >>> encoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="ones")])
    >>> jacobian_penalty(encoder, ops.zeros((1, 3))).numpy().tolist()
    [6.0]

    Reference:
        Rifai et al., 2011, Contractive auto-encoders, equations 1 and 3 (the closed form for the sigmoid).
    """
    x, dense = ops.convert_to_tensor(x), single_dense(encoder)
    if dense is None:
        jacobian = backend.batch_jacobian(lambda inputs: encoder(inputs, training=False), x)  # (batch, *code, *shape)
        jacobian = ops.cast(jacobian, "float32")
        return ops.sum(ops.square(jacobian), axis=tuple(range(1, len(jacobian.shape))))
    expected = tuple(encoder.inputs[0].shape)
    if not checks.shapes_agree(tuple(x.shape), expected):
        raise ValueError(f"`x` does not fit the encoder. Expected: shape {expected}. Received: shape {tuple(x.shape)}")
    kernel = ops.cast(dense.kernel, "float32")  # (inputs, units)
    preactivations = ops.matmul(ops.reshape(ops.cast(x, "float32"), (-1, kernel.shape[0])), kernel)  # (batch, units)
    if dense.use_bias:
        preactivations = preactivations + ops.cast(dense.bias, "float32")
    slopes = backend.input_gradient(dense.activation, preactivations)  # (batch, units)
    return ops.matmul(ops.square(slopes), ops.sum(ops.square(kernel), axis=0)[:, None])[:, 0]


def gradient_penalty(critic, real, fake, seed):
    """Mean squared distance of the norm of the critic's gradient from 1, between real and generated examples.

    mean((||d critic / d x||_2 - 1)^2)    at x = u real + (1 - u) fake, u drawn from U[0, 1] for each pair

    Args:
        critic: Callable from a tensor `(batch, *shape)` to `(batch, 1)`, each row a function of its own example only.
        real: Tensor `(batch, *shape)`.
        fake: Tensor of the shape of `real`.
        seed: A `keras.random.SeedGenerator` or an integer.

    Returns:
        float32 scalar, >= 0.

    Example:

    >>> x = ops.ones((4, 2))
    >>> round(float(gradient_penalty(lambda x: 3.0 * x[:, :1], x, -x, seed=0)), 4)
    4.0

    Reference:
        Gulrajani et al., 2017, arXiv:1704.00028, equation 3 and algorithm 1.
    """
    fake = ops.convert_to_tensor(fake)
    real = ops.cast(real, fake.dtype)
    require_one_shape(real=real, fake=fake)
    one_each = (ops.shape(real)[0], *(1 for _ in real.shape[1:]))
    u = ops.cast(backend.uniform(one_each, seed), fake.dtype)  # (batch, 1, ...)
    slopes = backend.input_gradient(critic, u * real + (1 - u) * fake)  # (batch, *shape)
    slopes = ops.cast(slopes, "float32")
    squares = ops.sum(ops.square(slopes), axis=tuple(range(1, len(slopes.shape))))
    # The derivative of the root at 0 is infinite, and a dead critic has slope 0
    return ops.mean(ops.square(ops.sqrt(squares + 1e-12) - 1.0))


def single_dense(encoder):
    """The dense layer of a network that computes nothing else, `None` for any other network."""
    operations = getattr(encoder, "operations", encoder.layers)  # a functional `layers` leaves out `keras.ops`
    active = [operation for operation in operations if not isinstance(operation, _PASSIVE)]
    if len(active) != 1 or type(active[0]) is not keras.layers.Dense:
        return None
    (dense,) = active
    on_vectors_once = len(dense._inbound_nodes) == 1 and len(dense.input.shape) == 2
    elementwise = getattr(dense.activation, "__name__", None) in _ELEMENTWISE
    return dense if on_vectors_once and elementwise else None
