"""What an attack did: errors, sizes of the perturbations, and what survives a file, a camera, a hand."""

import dataclasses
import io
import math

import numpy as np

from keras_gen import checks
from keras_gen.input_optimization.subjects import checked_labels, logits_in_batches, subject
from keras_gen.value_ranges import rescaled

_JPEG_QUALITY = 75
_DEGREES, _BLUR = 5.0, 0.5  # of the rotation; standard deviation of the blur in pixels


@dataclasses.dataclass(frozen=True)
class AttackReport:
    """Shares of images, and means over the images that were attacked, those classified right before.

    Args:
        clean_error: Share of the images that the model misclassifies before the attack.
        attacked_error: Share that it misclassifies after the attack.
        success: Share of the attacked images that it misclassifies, or, with targets, takes for their targets.
        fooling_rate: Share of all images whose class changes.
        confidence: Mean probability that the model gives its class of an image that it misclassifies after the attack.
        l2, linf: Mean norm of the perturbations, and the mean of their largest changes of a pixel.
        relative_l2, relative_linf: The same, each divided by that of its image; images of 0 are left out.
        after_rounding: `success` after rounding to 8 bits.
        after_jpeg: `success` of JPEG files of quality 75, `None` where the images are neither grey nor RGB.
        after_rotation_and_blur: `success` after a rotation by 5 degrees and a blur of half a pixel, `None` for vectors.

    Example:

    >>> AttackReport(0.01, 0.9, 0.9, 0.9, 0.8, 1.0, 0.1, 0.2, 0.1, 0.9, None, None).success
    0.9
    """

    clean_error: float
    attacked_error: float
    success: float
    fooling_rate: float
    confidence: float
    l2: float
    linf: float
    relative_l2: float
    relative_linf: float
    after_rounding: float
    after_jpeg: float | None
    after_rotation_and_blur: float | None


def report(model, images, attacked, labels, targets=None, value_range=None, preprocess=None, batch_size=256):
    """Measure an attack on a classifier.

    Args:
        model, images, labels: As in `fgsm`.
        attacked: The attacked images, in the shape of `images`.
        targets, value_range, preprocess, batch_size: As in `fgsm`.

    Returns:
        `AttackReport`. Means over no image are NaN.

    Raises:
        ValueError: If an argument is not of this form, or if the model is no classifier.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="identity")])
    >>> found = report(model, [[0.75, 0.5], [0.5, 0.75]], [[0.5, 0.75], [0.5, 0.75]], [0, 1], value_range=(0, 1))
    >>> found.attacked_error, found.success, found.linf
    (0.5, 0.5, 0.125)

    Reference:
        Moosavi-Dezfooli, Fawzi and Frossard, 2016, arXiv:1511.04599, section 4.1 (the relative norm); Kurakin,
        Goodfellow and Bengio, 2017, arXiv:1607.02533, section 3 (what survives a photograph).
    """
    seen = subject(model, value_range, preprocess)
    images, attacked = seen.check("images", images), seen.check("attacked", attacked)
    seen.require_size(images.shape[1:])
    if attacked.shape != images.shape:
        raise ValueError(f"`attacked` must have the shape of `images`, {images.shape}. Received: {attacked.shape}")
    labels = checked_labels("labels", labels, len(images), seen.num_classes)
    if targets is not None:
        targets = checked_labels("targets", targets, len(images), seen.num_classes)
    size = min(checks.integer("batch_size", batch_size), len(images))

    def classes(images):
        return logits_in_batches(seen, size, images).argmax(axis=1)

    before, scores = classes(images), logits_in_batches(seen, size, attacked)
    after = scores.argmax(axis=1)
    part = (before == labels) & (True if targets is None else before != targets)
    perturbations, originals = (
        array[part].reshape(part.sum(), math.prod(array.shape[1:])) for array in (attacked - images, images)
    )

    def success(classes_of_changed):
        hit = classes_of_changed != labels if targets is None else classes_of_changed == targets
        return _mean(hit[part])

    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    confidences = exponentials.max(axis=1) / exponentials.sum(axis=1)
    l2, linf = (np.linalg.norm(perturbations, order, axis=1) for order in (2, np.inf))
    lengths = [np.linalg.norm(originals, order, axis=1) for order in (2, np.inf)]
    relative = [
        norms[of_image > 0] / of_image[of_image > 0] for norms, of_image in zip((l2, linf), lengths, strict=True)
    ]
    changed = {name: change(attacked, seen.value_range) for name, change in _CHANGES.items()}
    return AttackReport(
        clean_error=_mean(before != labels),
        attacked_error=_mean(after != labels),
        success=success(after),
        fooling_rate=_mean(after != before),
        confidence=_mean(confidences[after != labels]),
        l2=_mean(l2),
        linf=_mean(linf),
        relative_l2=_mean(relative[0]),
        relative_linf=_mean(relative[1]),
        **{
            name: None if changed_images is None else success(classes(changed_images))
            for name, changed_images in changed.items()
        },
    )


def _mean(values):
    return float(np.mean(values)) if len(values) else float("nan")


def _as_bytes(images, value_range):
    return np.clip(np.rint(rescaled(images, value_range, (0, 255))), 0, 255).astype("uint8")


def _rounded(images, value_range):
    return rescaled(_as_bytes(images, value_range), (0, 255), value_range)


def _through_jpeg(images, value_range):
    from PIL import Image

    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        return None
    read = []
    for pixels in _as_bytes(images, value_range):
        file = io.BytesIO()
        Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).save(
            file, "JPEG", quality=_JPEG_QUALITY
        )
        read.append(np.asarray(Image.open(file)).reshape(pixels.shape))
    return rescaled(np.stack(read), (0, 255), value_range)


def _turned_and_blurred(images, value_range):
    from scipy import ndimage

    if images.ndim != 4:
        return None
    turned = ndimage.rotate(images, _DEGREES, axes=(1, 2), reshape=False, order=1, mode="nearest")
    return np.clip(ndimage.gaussian_filter(turned, (0, _BLUR, _BLUR, 0)), *value_range)


_CHANGES = {
    "after_rounding": _rounded,
    "after_jpeg": _through_jpeg,
    "after_rotation_and_blur": _turned_and_blurred,
}
