"""Images that a layer cannot tell from a given one."""

import functools
import math
import typing

import numpy as np
from keras import ops

from keras_gen import checks, losses
from keras_gen.input_optimization.batches import in_batches
from keras_gen.input_optimization.engine import LBFGS, InputOptimization
from keras_gen.input_optimization.starts import optimized, random_start
from keras_gen.input_optimization.subjects import subject
from keras_gen.input_optimization.visualization.maps import compiled_outputs
from keras_gen.input_optimization.visualization.units import output_shape

_FAINT = 0.05  # standard deviation of the start, as a share of the range


class Inversion(typing.NamedTuple):
    """Images with nearly the codes of others.

    Args:
        images: float32 array `(n, *shape)`.
        distances: float32 array `(n,)`, the relative distances of the codes, ||Phi(x) - Phi(x_0)|| / ||Phi(x_0)||.

    Example:

    >>> Inversion(np.zeros((1, 2)), np.array([0.1])).distances.tolist()
    [0.1]
    """

    images: np.ndarray
    distances: np.ndarray


def invert(
    model,
    images,
    layer,
    l2=1e-3,
    total_variation=1e-2,
    steps=200,
    optimizer=None,
    seed=0,
    value_range=None,
    preprocess=None,
    batch_size=16,
    verbose=0,
):
    """Images, found from noise, whose codes in a layer are those of given images: what the layer has kept of them.

    minimise over x    ||Phi(x) - Phi(x_0)||^2 / ||Phi(x_0)||^2 + l2 mean(d^2) + total_variation TV(d) / N

    with x in the range, where Phi is the layer's output, d = (x - m) / r the image measured from the middle m of the
    range in units of half its width r, TV(d) the sum of its squared differences between neighbours, and N the number of
    values of an image.

    Args:
        model: As in `feature_maps`.
        images: Finite array `(n, *shape)` in the range.
        layer: Name of a layer, `model/layer` within a model.
        l2: Weight of the squared distance from grey, a number >= 0. Defaults to 1e-3.
        total_variation: Weight of the squared total variation, a number >= 0; 0 for inputs that are no images.
            Defaults to 1e-2.
        steps: Number of steps, an integer >= 0; for L-BFGS, at most. Defaults to 200.
        optimizer: As in `InputOptimization`. Defaults to `None`: `LBFGS()`.
        seed: Integer of the start. Defaults to 0.
        value_range, preprocess: As in `feature_maps`.
        batch_size: Images at once, an integer >= 1. Defaults to 16.
        verbose: 1 shows a progress bar. Defaults to 0.

    Returns:
        `Inversion`: images `(n, *shape)` and the relative distances `(n,)` of their codes.

    Raises:
        ValueError: If an argument is not of this form, if the layer does not exist, or if a code is 0.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity", name="id")])
    >>> invert(model, [[0.75, 0.5]], "id", 0.0, 0.0, value_range=(0, 1)).images.round(3).tolist()
    [[0.75, 0.5]]

    Reference:
        Mahendran and Vedaldi, 2015, arXiv:1412.0035, section 2; with the squared L2 norm instead of the sixth power.
    """
    seen = subject(model, value_range, preprocess)
    images, batch_size = seen.check("images", images), checks.integer("batch_size", batch_size)
    outputs, size = compiled_outputs(seen, (layer,)), min(batch_size, len(images))
    if None in seen.shape:
        output_shape(seen, layer, images.shape[1:])  # raises if the images are too small
    codes = in_batches(outputs, size, images)[0]
    norms = _norms(codes)
    if not norms.all():
        raise ValueError(
            f"An image whose code is 0 cannot be found from it. Expected: codes of layer '{layer}' with entries that "
            f"are not 0. Received: codes of 0 for images {checks.listed(np.flatnonzero(norms == 0).tolist())}"
        )
    weights = checks.number("l2", l2), checks.number("total_variation", total_variation)
    problem = _inversion(seen, layer, *weights, LBFGS() if optimizer is None else optimizer, images.shape[1:])
    low, high = seen.value_range
    draw = random_start(images.shape[1:], (low + high) / 2, _FAINT * (high - low), seed)
    found = optimized(problem, draw, codes, steps=steps, batch_size=batch_size, seed=seed, verbose=verbose)
    return Inversion(found, _norms(in_batches(outputs, size, found)[0] - codes) / norms)


def _norms(codes):
    return np.linalg.norm(codes.reshape(len(codes), -1), axis=1)


@functools.lru_cache(maxsize=16)
def _inversion(seen, layer, l2, total_variation, optimizer, shape):
    outputs, (low, high) = seen.outputs([layer]), seen.value_range

    def scaled(images):
        return (images - (low + high) / 2) * (2 / (high - low))

    def distance(images, codes):
        squares = losses.squared_error(codes, outputs(images)[0])
        return squares / losses.squared_error(codes, ops.zeros_like(codes))

    def size(images, codes):
        return ops.mean(ops.square(scaled(images)), axis=tuple(range(1, len(images.shape))))

    def variation(images, codes):
        return losses.total_variation(scaled(images), power=2) / math.prod(shape)

    terms = {"l2": (l2, size), "total_variation": (total_variation, variation)}
    used = {name: term for name, term in terms.items() if term[0]}
    return InputOptimization(distance, optimizer, seen.value_range, regularizers=used)
