"""Errors of optical flow."""

import keras
from keras import ops

from keras_gen.losses.tensors import as_float32

_LEAST_SQUARE = 1e-12  # in square pixels: the derivative of a root at 0 is infinite


@keras.saving.register_keras_serializable(package="keras_gen")
def end_point_error(true, predicted):
    """End-point error of a flow: the distance between the ends of its vectors and the true ones, in pixels.

    mean over pixels of sqrt((u - u_hat)^2 + (v - v_hat)^2 + 1e-12)

    It is a measure and a loss of Keras, `compile(loss=end_point_error)`. The constant keeps the gradient finite, and 0
    where the flow is exact.

    Args:
        true: Tensor `(batch, height, width, 2)`, in pixels.
        predicted: Tensor of the same shape.

    Returns:
        float32 tensor `(batch,)`, >= 0.

    Raises:
        ValueError: If the shapes differ, or are not of this form.

    Example:

    >>> flow = ops.broadcast_to([3.0, 4.0], (1, 8, 8, 2))
    >>> end_point_error(flow, ops.zeros((1, 8, 8, 2))).numpy().tolist()
    [5.0]

    Reference:
        Baker et al., 2011, A database and evaluation methodology for optical flow, doi:10.1007/s11263-010-0390-2; as a
        loss: Dosovitskiy et al., 2015, arXiv:1504.06852.
    """
    true, predicted = as_float32(true=true, predicted=predicted)
    if len(true.shape) != 4 or true.shape[-1] not in (2, None):
        raise ValueError(
            f"A flow must be of shape (batch, height, width, 2). Received: true of shape {tuple(true.shape)}"
        )
    squares = ops.sum(ops.square(true - predicted), axis=-1)  # (batch, height, width)
    return ops.mean(ops.sqrt(squares + _LEAST_SQUARE), axis=(1, 2))
