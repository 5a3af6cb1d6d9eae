"""Activations for networks whose gradient is differentiated again."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gen")
def leaky_relu(x):
    """Leaky ReLU of slope 0.2 below zero, for critics with a penalty on their gradient.

    f(x) = s x,    s = 1 where x > 0, else 0.2.

    Values and gradients are those of `keras.ops.leaky_relu`. Its derivative there is a function of x; here it is a
    constant, so a step with a gradient penalty computes no products with zero.

    Args:
        x: Tensor of any shape.

    Returns:
        Tensor of the shape and dtype of `x`.

    Example:

    >>> leaky_relu(ops.array([-5.0, 0.0, 2.0])).numpy().tolist()
    [-1.0, 0.0, 2.0]

    Reference:
        Maas, Hannun and Ng, 2013, Rectifier nonlinearities improve neural network acoustic models; the slope: Radford,
        Metz and Chintala, 2016, arXiv:1511.06434, section 4.
    """
    x = ops.convert_to_tensor(x)
    slope = ops.where(x > 0, ops.cast(1.0, x.dtype), ops.cast(0.2, x.dtype))
    return x * slope  # the slope is a choice between constants, without a derivative
