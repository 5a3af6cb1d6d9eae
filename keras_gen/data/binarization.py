"""Binary images from grey ones: each pixel is 1 with the probability of its grey value."""

import math

import numpy as np
import tensorflow as tf

from keras_gen import checks

_PHILOX = 1  # TensorFlow's number for this generator, whose draw k needs no earlier draw


def binarize(x, seed=0):
    """Draw each pixel once from its Bernoulli distribution (static binarisation, and the test set's).

    Args:
        x: Array `(n, ...)`, n >= 1, of probabilities in [0, 1].
        seed: Integer; the same seed gives the same draw. Defaults to 0.

    Returns:
        float32 array of zeros and ones, of the shape of `x`.

    Example:

    >>> binarize(np.array([[0.0, 1.0]])).tolist()
    [[0.0, 1.0]]

    Reference:
        Salakhutdinov and Murray, 2008, "On the quantitative analysis of deep belief networks", section 5.
    """
    checks.array("x", x, value_range=(0, 1))
    x = np.asarray(x, "float32")
    return (np.random.default_rng(seed).random(x.shape, "float32") < x).astype("float32")


def bernoulli_draw(x, first, epoch, seed):
    """Binary images of a batch of probabilities x, float32 `(batch, ...)`.

    The draw for the example at position `first + i` of an epoch depends only on its position, the epoch and the run's
    seed (int64 scalars), not on the batch size. So a resumed run sees what an unbroken one would have seen.
    """
    size = math.prod(x.shape[1:])
    blocks = -(-size // 4)  # the generator makes four numbers at each count
    counter = tf.stack([tf.cast(first, "uint64") * blocks, tf.cast(epoch, "uint64")])
    uniform = tf.raw_ops.StatelessRandomUniformV2(
        shape=(tf.shape(x)[0], 4 * blocks), key=tf.cast([seed], "uint64"), counter=counter, alg=_PHILOX
    )
    return tf.cast(tf.reshape(uniform[:, :size], tf.shape(x)) < x, "float32")
