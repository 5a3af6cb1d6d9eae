"""DeepFool: the nearest decision boundary, by linear steps."""

import functools

import numpy as np
from keras import ops

from keras_gen import backend, checks
from keras_gen.input_optimization.adversarial.attack import Attack

_TINY = 1e-8
_BEYOND = 1e-4  # what each step is lengthened by, as in the authors' code: without, steps may stop short
_ANEW = 2  # steps that go from the image itself; with 3 of them LeNet-5 took 15 % longer, for 3 % smaller changes
_CORRECTIONS = 8  # of a step, each for pixels that have reached an end of the range by the one before


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

    until one of the classes that are considered is above the label. The steps together, times 1 + overshoot, are the
    perturbation. There are no targets: the nearest class is the method's result.

    The reference has no range, and adds each step to those before. Here pixels stop at the ends of the range, and a
    step goes on with the others until the linear margin is 0; only pixels that can still move count in ||w_k||. Cutting
    the published steps would take more of them. And the second step replaces the first: it goes from the image to the
    boundary as it is seen from where the first has led, which is usually nearer than the sum of both.

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
    step = _linear_step(attack.subject, checks.choice("norm", norm, ["l2", "linf"]), most)

    def function(images, labels):
        others = _likely_others(attack.logits(images), labels, most)
        return _fooled(step, images, labels, others, steps, overshoot)

    return attack.by_batch(function)


def _likely_others(logits, labels, most):
    """The classes but the label with the highest logits `(n, classes)`, at most `most`: int32 array."""
    order = np.argsort(-np.asarray(logits), axis=1, kind="stable")
    others = order[order != np.asarray(labels)[:, None]].reshape(len(order), -1)
    return others[:, :most].astype("int32")


def _fooled(step, images, labels, others, steps, overshoot):
    """Images after up to `steps` of a `_linear_step` each, until they are classified as something else."""
    moved, total, rows = images.copy(), np.zeros_like(images), np.arange(len(images))
    for number in range(steps + 1):
        parts = (ops.convert_to_tensor(array[rows]) for array in (images, total, labels, others))
        options = ops.convert_to_tensor(1.0 + overshoot), ops.convert_to_tensor(number < _ANEW)
        moved[rows], total[rows], is_right = (np.asarray(part) for part in step(*parts, *options))
        rows = rows[is_right]
        if not len(rows):
            break
    return moved


@functools.lru_cache(maxsize=16)
def _linear_step(subject, norm, others):
    """The compiled step of DeepFool: (images, total, labels, others, factor, anew) -> (moved, next total, is_right).

    It is for one number of `others`, the classes that are considered, `(n, others)`. `total` is the sum of the steps,
    `moved` are the images after the steps so far, and `is_right` tells which of these still have their label above all
    of the others. `anew` is whether the step goes from the images, or from `moved`, from where the slopes are.
    """
    logits = subject.logits()

    def step(images, total, labels, others, factor, anew):
        moved = ops.clip(images + factor * total, *subject.value_range)

        def margins(x):
            outputs = logits(x)
            return ops.take_along_axis(outputs, others, axis=1) - ops.take_along_axis(outputs, labels[:, None], axis=1)

        distances, slopes = backend.value_and_few_slopes(margins, moved)  # (n, candidates), (n, candidates, ...)
        is_right = ops.all(distances <= 0, axis=1)
        pixels, ones = tuple(range(2, len(slopes.shape))), [1] * (len(slopes.shape) - 2)
        at_images = distances + ops.sum(slopes * (images - moved)[:, None], axis=pixels)
        anew = ops.logical_and(anew, ops.all(at_images < 0, axis=1))  # else the slopes do not fit as far as the image
        begin = ops.where(ops.reshape(anew, (-1, *ones)), images, moved)
        before = ops.where(ops.reshape(anew, (-1, *ones)), 0.0, total)
        distances = ops.abs(ops.where(anew[:, None], at_images, distances))
        can_move = _can_move(slopes, begin[:, None], subject.value_range)
        powers = ops.where(can_move, ops.square(slopes) if norm == "l2" else ops.abs(slopes), 0.0)
        sizes = ops.maximum(ops.sum(powers, axis=pixels) ** (0.5 if norm == "l2" else 1.0), _TINY)
        lengths = distances / sizes
        nearest = ops.one_hot(ops.argmin(lengths, axis=1), distances.shape[1])  # (n, candidates)
        slope = ops.sum(slopes * ops.reshape(nearest, (*ops.shape(nearest), *ones)), axis=1)  # (n, *shape)
        gain = ops.sum((lengths + _BEYOND) * sizes * nearest, axis=1)
        change = _change(begin, slope, slope if norm == "l2" else ops.sign(slope), gain, subject.value_range)
        return moved, before + change, is_right

    return backend.compiled(step)


def _can_move(slopes, images, value_range):
    """Which pixels can move along slopes without leaving the range."""
    low, high = value_range
    return ops.where(slopes > 0, images < high, images > low)


def _change(images, slope, direction, gain, value_range):
    """The change along a direction that raises a function of that slope by `gain`, `(n,)`, within the range.

    By Newton's method for its length, whose first step is the whole without a range. The raise is concave in the
    length, so that no step goes too far.
    """
    axes, ones = tuple(range(1, len(images.shape))), [1] * (len(images.shape) - 1)
    length, moved = ops.zeros_like(gain), images
    for _ in range(_CORRECTIONS):
        missing = gain - ops.sum(slope * (moved - images), axis=axes)
        rate = ops.sum(ops.where(_can_move(slope, moved, value_range), slope * direction, 0.0), axis=axes)
        length = length + ops.maximum(missing, 0.0) / ops.maximum(rate, _TINY)
        moved = ops.clip(images + ops.reshape(length, (-1, *ones)) * direction, *value_range)
    return moved - images
