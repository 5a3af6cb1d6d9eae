"""Images that a unit, or a class, responds to most."""

import functools
import math

import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.input_optimization.batches import in_batches
from keras_gen.input_optimization.descent import SteepestDescent
from keras_gen.input_optimization.engine import LBFGS, InputOptimization
from keras_gen.input_optimization.projections import sphere
from keras_gen.input_optimization.starts import optimized, random_start
from keras_gen.input_optimization.subjects import subject
from keras_gen.input_optimization.visualization.units import (
    image_shape,
    numbers,
    output_shape,
    unit_indices,
    unit_values,
)

_CONTRAST = 0.25  # the default standard deviation of the pixels of an image, as a share of the range
_FAINT = 0.05  # that of a start of `class_model` that is not grey


def activation_maximization(
    model,
    layer,
    channel=None,
    place=None,
    norm=None,
    steps=100,
    step_size=0.1,
    jitter=0,
    seed=0,
    shape=None,
    value_range=None,
    preprocess=None,
    batch_size=32,
    verbose=0,
):
    """Images of one norm that units of a layer respond to most.

    maximise over x    h(x)    with ||x - m||_2 = norm, x in the range

    where m is the middle of the range and h is a unit, or the mean of a channel over all places. From noise, steps go
    along the gradient, in a fixed length, and back to images of the norm. A unit without a gradient at the start, such
    as a rectifier at rest, begins again at other noise, with a warning.

    Args:
        model: As in `feature_maps`.
        layer: Name of a layer, `model/layer` within a model.
        channel: A channel or unit of the layer, or several: integers >= 0. Defaults to `None`: all.
        place: The pair (row, column) of a unit of the maps. Defaults to `None`: the mean over all places.
        norm: L2 distance of the image from grey, a number > 0. Defaults to `None`: that of an image whose pixels have a
            standard deviation of a quarter of the range.
        steps: Number of steps, an integer >= 0. Defaults to 100.
        step_size: Length of a step as a share of the norm, a number > 0. Defaults to 0.1.
        jitter: Largest random shift of the image in each step, in pixels, which makes smoother images. Defaults to 0.
        seed: Integer of the start and of the jitter. Defaults to 0.
        shape: One image's shape, for networks of images of any size. Defaults to `None`: the network's.
        value_range, preprocess: As in `feature_maps`.
        batch_size: Units at once, an integer >= 1. Defaults to 32.
        verbose: 1 shows a progress bar. Defaults to 0.

    Returns:
        float32 array `(n, *shape)`, an image for each channel.

    Raises:
        ValueError: If an argument is not of this form, or if the layer, the channel or the place does not exist.

    Example:

    >>> import keras
    >>> dense = keras.layers.Dense(1, kernel_initializer="ones", name="unit")
    >>> model = keras.Sequential([keras.Input((4,)), dense])
    >>> activation_maximization(model, "unit", norm=1.0, steps=9, step_size=1.0, value_range=(-1, 1)).round(2).tolist()
    [[0.5, 0.5, 0.5, 0.5]]

    Reference:
        Erhan, Bengio, Courville and Vincent, 2009, Visualizing higher-layer features of a deep network, section 4.
    """
    seen = subject(model, value_range, preprocess)
    shape, (low, high) = image_shape(seen, shape), seen.value_range
    indices = unit_indices(layer, output_shape(seen, layer, shape), channel, place)
    most = (high - low) / 2 * math.sqrt(math.prod(shape))
    norm = most * 2 * _CONTRAST if norm is None else checks.positive("norm", norm)
    if norm > most:
        raise ValueError(
            f"`norm` must be at most that of an image of black and white, {most:g}. Received: norm={norm:g}"
        )
    step_size = checks.positive("step_size", step_size)
    problem = _maximization(seen, layer, place is None, norm, step_size, jitter)
    draw = random_start(shape, (low + high) / 2, norm / math.sqrt(math.prod(shape)), seed)
    return optimized(problem, draw, indices, steps=steps, batch_size=batch_size, seed=seed, verbose=verbose)


