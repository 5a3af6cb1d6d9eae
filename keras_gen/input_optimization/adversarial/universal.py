"""One perturbation for all images."""

import numpy as np
from keras import ops

from keras_gen import checks
from keras_gen.input_optimization.adversarial.attack import Attack
from keras_gen.input_optimization.adversarial.deepfool import fooled, likely_others, linear_step
from keras_gen.input_optimization.projections import ball
from keras_gen.input_optimization.subjects import logits_in_batches


def universal_perturbation(
    model,
    images,
    labels,
    epsilon=0.3,
    norm="linf",
    fooling_rate=0.8,
    epochs=5,
    steps=10,
    overshoot=0.02,
    candidates=10,
    seed=0,
    value_range=None,
    preprocess=None,
    batch_size=256,
    verbose=0,
):
    """A universal perturbation: one that changes the class of most images, also of those it was not made from.

    v <- project(v + deepfool(x + v)),    x the images in random order whose class v does not change

    It is added to images within the range, x' = clip(x + v). An epoch goes over all images; the best v of all epochs is
    the result. The fooling rate is the share of images whose class changes, whatever their label; v = 0 has 0.

    Args:
        model, images: As in `fgsm`.
        labels: As in `fgsm`. As published, the perturbation does not depend on them; images that are misclassified
            take no part.
        epsilon: Radius of the ball in the norm that v is projected to, a number >= 0, in units of the pixels, as in
            `fgsm`. Defaults to 0.3.
        norm: `"linf"` or `"l2"`. Defaults to `"linf"`.
        fooling_rate: Share of the images from which on no further epoch begins, a number in (0, 1). Defaults to 0.8.
        epochs: Largest number of epochs, an integer >= 1. Defaults to 5.
        steps, overshoot, candidates: As in `deepfool`. `steps` defaults to 10.
        seed: Integer of the order of the images. Defaults to 0.
        value_range, preprocess, batch_size: As in `fgsm`.
        verbose: 1 prints the fooling rate of each epoch. Defaults to 0.

    Returns:
        The perturbation v, float32 array `(*shape)`. The attacked images are `numpy.clip(images + v, *value_range)`.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> universal_perturbation(model, [[0.75, 0.5], [0.75, 0.625]], [0, 0], value_range=(0, 1)).round(2)
    array([-0.13,  0.13], dtype=float32)

    Reference:
        Moosavi-Dezfooli, Fawzi, Fawzi and Frossard, 2017, arXiv:1610.08401, algorithm 1.
    """
    attack = Attack(model, images, labels, None, value_range, preprocess, batch_size)
    low, high = attack.subject.value_range
    checks.choice("norm", norm, ["l2", "linf"])
    epsilon = attack.size("epsilon", epsilon) if norm == "linf" else checks.number("epsilon", epsilon)
    fooling_rate, epochs = checks.probability("fooling_rate", fooling_rate), checks.integer("epochs", epochs)
    steps, overshoot = checks.integer("steps", steps), checks.number("overshoot", overshoot)
    most = min(checks.integer("candidates", candidates, minimum=2), attack.subject.num_classes) - 1
    size = min(attack.batch_size, len(attack.images))
    step, within = linear_step(attack.subject, norm, most), ball(epsilon, norm)
    rng = np.random.default_rng(checks.integer("seed", seed, minimum=0))

    def classes(images):
        return logits_in_batches(attack.subject, size, images).argmax(axis=1).astype("int32")

    clean = classes(attack.images)
    right = np.flatnonzero(clean == attack.labels)
    best, best_rate = np.zeros_like(attack.images[:1]), 0.0
    v = best
    for epoch in range(epochs if len(right) else 0):
        for index in rng.permutation(right):
            image, label = attack.images[index : index + 1], clean[index : index + 1]
            moved = np.clip(image + v, low, high)
            logits = np.asarray(attack.logits(ops.convert_to_tensor(moved)))
            if logits.argmax() == label[0]:
                others = likely_others(logits, label, most)
                attacked = fooled(step, moved, label, others, steps, overshoot)
                v = np.asarray(within(ops.convert_to_tensor(v + np.asarray(attacked) - moved), ops.zeros_like(v)))
        rate = np.mean(classes(np.clip(attack.images + v, low, high)) != clean)
        if rate > best_rate:
            best, best_rate = v, rate
        if verbose:
            print(f"epoch {epoch + 1}: {rate:.1%} of the images fooled", flush=True)
        if best_rate >= fooling_rate:
            break
    return best[0]
