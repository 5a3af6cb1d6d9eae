"""Penalties on the derivatives of networks."""

import keras
from keras import ops

from keras_gen import backend

_PASSIVE = (keras.layers.InputLayer, keras.layers.Flatten, keras.layers.Reshape, keras.layers.Dropout)
_UNIT_WISE = ("elu", "gelu", "leaky_relu", "linear", "relu", "selu", "sigmoid", "silu", "softplus", "softsign", "tanh")


def jacobian_penalty(encoder, x):
    """Squared Frobenius norm of the Jacobian of each example's code with respect to the example.

    sum_ij (d h_j / d x_i)^2

    Where the encoder is one dense layer with an activation that works unit by unit, it is
    sum_j f'(a_j)^2 sum_i W_ij^2, at the price of a forward pass; else the whole Jacobian is computed.

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
    kernel = ops.cast(dense.kernel, "float32")  # (inputs, units)
    activity = ops.matmul(ops.reshape(ops.cast(x, "float32"), (-1, kernel.shape[0])), kernel)  # (batch, units)
    if dense.use_bias:
        activity = activity + ops.cast(dense.bias, "float32")
    slopes = backend.input_gradient(dense.activation, activity)  # (batch, units)
    return ops.matmul(ops.square(slopes), ops.sum(ops.square(kernel), axis=0)[:, None])[:, 0]


def gradient_penalty(critic, real, fake, seed):
    """Mean squared distance from 1 of the norm of the critic's gradient, between real and generated examples.

    mean((||d critic / d x||_2 - 1)^2)    at x = u real + (1 - u) fake, u drawn from U[0, 1] for each pair

    Args:
        critic: Callable of a tensor `(batch, *shape)` that gives `(batch, 1)`, each row of its own example alone.
        real: Tensor `(batch, *shape)`.
        fake: Tensor `(batch, *shape)`.
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
    if tuple(real.shape[1:]) != tuple(fake.shape[1:]):
        raise ValueError(f"`real` and `fake` must be of one shape. Received: {real.shape} and {fake.shape}")
    fake = ops.convert_to_tensor(fake)
    real = ops.cast(real, fake.dtype)
    each = (ops.shape(real)[0], *(1 for _ in real.shape[1:]))
    u = ops.cast(backend.uniform(each, seed), fake.dtype)  # (batch, 1, ...)
    slopes = backend.input_gradient(critic, u * real + (1 - u) * fake)  # (batch, *shape)
    slopes = ops.cast(slopes, "float32")
    squares = ops.sum(ops.square(slopes), axis=tuple(range(1, len(slopes.shape))))
    # The derivative of the root at 0 is infinite, and a dead critic has slope 0
    return ops.mean(ops.square(ops.sqrt(squares + 1e-12) - 1.0))


def single_dense(encoder):
    """The dense layer of a network that is a chain and computes nothing else, `None` for any other network.

    A functional model's `operations` are asked, for its `layers` leave out arithmetic and `keras.ops`.
    """
    active = [
        operation for operation in getattr(encoder, "operations", encoder.layers) if not isinstance(operation, _PASSIVE)
    ]
    if len(active) != 1 or type(active[0]) is not keras.layers.Dense:
        return None
    (dense,) = active
    once = len(dense._inbound_nodes) == 1 and len(dense.input.shape) == 2
    unit_wise = getattr(dense.activation, "__name__", None) in _UNIT_WISE
    return dense if once and unit_wise else None
