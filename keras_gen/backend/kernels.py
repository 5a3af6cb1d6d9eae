"""Sums and normalisations by the kernels that are fastest on the device."""

import math

import keras
import numpy as np
import tensorflow as tf

from keras_gen.backend.devices import on_cpu

_MOST_COLUMNS = 2**16  # of a matrix of zeros and ones
_FEW_FILTERS, _FEWEST_TAPS = 4, 9  # of a narrow convolution


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


def narrow_convolution(x, kernel, margins):
    """A convolution of stride 1: `(batch, height, width, channels)` -> `(batch, new_height, new_width, filters)`.

    On a CPU, to few channels in float32, it is a product of the pixels with all weights of the kernel and a sum of the
    products' shifted maps, along each row first. TensorFlow's own kernels take longer, most of all for large kernels.
    `kernel` is `(rows, columns, channels, filters)`; `margins` are the zeros around the images, a pair for each axis.
    """
    kernel = tf.convert_to_tensor(kernel)
    rows, columns, channels, filters = kernel.shape
    if filters > _FEW_FILTERS or rows * columns < _FEWEST_TAPS or x.dtype != tf.float32 or not on_cpu():
        return tf.nn.conv2d(x, kernel, 1, [(0, 0), *margins, (0, 0)])
    sides = zip((rows, columns), margins, strict=True)
    opposite = [(size - 1 - front, size - 1 - back) for size, (front, back) in sides]

    @tf.custom_gradient
    def convolved(x, kernel):
        batch, height, width, _ = tf.unstack(tf.shape(x))
        pixels = tf.reshape(x, (-1, channels))
        weights = tf.reshape(tf.transpose(kernel, (0, 1, 3, 2)), (-1, channels))
        maps = tf.reshape(tf.matmul(weights, pixels, transpose_b=True), (rows, columns, filters, batch, height, width))
        maps = tf.pad(maps, [(0, 0)] * 4 + [*margins])
        new_height, new_width = height + sum(margins[0]) - rows + 1, width + sum(margins[1]) - columns + 1
        sums = [tf.add_n([maps[i, j, ..., j : j + new_width] for j in range(columns)]) for i in range(rows)]
        outputs = tf.add_n([sums[i][..., i : i + new_height, :] for i in range(rows)])

        def gradients(upstream):
            upstream = tf.pad(tf.transpose(upstream, (3, 0, 1, 2)), [(0, 0)] * 2 + opposite)
            maps = [
                upstream[..., rows - 1 - i : rows - 1 - i + height, columns - 1 - j : columns - 1 - j + width]
                for i in range(rows)
                for j in range(columns)
            ]
            maps = tf.reshape(tf.stack(maps), (rows * columns * filters, -1))
            of_weights = tf.reshape(tf.matmul(maps, pixels), (rows, columns, filters, channels))
            of_pixels = tf.matmul(maps, weights, transpose_a=True)
            return tf.reshape(of_pixels, tf.shape(x)), tf.transpose(of_weights, (0, 1, 3, 2))

        return tf.transpose(outputs, (1, 2, 3, 0)), gradients

    return convolved(x, kernel)
