"""What all attacks share: their arguments, and that only images which are classified right are attacked."""

import functools

import keras
import numpy as np
from keras import ops

from keras_gen import backend, checks, losses
from keras_gen.input_optimization.subjects import checked_labels, compiled_logits, logits_in_batches, subject


def failure_log_odds(logits, aims, is_targeted):
    """The log odds of all classes for which an attack fails, `(n,)`, which it lowers: all but the target, or the label.

    Its gradient has the direction of that of the cross-entropy, also where the probabilities are rounded to 0 and 1.
    """
    odds = losses.error_log_odds(aims, logits)
    return odds if is_targeted else -odds


class Attack:
    """Images, labels and targets that were checked, and the batches of those that are attacked.

    Without targets an attack succeeds when an image is classified as anything but its label, with targets when it is
    classified as its target. Images for which this already holds, and all that are misclassified, are left as they are.
    """

    def __init__(self, model, images, labels, targets, value_range, preprocess, batch_size, verbose=0):
        self.subject = subject(model, value_range, preprocess)
        self.logits = compiled_logits(self.subject)
        self.images = self.subject.check("images", images)
        self.subject.require_size(self.images.shape[1:])
        _require_gradient(self.subject, self.images.shape[1:])
        num_classes = self.subject.num_classes
        self.labels = checked_labels("labels", labels, len(self.images), num_classes)
        self.is_targeted = targets is not None
        self.aims = self.labels
        if self.is_targeted:
            self.aims = checked_labels("targets", targets, len(self.images), num_classes)
        self.batch_size, self.verbose = checks.integer("batch_size", batch_size), verbose

    def succeeded(self, logits, aims):
        """Whether logits `(n, classes)` are those of a successful attack: booleans `(n,)`."""
        return (np.asarray(logits).argmax(axis=-1) == aims) == self.is_targeted

    def size(self, name, value):
        """A change of pixels: a number from 0 to the width of the range."""
        low, high = self.subject.value_range
        if not checks.is_real(value) or not 0 <= value <= high - low:
            raise ValueError(
                f"`{name}` must be a number in [0, {high - low:g}], the width of the range. Received: {name}={value!r}"
            )
        return float(value)

    def by_batch(self, function, *arrays):
        """The images after `function(images, aims, *arrays)`, for batches of one size of those that are attacked.

        `arrays` are further arrays `(n, ...)`.
        """
        attacked, size = self.images.copy(), min(self.batch_size, len(self.images))
        logits = logits_in_batches(self.subject, size, self.images)
        rows = np.flatnonzero((logits.argmax(axis=-1) == self.labels) & ~self.succeeded(logits, self.aims))
        bar = keras.utils.Progbar(len(rows)) if self.verbose and len(rows) else None
        for start in range(0, len(rows), size):
            chosen = rows[start : start + size]
            padded = np.resize(chosen, size)  # again from the first: one shape, compiled once
            batch = (array[padded] for array in (self.images, self.aims, *arrays))
            attacked[chosen] = np.asarray(function(*batch))[: len(chosen)]
            if bar is not None:
                bar.update(start + len(chosen))
        return attacked


@functools.lru_cache(maxsize=16)
def _require_gradient(subject, shape):
    """Raise a `ValueError` if the logits do not depend on an image of that shape by operations with a gradient."""
    if backend.input_gradient(subject.logits(), ops.zeros((1, *shape))) is None:
        raise ValueError(
            "The logits have no gradient with respect to the images. Expected: differentiable layers and `preprocess`. "
            "Received: logits that do not depend on the images, or only by steps"
        )