@functools.lru_cache(maxsize=16)
def _maximization(seen, layer, is_mean, norm, step_size, jitter):
    outputs, within = seen.outputs([layer]), sphere(norm, sum(seen.value_range) / 2, seen.value_range)
    return InputOptimization(
        lambda images, indices: -unit_values(outputs(images)[0], indices, is_mean),
        SteepestDescent(step_size * norm, "l2"),
        projections=[lambda images, indices: within(images)],
        jitter=jitter,
    )


def class_model(
    model,
    classes=None,
    l2=None,
    steps=200,
    optimizer=None,
    jitter=0,
    seed=0,
    shape=None,
    value_range=None,
    preprocess=None,
    batch_size=32,
    verbose=0,
):
    """The image that a classifier finds most typical of a class.

    maximise over x    S_c(x) - l2 ||x - m||_2^2    with x in the range

    where S_c is the logit of the class, not its probability, and m the middle of the range, where the search starts.

    Args:
        model: As in `feature_maps`; a classifier that ends in logits or in a softmax.
        classes: A class or several, integers >= 0. Defaults to `None`: all.
        l2: Weight of the squared distance from grey, a number >= 0. Defaults to `None`: for each class,
            2 ||grad S_c(m)||_2 / (w sqrt(N)) for N values in a range of width w, with which the image of a linear
            network differs from grey by a quarter of the width, root mean square.
        steps: Number of steps, an integer >= 0; for L-BFGS, at most. Defaults to 200.
        optimizer: As in `InputOptimization`. Defaults to `None`: `LBFGS()`.
        jitter: As in `activation_maximization`, for other optimizers. Defaults to 0.
        seed: Integer of the jitter, and of another start where the first has no gradient. Defaults to 0.
        shape, value_range, preprocess, batch_size, verbose: As in `activation_maximization`.

    Returns:
        float32 array `(n, *shape)`, an image for each class.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> class_model(model, l2=1.0, value_range=(-1, 1)).round(3).tolist()
    [[0.5, 0.0], [0.0, 0.5]]

    Reference:
        Simonyan, Vedaldi and Zisserman, 2014, arXiv:1312.6034, section 2.
    """
    seen = subject(model, value_range, preprocess)
    shape, (low, high) = image_shape(seen, shape), seen.value_range
    seen.require_size(shape)
    optimizer = LBFGS() if optimizer is None else optimizer
    problem = _class_problem(seen, optimizer, jitter)
    of_class, noise = numbers("classes", classes, seen.num_classes, "the model"), _FAINT * (high - low)
    drawn = random_start(shape, (low + high) / 2, noise, seed)

    def draw(rows, attempt):
        return np.full((len(rows), *shape), (low + high) / 2) if attempt == 0 else drawn(rows, attempt)

    if l2 is None:
        largest = 2 * _CONTRAST * (high - low) * math.sqrt(math.prod(shape))
        weights = _slopes(problem, draw, of_class, batch_size) / largest
    else:
        weights = np.full(len(of_class), checks.number("l2", l2))
    options = {"steps": steps, "batch_size": batch_size, "seed": seed, "verbose": verbose}
    return optimized(problem, draw, of_class, weights.astype("float32"), **options)


def _slopes(problem, draw, of_class, batch_size):
    """Norms of the gradients of the classes' logits at grey, or near it where they are 0: `(n,)`."""
    rows, weights = np.arange(len(of_class)), np.zeros(len(of_class), "float32")

    def norms(attempt):
        found = in_batches(problem.gradient, min(batch_size, len(rows)), draw(rows, attempt), of_class, weights)
        return np.linalg.norm(found.reshape(len(rows), -1), axis=1)

    at_grey = norms(0)
    return at_grey if at_grey.all() else np.where(at_grey > 0, at_grey, norms(1))


@functools.lru_cache(maxsize=16)
def _class_problem(seen, optimizer, jitter):
    logits, middle = seen.logits(), sum(seen.value_range) / 2

    def distance(images, classes, weights):
        return weights * ops.sum(ops.square(images - middle), axis=tuple(range(1, len(images.shape))))

    return InputOptimization(
        lambda images, classes, weights: -unit_values(logits(images), classes, is_mean=False),
        optimizer,
        seen.value_range,
        regularizers={"l2": (1.0, distance)},
        jitter=jitter,
    )
