"""Sums and normalisations by the kernels that are fastest on the device."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_gen.backend.devices import on_cpu

_MOST_COLUMNS = 2**16  # of a matrix of zeros and ones


def instance_normalized(x, gamma, beta, epsilon):
    """Bring each channel of each image to mean 0 and variance 1, then scale and shift it.

    The kernel is that of batch normalisation: the channels of all images become those of a batch of one image. A single
    image is not copied for this. `x` is `(batch, height, width, channels)`, in float32, bfloat16 or float16; `gamma`
    and `beta` are float32 `(channels,)`; `epsilon` is added to the float32 variance.
    """
    images, height, width, channels = keras.ops.shape(x)
    wide = tf.reshape(tf.transpose(x, (1, 2, 0, 3)), (1, height, width, images * channels))
    scale, offset = tf.tile(gamma, [images]), tf.tile(beta, [images])
    kernel = tf.raw_ops.FusedBatchNormV3
    wide = kernel(x=wide, scale=scale, offset=offset, mean=[], variance=[], epsilon=epsilon, is_training=True).y
    return tf.transpose(tf.reshape(wide, (height, width, images, channels)), (2, 0, 1, 3))


def sum_rows(values):
    """Sum of each row: float32 tensor `(rows, columns)` -> `(rows,)`.

    On a CPU it is a product with a matrix of zeros and ones. XLA would fuse the computation of the values into the loop
    of a plain sum, or of a product with one vector, without vector instructions; a Bernoulli likelihood then takes
    twice as long. The matrix makes several partial sums, so the rounding errors of long rows are those of short ones.
    It is a plain sum if the number of columns is unknown when the graph is traced, or so large that the matrix, a part
    of the graph, would take more than 8 MB.
    """
    columns = values.shape[1]
    if columns is None or columns > _MOST_COLUMNS or not on_cpu():
        return tf.reduce_sum(values, axis=1)
    groups = max(2, min(math.isqrt(columns), 32))
    membership = np.repeat(np.eye(groups), math.ceil(columns / groups), axis=0)[:columns]
    return tf.reduce_sum(tf.matmul(values, tf.constant(membership, values.dtype)), axis=1)
