"""One perturbation for all images."""

import functools
import math

import keras
import numpy as np
from keras import ops

from keras_gen import checks, losses
from keras_gen.input_optimization.adversarial.attack import Attack
from keras_gen.input_optimization.engine import InputOptimization
from keras_gen.input_optimization.projections import ball, in_ball
from keras_gen.input_optimization.subjects import logits_in_batches

_LARGEST_LOSS = 9.0  # as published
_SOFTNESS = 0.1  # temperature of the softmax, as a share of the images' mean margin
_TINY = 1e-6


def universal_perturbation(
    model,
    images,
    labels,
    epsilon=0.3,
    norm="linf",
    steps=300,
    starts=4,
    learning_rate=0.3,
    seed=0,
    value_range=None,
    preprocess=None,
    batch_size=256,
    verbose=0,
):
    """A universal perturbation: one that changes the class of most images, also of those it was not made from.

    maximise over v    mean_x min(-log p_class(clip(x + v)), 9)    with ||v|| <= epsilon, p = softmax(Z / T)

    by Adam on batches of images x, where class is the one that the model gives to x. As published, T is 1; here it is a
    tenth of the mean margin of x in the logits Z, so that it does not matter how sure the network is. The limit of 9
    keeps a few images that are fooled already from counting most. Several starts, drawn from the ball, are optimised at
    once; the result is the v that changes the class of most of the images.

    Args:
        model, images: As in `fgsm`.
        labels: As in `fgsm`; images that are misclassified take no part.
        epsilon: Radius of the ball in the norm, a number >= 0, in units of the pixels, as in `fgsm`. Defaults to 0.3.
        norm: `"linf"` or `"l2"`. Defaults to `"linf"`.
        steps: Number of steps, an integer >= 1. Defaults to 300.
        starts: Number of starts, an integer >= 1. Defaults to 4.
        learning_rate: Adam's first, which falls to 0 along a cosine, as a share of what a pixel may change by: of
            epsilon, or in L2 of epsilon / sqrt(pixels). A number > 0. Defaults to 0.3.
        seed: Integer of the starts and of the batches. Defaults to 0.
        value_range, preprocess: As in `fgsm`.
        batch_size: Images attacked at once, an integer >= `starts`; each start has its part of them. Defaults to 256.
        verbose: As in `fgsm`.

    Returns:
        The perturbation v, float32 array `(*shape)`. The attacked images are `numpy.clip(images + v, *value_range)`.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> v = universal_perturbation(model, [[0.75, 0.5], [0.75, 0.625]], [0, 0], steps=50, value_range=(0, 1))
    >>> v.round(1)
    array([-0.3,  0.3], dtype=float32)

    Reference:
        Shafahi et al., 2020, arXiv:1811.11304, section 3 (gradient ascent with a clipped loss); the idea:
        Moosavi-Dezfooli, Fawzi, Fawzi and Frossard, 2017, arXiv:1610.08401.
    """
    attack = Attack(model, images, labels, None, value_range, preprocess, batch_size)
    checks.choice("norm", norm, ["l2", "linf"])
    epsilon = attack.size("epsilon", epsilon) if norm == "linf" else checks.number("epsilon", epsilon)
    steps, starts = checks.integer("steps", steps), checks.integer("starts", starts)
    learning_rate, seed = checks.positive("learning_rate", learning_rate), checks.integer("seed", seed, minimum=0)
    if starts > attack.batch_size:
        raise ValueError(
            "Each start needs an image of the batch. Expected: batch_size >= starts. Received: "
            f"batch_size={attack.batch_size}, starts={starts}"
        )

    logits = logits_in_batches(attack.subject, min(attack.batch_size, len(attack.images)), attack.images)
    right = logits.argmax(axis=1) == attack.labels
    images, classes, shape = attack.images[right], attack.labels[right], attack.images.shape[1:]
    if not len(images) or not epsilon:
        return np.zeros(shape, "float32")
    temperature = _SOFTNESS * np.ptp(np.sort(logits[right], axis=1)[:, -2:], axis=1).mean()
    temperatures = np.full(starts, max(temperature, _TINY), "float32")
    size, rng = min(attack.batch_size // starts, len(images)), np.random.default_rng([seed, 1])

    def batches(step):
        rows = rng.choice(len(images), size, replace=False)
        return tuple(np.broadcast_to(array[rows], (starts, *array[rows].shape)) for array in (images, classes))

    def fooled(perturbation):
        moved = np.clip(images + perturbation, *attack.subject.value_range)
        found = logits_in_batches(attack.subject, min(attack.batch_size, len(images)), moved)
        return np.mean(found.argmax(axis=1) != classes)

    rate = learning_rate / (1.0 if norm == "linf" else math.sqrt(math.prod(shape)))
    found = _ascent(attack.subject, epsilon, norm, steps, rate).run(
        in_ball((starts, *shape), 1.0, norm, seed), temperatures, steps=steps, verbose=verbose, batches=batches
    )
    return max((epsilon * unit for unit in found.images), key=fooled)


@functools.lru_cache(maxsize=16)
def _ascent(subject, epsilon, norm, steps, rate):
    """Of v / epsilon, which is of one size whatever the units of the pixels."""
    logits, within = subject.logits(), ball(1.0, norm)

    def objective(units, temperatures, images, classes):
        moved = images + epsilon * units[:, None]
        # The gradient passes through the clipping: else a pixel that is black in all images could not leave v < 0
        moved = moved + ops.stop_gradient(ops.clip(moved, *subject.value_range) - moved)
        outputs = logits(ops.reshape(moved, (-1, *moved.shape[2:]))) / temperatures[0]
        loss = ops.softplus(losses.error_log_odds(ops.reshape(classes, (-1,)), outputs))
        return -ops.mean(ops.minimum(ops.reshape(loss, ops.shape(classes)), _LARGEST_LOSS), axis=1)

    return InputOptimization(
        objective,
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)),
        projections=[lambda units, *data: within(units, ops.zeros_like(units))],
    )
