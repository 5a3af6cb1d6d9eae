"""DeepDream: images that show more of what a network already sees in them."""

import functools
import math

import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.input_optimization.descent import SteepestDescent
from keras_gen.input_optimization.engine import InputOptimization
from keras_gen.input_optimization.starts import optimized, random_start
from keras_gen.input_optimization.subjects import subject
from keras_gen.input_optimization.visualization.units import (
    classes_of,
    output_shape,
    require_images,
    unit_indices,
    unit_values,
)

_OCTAVES, _LEAST = 4, 8  # the default number of octaves, and the sides of the smallest
_JITTER = 8  # the default jitter is this part of a side
_FAINT = 0.02  # standard deviation of the noise, as a share of the range, that is added where there is no gradient


def deep_dream(
    model,
    images,
    layer=None,
    channel=None,
    classes=None,
    octaves=None,
    octave_scale=1.4,
    steps=10,
    step_size=0.01,
    jitter=None,
    seed=0,
    value_range=None,
    preprocess=None,
    batch_size=8,
    verbose=0,
):
    """Change images so that a layer, a channel or a class responds more, at several sizes.

    maximise over x    mean A(x)^2, the mean of one channel of A(x), or the logit of a class

    where A is the layer's output. In each octave, from the smallest size to the image's own, steps of a fixed length go
    along the gradient of the image, which is shifted at random; what they have changed is enlarged and added to the
    image in the next size. A network of images of one size sees each octave enlarged to that size. An image without a
    gradient begins again with a little noise, with a warning.

    Args:
        model: As in `feature_maps`.
        images: Finite array `(n, height, width, channels)` in the range.
        layer: Name of a layer, `model/layer` within a model. Defaults to `None`.
        channel: A channel of the layer for each image, or one for all: integers >= 0. Defaults to `None`: all, squared.
        classes: Instead of a layer, a class for each image, or one for all: integers >= 0. Defaults to `None`.
        octaves: Number of sizes, an integer >= 1. Defaults to `None`: up to 4, of sides of 8 pixels or more.
        octave_scale: Factor from one size to the next, a number > 1. Defaults to 1.4.
        steps: Steps in each size, an integer >= 0. Defaults to 10.
        step_size: Root mean square of the change of pixels in a step, as a share of the range, a number > 0. Defaults
            to 0.01.
        jitter: Largest random shift in pixels, an integer >= 0. Defaults to `None`: an eighth of the shorter side.
        seed: Integer of the shifts. Defaults to 0.
        value_range, preprocess: As in `feature_maps`.
        batch_size: Images at once, an integer >= 1. Defaults to 8.
        verbose: 1 shows a progress bar for each size. Defaults to 0.

    Returns:
        float32 array `(n, height, width, channels)` in the range.

    Raises:
        ValueError: If an argument is not of this form, if neither a layer nor classes are given, or both, or if the
            layer or the channel does not exist.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3, name="conv")])
    >>> deep_dream(model, np.ones((1, 8, 8, 1)) / 2, "conv", steps=2, value_range=(0, 1)).shape
    (1, 8, 8, 1)

    Reference:
        Mordvintsev, Olah and Tyka, 2015, Inceptionism: going deeper into neural networks, Google Research blog.
    """
    seen = subject(model, value_range, preprocess)
    require_images(seen)
    images, batch_size = seen.check("images", images), checks.integer("batch_size", batch_size)
    if (layer is None) == (classes is None) or (layer is None and channel is not None):
        raise ValueError(
            "A dream is of a layer, of one of its channels, or of a class. Expected: `layer`, with or without "
            f"`channel`, or `classes`. Received: layer={layer!r}, channel={channel!r}, classes={classes!r}"
        )
    if layer is None:
        indices = classes_of(seen, images, classes, batch_size)
    else:
        found = unit_indices(
            layer, output_shape(seen, layer, images.shape[1:]), 0 if channel is None else channel, None
        )
        if len(found) not in (1, len(images)):
            raise ValueError(
                f"`channel` must be one for each image, or one for all. Expected: {len(images)}. Received: {len(found)}"
            )
        indices = np.resize(found, len(images))
    step_size, sizes = checks.positive("step_size", step_size), _sizes(images.shape[1:3], octaves, octave_scale)
    if None in seen.shape and layer is not None:
        output_shape(seen, layer, (*sizes[0], images.shape[3]))  # raises if the smallest octave is too small
    else:
        seen.require_size((*sizes[0], images.shape[3]))
    detail = np.zeros((len(images), 1, 1, images.shape[3]), "float32")
    for size in sizes:
        shift = min(size) // _JITTER if jitter is None else jitter
        problem = _dream(seen, layer, channel is None, size, step_size, shift)
        base = _resized(images, size)
        start = np.clip(base + _resized(detail, size), *seen.value_range)
        draw = _noisy(start, seen.value_range, seed)
        options = {"steps": steps, "batch_size": batch_size, "seed": seed, "verbose": verbose}
        detail = optimized(problem, draw, indices, **options) - base
    return np.clip(images + detail, *seen.value_range)


def _sizes(sides, octaves, scale):
    """The sizes (height, width) of the octaves, from the smallest on."""
    if not checks.is_real(scale) or not 1 < scale < math.inf:
        raise ValueError(f"`octave_scale` must be a number > 1. Received: octave_scale={scale!r}")
    if octaves is None:
        octaves = min(_OCTAVES, 1 + max(0, int(math.log(min(sides) / _LEAST) / math.log(scale))))
    octaves = checks.integer("octaves", octaves)
    sizes = [tuple(round(side / scale**number) for side in sides) for number in reversed(range(octaves))]
    if octaves > 1 and min(sizes[0]) < 2:
        raise ValueError(
            f"The smallest octave must have sides of 2 pixels or more. Expected: fewer octaves, or a smaller scale. "
            f"Received: octaves={octaves}, octave_scale={scale}, which make {sides[0]}x{sides[1]} into "
            f"{sizes[0][0]}x{sizes[0][1]}"
        )
    return sizes


def _resized(images, size):
    if images.shape[1:3] == size:
        return images
    return np.asarray(ops.image.resize(images, size, interpolation="bilinear", antialias=True))


def _noisy(start, value_range, seed):
    """A function of rows and of the attempt: the images, and with noise from the second attempt on."""
    low, high = value_range
    noise = random_start(start.shape[1:], 0.0, _FAINT * (high - low), seed)

    def draw(rows, attempt):
        return np.clip(start[rows] + noise(rows, attempt), low, high) if attempt else start[rows]

    return draw


@functools.lru_cache(maxsize=16)
def _dream(seen, layer, is_whole, size, step_size, jitter):
    fixed = seen.shape[:2]  # what the network needs
    function = seen.logits() if layer is None else seen.outputs([layer])

    def objective(images, indices):
        if None not in fixed and fixed != size:
            images = ops.image.resize(images, fixed, interpolation="bilinear")
        if layer is None:
            return -unit_values(function(images), indices, is_mean=False)
        (output,) = function(images)
        if not is_whole:
            return -unit_values(output, indices, is_mean=True)
        return -ops.mean(ops.square(ops.cast(output, "float32")), axis=tuple(range(1, len(output.shape))))

    length = step_size * (seen.value_range[1] - seen.value_range[0]) * math.sqrt(math.prod(size) * seen.shape[2])
    return InputOptimization(objective, SteepestDescent(length, "l2"), seen.value_range, jitter=jitter)
