"""Carlini and Wagner's attack: the smallest perturbation by gradient steps on a margin of the logits."""

import functools

import keras
import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.input_optimization.adversarial.attack import Attack
from keras_gen.input_optimization.engine import InputOptimization

# Share of the range that the start of a pixel may use: atanh(1) is infinite, and the gradient of tanh vanishes near it.
_INSIDE = 0.999
_CLEAR = 1e-3  # margin of a success: less could be lost by rounding in a batch of another size
_TINY = 1e-6
_SOFTNESS = 0.2  # first temperature of the other classes, as a share of the image's margin
_FACTOR = 10.0  # by which the weight grows until an attack succeeds


def carlini_wagner(
    model,
    images,
    labels,
    steps=500,
    search_steps=6,
    learning_rate=0.1,
    first_weight=0.1,
    confidence=0.0,
    targets=None,
    value_range=None,
    preprocess=None,
    batch_size=256,
    verbose=0,
):
    """Carlini and Wagner's L2 attack: the smallest perturbation by Adam on a margin of the logits.

    minimise over w    ||x' - x||_2^2 / s^2 + c max(max_{k != target} Z_k(x') - Z_target(x'), -confidence)
    minimise over w    ||x' - x||_2^2 / s^2 + c max(Z_label(x') - max_{k != label} Z_k(x'), -confidence)

    with targets and without, where s is the width of the range, x' = middle + s / 2 tanh(w), which is in the range for
    every w, and Z are the logits. For each image c is sought: it grows by a factor of 10 until an attack succeeds, then
    the interval between failure and success is halved. The result is the nearest of all successful images of all steps.

    Unlike in the reference, without targets the gradient of max Z_k is replaced by that of T logsumexp(Z_k / T), where
    T falls from a fifth of the image's first margin to 0, as the square of the share of the steps that are left. The
    maximum alone leads to the class that is second at the start, which often is not the nearest; here all that are near
    it in logits count at first, whatever the scale of the logits.

    Args:
        model, images, labels: As in `fgsm`.
        steps: Steps for one c, an integer >= 1. Defaults to 500; 10,000 are published.
        search_steps: Number of values of c, an integer >= 1. Defaults to 6; 20 are published.
        learning_rate: Adam's first, which falls to 0 along a cosine, a number > 0. Defaults to 0.1; the published 0.01
            needs its 10,000 steps, for a black or white pixel starts at |w| = 3.8 and moves by about the rate a step.
        first_weight: The first c, a number > 0. Defaults to 0.1.
        confidence: Margin that the logits are to reach, a number >= 0. Defaults to 0, for the nearest images; larger
            ones fool other models, too.
        targets, value_range, preprocess, batch_size, verbose: As in `fgsm`.

    Returns:
        The attacked images: float32 array `(n, *shape)`. An image for which no attack succeeds is left as it is.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> carlini_wagner(model, [[0.75, 0.5]], [0], steps=60, search_steps=2, value_range=(0, 1)).round(1)
    array([[0.6, 0.6]], dtype=float32)

    Reference:
        Carlini and Wagner, 2017, arXiv:1608.04644, sections V and VI.A, the function f_6.
    """
    attack = Attack(model, images, labels, targets, value_range, preprocess, batch_size, verbose)
    steps, search_steps = checks.integer("steps", steps), checks.integer("search_steps", search_steps)
    learning_rate = checks.positive("learning_rate", learning_rate)
    confidence = checks.number("confidence", confidence)
    problem = _problem(attack.subject, attack.is_targeted, learning_rate, steps, confidence)
    first_weight = checks.positive("first_weight", first_weight)

    def function(images, aims):
        logits = np.asarray(attack.logits(images))
        temperatures = _SOFTNESS * np.ptp(np.sort(logits, axis=1)[:, -2:], axis=1)
        return _nearest(problem, attack.subject, images, aims, temperatures, steps, search_steps, first_weight)

    return attack.by_batch(function)


def _nearest(problem, subject, images, aims, temperatures, steps, search_steps, first_weight):
    """The nearest successful image of all steps with all weights, or the image itself."""
    low, high = value_range = subject.value_range
    start = np.arctanh(np.clip((2 * images - high - low) / (high - low), -1, 1) * _INSIDE)
    best, least = images.copy(), np.full(len(images), np.inf)
    failing, working = np.zeros(len(images)), np.full(len(images), np.inf)
    weights = np.full(len(images), first_weight)

    def cooled(step):
        return (np.maximum(temperatures * (1 - step / steps) ** 2, _TINY).astype("float32"),)

    for _ in range(search_steps):
        succeeded = np.zeros(len(images), bool)

        def keep(step, latents, terms, succeeded=succeeded):
            distances, margins = np.asarray(terms)
            succeeded |= margins == 0
            nearer = (margins == 0) & (distances < least)
            if nearer.any():
                least[nearer] = distances[nearer]
                best[nearer] = np.asarray(_pixels(latents, value_range))[nearer]

        weighted = images, aims, weights.astype("float32")
        problem.run(start, *weighted, steps=steps, on_step=keep, batches=cooled)
        working, failing = np.where(succeeded, weights, working), np.where(succeeded, failing, weights)
        weights = np.where(np.isinf(working), _FACTOR * weights, (failing + working) / 2)
    return best


def _pixels(latents, value_range):
    low, high = value_range
    return (high + low) / 2 + (high - low) / 2 * ops.tanh(latents)


@functools.lru_cache(maxsize=16)
def _problem(subject, is_targeted, learning_rate, steps, confidence):
    """The squared distance, and the weighted margin that the logits are short of."""
    logits, num_classes = subject.logits(), subject.num_classes
    width = subject.value_range[1] - subject.value_range[0]

    def distance(latents, images, aims, weights, temperatures):
        differences = (_pixels(latents, subject.value_range) - images) / width
        return ops.sum(ops.square(differences), axis=tuple(range(1, len(images.shape))))

    def margin(latents, images, aims, weights, temperatures):
        outputs = logits(_pixels(latents, subject.value_range))
        is_aim = ops.one_hot(aims, num_classes, dtype="bool")
        of_aim = ops.sum(ops.where(is_aim, outputs, 0.0), axis=1)
        others = ops.where(is_aim, -np.inf, outputs)
        largest = ops.max(others, axis=1)
        soft = temperatures * ops.logsumexp(others / temperatures[:, None], axis=1)
        short = largest - of_aim if is_targeted else of_aim - (soft + ops.stop_gradient(largest - soft))
        return weights * ops.relu(short + max(confidence, _CLEAR))

    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    return InputOptimization(distance, keras.optimizers.Adam(rate), regularizers={"margin": (1.0, margin)})
