"""The attack by box-constrained L-BFGS: the smallest perturbation, by a search on its weight."""

import functools

import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.input_optimization.adversarial.attack import Attack, failure_log_odds
from keras_gen.input_optimization.together import together

_FACTOR, _FIRST = 10.0, 1.0  # by which the weight changes until it is between a success and a failure; the first weight
_EXTREME = 1e-8, 1e4  # weights that end the search


def lbfgs(
    model,
    images,
    labels,
    steps=50,
    search_steps=8,
    targets=None,
    value_range=None,
    preprocess=None,
    batch_size=64,
    verbose=0,
):
    """Box-constrained L-BFGS: the perturbation of least weight that changes the class, within the range of pixels.

    minimise over r    c ||r / w||_2^2 + loss(x + r, target)    with x + r in the range, of width w

    The loss is the cross-entropy of the target, -log p_target, or, without targets, that of all classes but the label,
    -log(1 - p_label); the negative cross-entropy of the label has no slope where the label is sure. For each image, the
    largest c is sought whose minimiser succeeds: first in steps of a factor of 10, then by halving the interval of
    log c. The reference has the norm without a square, and pixels from 0 to 1.

    Args:
        model, images, labels: As in `fgsm`.
        steps: Largest number of steps of L-BFGS for one c, an integer >= 1. Defaults to 50.
        search_steps: Halvings of the interval of c, an integer >= 0. Defaults to 8.
        targets, value_range, preprocess: As in `fgsm`.
        batch_size: As in `fgsm`: so many minimisations run side by side. Defaults to 64.
        verbose: As in `fgsm`.

    Returns:
        The attacked images: float32 array `(n, *shape)`. An image for which no c succeeds is left as it is.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> lbfgs(model, [[0.75, 0.5]], [0], value_range=(0, 1)).round(2)
    array([[0.62, 0.63]], dtype=float32)

    Reference:
        Szegedy et al., 2014, arXiv:1312.6199, section 4.1.
    """
    attack = Attack(model, images, labels, targets, value_range, preprocess, batch_size, verbose)
    steps, search_steps = checks.integer("steps", steps), checks.integer("search_steps", search_steps, minimum=0)
    evaluated, (low, high) = _values(attack.subject, attack.is_targeted), attack.subject.value_range
    width = high - low

    def function(images, aims):
        def evaluate(indices, points):
            points = (low + width * points).reshape(-1, *images.shape[1:]).astype("float32")
            loss, gradient, logits = evaluated(ops.convert_to_tensor(points), ops.convert_to_tensor(aims[indices]))
            success = attack.succeeded(logits, aims[indices])
            slopes = width * np.asarray(gradient, "float64").reshape(len(points), -1)
            return np.asarray(loss, "float64"), slopes, success

        def work(index, evaluate):
            image = (images[index].ravel().astype("float64") - low) / width
            return _smallest(image, evaluate, steps, search_steps)

        found = np.stack(together(work, len(images), evaluate)).reshape(images.shape)
        return np.clip(low + width * found, low, high)

    return attack.by_batch(function)


def _smallest(image, evaluate, steps, search_steps):
    """The minimiser of the largest weight that succeeds, for one image in [0, 1]; the image itself if none does."""
    from scipy.optimize import minimize

    best = image

    def succeeds(weight):
        nonlocal best

        def function(point):
            loss, gradient, _ = evaluate(point)
            return loss + weight * np.sum((point - image) ** 2), gradient + 2 * weight * (point - image)

        found = minimize(
            function,
            image,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, 1)] * len(image),
            options={"maxiter": steps, "maxfun": 2 * steps},
        )
        success = bool(evaluate(found.x.astype("float32"))[2])
        if success and (best is image or np.sum((found.x - image) ** 2) < np.sum((best - image) ** 2)):
            best = found.x
        return success

    weight = _FIRST
    is_large = succeeds(weight)  # whether larger weights are tried
    low, high = _EXTREME
    while low < weight < high:
        weight = weight * _FACTOR if is_large else weight / _FACTOR
        if succeeds(weight) != is_large:
            break
    else:
        return best
    failing, working = (weight, weight / _FACTOR) if is_large else (weight * _FACTOR, weight)
    for _ in range(search_steps):
        middle = np.sqrt(failing * working)
        if succeeds(middle):
            working = middle
        else:
            failing = middle
    return best


@functools.lru_cache(maxsize=16)
def _values(subject, is_targeted):
    """The compiled function from images and aims to the loss, its gradient, both of each image, and the logits."""
    logits = subject.logits()

    def values(images, aims):
        def total():
            outputs = logits(images)
            loss = ops.softplus(failure_log_odds(outputs, aims, is_targeted))
            return ops.sum(loss), (loss, outputs)

        (loss, outputs), (gradient,) = backend.value_and_grad(total, [images])
        return loss, gradient, outputs

    return backend.compiled(values)
