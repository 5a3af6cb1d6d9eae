"""DeepFool: the nearest decision boundary, by linear steps."""

import functools

import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.input_optimization.adversarial.attack import Attack

_TINY = 1e-8
_BEYOND = 1e-4  # what each step is lengthened by, as in the authors' code: without, clipped steps may stop short


def deepfool(
    model,
    images,
    labels,
    steps=50,
    overshoot=0.02,
    candidates=10,
    norm="l2",
    value_range=None,
    preprocess=None,
    batch_size=256,
    verbose=0,
):
    """DeepFool: the smallest perturbation that reaches another class, where the logits were linear.

    With w_k = grad f_k(x) - grad f_label(x) and d_k = f_k(x) - f_label(x), each step takes the nearest class,

        k = argmin |d_k| / ||w_k||_2,    x <- x + |d_k| / ||w_k||_2^2 w_k    norm "l2"
        k = argmin |d_k| / ||w_k||_1,    x <- x + |d_k| / ||w_k||_1 sign(w_k)    norm "linf"

    until one of the classes that are considered is above the label. The steps together, times 1 + overshoot, are the perturbation; attacked images are clipped
    to the range in each step, so that there may be more steps than in the reference, whose images have no range. There
    are no targets: the nearest class is the method's result.

    Args:
        model, images, labels: As in `fgsm`.
        steps: Largest number of steps, an integer >= 1. Defaults to 50.
        overshoot: What the perturbation is lengthened by, as a share, a number >= 0. Defaults to 0.02, as published.
        candidates: Number of classes that are considered, those of the highest logits, an integer >= 2. Defaults to 10,
            as published.
        norm: Norm that is minimised, `"l2"` or `"linf"`. Defaults to `"l2"`.
        value_range, preprocess, batch_size, verbose: As in `fgsm`.

    Returns:
        The attacked images: float32 array `(n, *shape)`. Those that are not fooled after `steps` are far from the
        original; `report` counts them.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> deepfool(model, [[0.75, 0.5]], [0], overshoot=0.0, steps=1, value_range=(0, 1)).round(2)
    array([[0.62, 0.63]], dtype=float32)

    Reference:
        Moosavi-Dezfooli, Fawzi and Frossard, 2016, arXiv:1511.04599, algorithm 2 and section 3.3.
    """
    attack = Attack(model, images, labels, None, value_range, preprocess, batch_size, verbose)
    steps, overshoot = checks.integer("steps", steps), checks.number("overshoot", overshoot)
    most = min(checks.integer("candidates", candidates, minimum=2), attack.subject.num_classes) - 1
    step = linear_step(attack.subject, checks.choice("norm", norm, ["l2", "linf"]), most)

    def function(images, labels):
        others = likely_others(attack.logits(images), labels, most)
        return fooled(step, images, labels, others, steps, overshoot)

    return attack.by_batch(function)


def likely_others(logits, labels, most):
    """The classes but the label with the highest logits `(n, classes)`, at most `most`: int32 array."""
    order = np.argsort(-np.asarray(logits), axis=1, kind="stable")
    others = order[order != np.asarray(labels)[:, None]].reshape(len(order), -1)
    return others[:, :most].astype("int32")


def fooled(step, images, labels, others, steps, overshoot):
    """Images after up to `steps` of a `linear_step` each, until they are classified as something else."""
    moved, total, rows = images.copy(), np.zeros_like(images), np.arange(len(images))
    for _ in range(steps + 1):
        parts = (ops.convert_to_tensor(array[rows]) for array in (images, total, labels, others))
        moved[rows], total[rows], is_right = (np.asarray(part) for part in step(*parts, 1.0 + overshoot))
        rows = rows[is_right]
        if not len(rows):
            break
    return moved


@functools.lru_cache(maxsize=16)
def linear_step(subject, norm, others):
    """The compiled step of DeepFool: (images, total, labels, others, factor) -> (moved, next total, is_right).

    It is for one number of `others`, the classes that are considered, `(n, others)`. `total` is the sum of the steps,
    `moved` are the images after the steps so far, and `is_right` tells which of these still have their label above all
    of the others.
    """
    logits = subject.logits()

    def step(images, total, labels, others, factor):
        moved = ops.clip(images + factor * total, *subject.value_range)

        def margins(x):
            outputs = logits(x)
            return ops.take_along_axis(outputs, others, axis=1) - ops.take_along_axis(outputs, labels[:, None], axis=1)

        distances, slopes = backend.value_and_few_slopes(margins, moved)  # (n, candidates), (n, candidates, ...)
        pixels, ones = tuple(range(2, len(slopes.shape))), [1] * (len(slopes.shape) - 2)
        is_right, distances = ops.all(distances <= 0, axis=1), ops.abs(distances)
        sizes = ops.sqrt(ops.sum(slopes**2, axis=pixels)) if norm == "l2" else ops.sum(ops.abs(slopes), axis=pixels)
        sizes = ops.maximum(sizes, _TINY)
        lengths = distances / sizes
        nearest = ops.one_hot(ops.argmin(lengths, axis=1), distances.shape[1])  # (n, candidates)
        slope = ops.sum(slopes * ops.reshape(nearest, (*ops.shape(nearest), *ones)), axis=1)  # (n, *shape)
        length, size = (ops.sum(values * nearest, axis=1) for values in (lengths + _BEYOND, sizes))
        length, size = (ops.reshape(values, (-1, *ones)) for values in (ops.where(is_right, length, 0.0), size))
        return moved, total + length * (slope / size if norm == "l2" else ops.sign(slope)), is_right

    return backend.compiled(step)
