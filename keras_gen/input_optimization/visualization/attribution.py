"""The pixels that a classifier's logit depends on: gradients on the image, and on the maps of a layer."""

import functools

import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.input_optimization.batches import in_batches
from keras_gen.input_optimization.subjects import subject
from keras_gen.input_optimization.visualization.maps import layers_with_maps
from keras_gen.input_optimization.visualization.units import classes_of, require_images, unit_values


def saliency(
    model, images, classes=None, samples=0, noise=0.15, seed=0, value_range=None, preprocess=None, batch_size=64
):
    """How much a classifier's logit changes with each pixel.

    M_ij = max_k |d S_c / d x_ijk|

    where S_c is the logit of class c and k the channel. With `samples`, the derivative is the mean of those at that
    many noisy copies of the image (SmoothGrad).

    Args:
        model: As in `feature_maps`; a classifier that ends in logits or in a softmax.
        images: Finite array `(n, *shape)` in the range.
        classes: A class for each image, or one for all: integers >= 0. Defaults to `None`: the most probable ones.
        samples: Number of noisy copies, an integer >= 0; 0 for the image itself. Defaults to 0; 50 is published.
        noise: Standard deviation of the noise as a share of the range, a number >= 0. Defaults to 0.15.
        seed: Integer of the noise, which is the same for each image. Defaults to 0.
        value_range, preprocess: As in `feature_maps`.
        batch_size: Images at once, an integer >= 1. Defaults to 64.

    Returns:
        float32 array >= 0, `(n, height, width)`; for inputs that are no images, `(n, *shape)`.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> saliency(model, [[0.75, 0.5]], value_range=(0, 1)).tolist()
    [[1.0, 0.0]]

    Reference:
        Simonyan, Vedaldi and Zisserman, 2014, arXiv:1312.6034, section 3; SmoothGrad: Smilkov et al., 2017,
        arXiv:1706.03825, section 2.
    """
    seen = subject(model, value_range, preprocess)
    images, batch_size = seen.check("images", images), checks.integer("batch_size", batch_size)
    samples, noise = checks.integer("samples", samples, minimum=0), checks.number("noise", noise)
    rng = np.random.default_rng(checks.integer("seed", seed, minimum=0))
    of_class = classes_of(seen, images, classes, batch_size)
    gradients, size = _gradients(seen), min(batch_size, len(images))
    if samples == 0:
        found = in_batches(gradients, size, images, of_class)
    else:
        found, deviation = np.zeros(images.shape, "float32"), noise * (seen.value_range[1] - seen.value_range[0])
        for _ in range(samples):
            noisy = images + rng.normal(scale=deviation, size=images.shape[1:]).astype("float32")
            found += in_batches(gradients, size, noisy, of_class) / samples
    return np.abs(found).max(axis=-1) if found.ndim == 4 else np.abs(found)


@functools.lru_cache(maxsize=16)
def _gradients(seen):
    """The compiled function from images and classes to the derivatives of the classes' logits."""
    logits = seen.logits()

    def function(images, classes):
        gradient = backend.input_gradient(lambda x: unit_values(logits(x), classes, is_mean=False), images)
        return _required(gradient, "The logits do not depend on the images")

    return backend.compiled(function)


def grad_cam(model, images, classes=None, layer=None, value_range=None, preprocess=None, batch_size=64):
    """Where in an image a layer sees what speaks for a class.

    L = relu(sum_k a_k A_k)    with a_k = mean_ij d S_c / d A_kij

    where S_c is the logit of class c and A_k the map of channel k, scaled to the image's size by bilinear
    interpolation.

    Args:
        model, images, classes: As in `saliency`.
        layer: Name of a layer with maps. Defaults to `None`: the last that has some.
        value_range, preprocess: As in `feature_maps`.
        batch_size: Images at once, an integer >= 1. Defaults to 64.

    Returns:
        float32 array `(n, height, width)`, >= 0, in units of the logit; 0 everywhere if nothing speaks for the class.

    Raises:
        ValueError: If an argument is not of this form, if the layer has no maps or the logits do not depend on it, or
            if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(3, 3, name="conv")])
    >>> model.add(keras.layers.GlobalAveragePooling2D())
    >>> model.add(keras.layers.Dense(2))
    >>> grad_cam(model, np.ones((5, 4, 4, 1)), value_range=(0, 1)).shape
    (5, 4, 4)

    Reference:
        Selvaraju et al., 2017, arXiv:1610.02391, equations 1 and 2.
    """
    seen = subject(model, value_range, preprocess)
    require_images(seen)
    images, batch_size = seen.check("images", images), checks.integer("batch_size", batch_size)
    of_class = classes_of(seen, images, classes, batch_size)
    if layer is None:
        with_maps = layers_with_maps(seen.network)
        if not with_maps:
            raise ValueError("The model has no layer with maps. Expected: outputs (batch, height, width, channels).")
        layer = with_maps[-1]
    function = _weighted_maps(seen, layer, images.shape[1:3])
    return in_batches(function, min(batch_size, len(images)), images, of_class)


@functools.lru_cache(maxsize=16)
def _weighted_maps(seen, layer, size):
    """The compiled function from images and classes to the maps of grad-CAM, of the images' size."""
    front, rest = seen.layer_and_logits(layer)

    def function(images, classes):
        maps = front(images)
        if len(maps.shape) != 4:
            raise ValueError(
                f"Layer '{layer}' has no maps. Expected: outputs (batch, height, width, channels). Received: shape "
                f"{tuple(maps.shape)}"
            )
        gradient = backend.input_gradient(lambda a: unit_values(rest(images, a), classes, is_mean=False), maps)
        gradient = _required(gradient, f"The logits do not depend on layer '{layer}'")
        weights = ops.mean(ops.cast(gradient, "float32"), axis=(1, 2), keepdims=True)
        cam = ops.relu(ops.sum(weights * ops.cast(maps, "float32"), axis=-1, keepdims=True))
        return ops.image.resize(cam, size, interpolation="bilinear")[..., 0]

    return backend.compiled(function)


def _required(gradient, problem):
    if gradient is None:
        raise ValueError(f"{problem}, or only by steps. Expected: differentiable operations. Received: no gradient")
    return gradient
