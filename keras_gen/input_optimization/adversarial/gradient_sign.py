"""Attacks by the sign of the gradient: one step (FGSM), and many with a projection (PGD)."""

import functools

import numpy as np
from keras import ops

from keras_gen import backend, checks, losses
from keras_gen.input_optimization.adversarial.attack import Attack, failure_log_odds
from keras_gen.input_optimization.descent import SteepestDescent
from keras_gen.input_optimization.engine import InputOptimization
from keras_gen.input_optimization.projections import ball, in_ball


def fgsm(
    model, images, labels, epsilon=0.25, targets=None, value_range=None, preprocess=None, batch_size=256, verbose=0
):
    """Fast gradient sign method: one step of length epsilon in the largest norm, away from the label.

    x' = x + epsilon sign(d loss(x, label) / d x)
    x' = x - epsilon sign(d loss(x, target) / d x)    with targets

    with the cross-entropy as the loss; x' is clipped to the range. Signs are exact also where probabilities are rounded
    to 0 and 1. Images that the model misclassifies already are left as they are and, with targets, also those that it
    classifies as their targets.

    Args:
        model: Keras classifier of images `(batch, *shape)`, which ends in logits or in a softmax, or a
            `models.Classifier`.
        images: Finite array `(n, *shape)` in the range.
        labels: Integer array `(n,)` of the true classes, from 0 on.
        epsilon: Largest change of a pixel, in its units: a quarter of the range is 0.25 for (0, 1) and 64 for (0, 255).
            A number in [0, width of the range]. Defaults to 0.25.
        targets: Integer array `(n,)` of the classes that the images are to be taken for, or `None` for any but the
            label. Defaults to `None`.
        value_range: The pair (lowest, highest) of the images' values, which attacked images keep. Defaults to `None`:
            the model's own, which only a `models.Classifier` knows.
        preprocess: Function of tensors of images in front of the model, such as
            `keras.applications.vgg16.preprocess_input`; the gradient passes through it. Defaults to `None`.
        batch_size: Images attacked at once, an integer >= 1. Defaults to 256.
        verbose: 1 shows a progress bar. Defaults to 0.

    Returns:
        The attacked images: float32 array `(n, *shape)`.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> fgsm(model, [[0.75, 0.5]], [0], epsilon=0.25, value_range=(0, 1)).tolist()
    [[0.5, 0.75]]

    Reference:
        Goodfellow, Shlens and Szegedy, 2015, arXiv:1412.6572, section 4; with targets: Kurakin, Goodfellow and Bengio,
        2017, arXiv:1611.01236, section 2.
    """
    attack = Attack(model, images, labels, targets, value_range, preprocess, batch_size, verbose)
    epsilon, step = attack.size("epsilon", epsilon), _one_step(attack.subject, attack.is_targeted)
    return attack.by_batch(lambda images, aims: step(images, aims, epsilon))


@functools.lru_cache(maxsize=16)
def _one_step(subject, is_targeted):
    logits = subject.logits()

    def step(images, aims, epsilon):
        def gain(images):
            return -failure_log_odds(logits(images), aims, is_targeted)

        perturbation = losses.fast_gradient_sign(gain, images, epsilon)
        return ops.clip(images + perturbation, *subject.value_range)

    compiled = backend.compiled(step)
    return lambda *arrays: compiled(*map(ops.convert_to_tensor, arrays))


def pgd(
    model,
    images,
    labels,
    epsilon=0.25,
    steps=40,
    step_size=None,
    norm="linf",
    random_start=True,
    seed=0,
    targets=None,
    value_range=None,
    preprocess=None,
    batch_size=256,
    verbose=0,
):
    """Projected gradient descent: many steps of steepest descent, each projected to the ball around the image.

    x' <- clip(project(x' + step_size direction(d loss(x', label) / d x')))

    where the direction is the sign of the gradient in the largest norm, and the gradient divided by its norm in L2.

    Args:
        model, images, labels: As in `fgsm`.
        epsilon: Radius of the ball in the norm, a number >= 0; in the largest norm at most the width of the range.
            Defaults to 0.25.
        steps: Number of steps, an integer >= 1. Defaults to 40.
        step_size: Length of a step in the norm, a number > 0. Defaults to `None`: 2.5 epsilon / steps.
        norm: `"linf"`, the largest change of a pixel, or `"l2"`. Defaults to `"linf"`.
        random_start: Whether to start at a random point of the ball, instead of at the image. Defaults to `True`.
        seed: Integer of the random start. Defaults to 0.
        targets, value_range, preprocess, batch_size, verbose: As in `fgsm`.

    Returns:
        The attacked images: float32 array `(n, *shape)`.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> pgd(model, [[0.75, 0.5]], [0], epsilon=0.25, value_range=(0, 1)).round(3).tolist()
    [[0.5, 0.75]]

    Reference:
        Madry et al., 2018, arXiv:1706.06083, section 2.1.
    """
    attack = Attack(model, images, labels, targets, value_range, preprocess, batch_size, verbose)
    checks.choice("norm", norm, ["l2", "linf"])
    epsilon = attack.size("epsilon", epsilon) if norm == "linf" else checks.number("epsilon", epsilon)
    steps, seed = checks.integer("steps", steps), checks.integer("seed", seed, minimum=0)
    step_size = 2.5 * epsilon / steps if step_size is None else checks.positive("step_size", step_size)
    starts = np.zeros_like(attack.images)
    if random_start:
        starts = in_ball(attack.images.shape, epsilon, norm, seed)
    descent = _descent(attack.subject, attack.is_targeted, epsilon, step_size, norm)
    return attack.by_batch(
        lambda images, aims, starts: descent.run(images + starts, aims, images, steps=steps).images, starts
    )


@functools.lru_cache(maxsize=16)
def _descent(subject, is_targeted, epsilon, step_size, norm):
    logits, within = subject.logits(), ball(epsilon, norm)
    return InputOptimization(
        lambda images, aims, centers: failure_log_odds(logits(images), aims, is_targeted),
        SteepestDescent(step_size, norm),
        subject.value_range,
        [lambda images, aims, centers: within(images, centers)],
    )
