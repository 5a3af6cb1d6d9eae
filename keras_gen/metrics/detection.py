"""Detection: the overlap of boxes, the choice among overlapping boxes, and average precision.

A box is half-open, (top, left, bottom, right): bottom and right are the first row and column behind the object.
"""

import typing

import numpy as np

from keras_gen import checks


class Detections(typing.NamedTuple):
    """Boxes found in pictures.

    Args:
        boxes: List with an array `(found, 4)` of boxes (top, left, bottom, right) for each picture.
        labels: List with an array `(found,)` of the boxes' classes for each picture.
        scores: List with an array `(found,)` for each picture; a higher score is a surer box.

    Example:

    >>> Detections([np.array([[0, 0, 2, 2]])], [np.array([7])], [np.array([0.9])]).labels
    [array([7])]
    """

    boxes: list
    labels: list
    scores: list


class AveragePrecision(typing.NamedTuple):
    """The `mean` over the classes, and a dict `of_class` from a class to its average precision, all in [0, 1].

    Args:
        mean: Float, known as mAP.
        of_class: Dict from each class that has a true box to a float.

    Example:

    >>> AveragePrecision(0.75, {0: 1.0, 1: 0.5}).mean
    0.75
    """

    mean: float
    of_class: dict


def box_iou(boxes, others):
    """Intersection over union of all pairs of boxes, also known as the Jaccard index.

    area(a & b) / (area(a) + area(b) - area(a & b))

    Args:
        boxes: Array `(n, 4)` of boxes (top, left, bottom, right) with top < bottom and left < right, n >= 0.
        others: Array `(m, 4)` of such boxes, m >= 0.

    Returns:
        float64 array `(n, m)` in [0, 1]: 1 for equal boxes, 0 for boxes without a common pixel.

    Raises:
        ValueError: If an array does not hold such boxes.

    Example:

    >>> box_iou(np.array([[0, 0, 2, 2]]), np.array([[0, 0, 2, 2], [0, 1, 2, 3], [5, 5, 6, 6]])).round(3)
    array([[1.   , 0.333, 0.   ]])

    Reference:
        Everingham et al., 2010, The PASCAL visual object classes (VOC) challenge, section 4.2.
    """
    boxes, others = checks.boxes("boxes", boxes)[:, None], checks.boxes("others", others)
    top_left, bottom_right = np.maximum(boxes[..., :2], others[:, :2]), np.minimum(boxes[..., 2:], others[:, 2:])
    shared = np.clip(bottom_right - top_left, 0, None).prod(axis=-1)  # (n, m)
    areas, other_areas = ((sides[..., 2:] - sides[..., :2]).prod(axis=-1) for sides in (boxes, others))
    return shared / (areas + other_areas - shared)


def non_maximum_suppression(boxes, scores, threshold=0.3):
    """Choose the best of the boxes that overlap: from the best box on, a box stays unless it overlaps one that stayed.

    Two boxes overlap if their `box_iou` is above the threshold.

    Args:
        boxes: Array `(n, 4)` of boxes (top, left, bottom, right), n >= 0.
        scores: Finite array `(n,)`; a higher score is better, and of equal scores the first.
        threshold: Number in [0, 1). Defaults to 0.3.

    Returns:
        Integer array `(kept,)` of the indices of the boxes that stay, the best first.

    Raises:
        ValueError: If an argument is not of this form.

    Example:

    >>> boxes = np.array([[0, 0, 4, 4], [0, 1, 4, 5], [8, 8, 9, 9]])
    >>> non_maximum_suppression(boxes, np.array([0.5, 0.9, 0.7]))
    array([1, 2])

    Reference:
        Girshick et al., 2014, arXiv:1311.2524, section 2.2.
    """
    threshold, boxes = checks.rate("threshold", threshold), checks.boxes("boxes", boxes)
    scores = _as_column("scores", scores, boxes)
    overlap, kept = box_iou(boxes, boxes) > threshold, []
    for index in _best_first(scores):
        if not overlap[index, kept].any():
            kept.append(index)
    return np.array(kept, int)


def average_precision(found, truth, iou=0.5):
    """Area under the curve of precision against recall for each class, and its mean over the classes (mAP).

    The found boxes of a class, in all pictures together, are taken from the best score on. A found box is right if the
    true box of its class and picture with which it overlaps most has a `box_iou` of at least `iou`, and no better box
    has claimed it: a duplicate is wrong. With the precision P(n) = right / n and the recall R(n) = right / true boxes
    of the n best boxes,

        AP = sum_n (R(n) - R(n - 1)) P(n),

    where boxes of equal score count as one step. This is scikit-learn's `average_precision_score` times the share of
    the true boxes that were found: scikit-learn takes recall as a share of the right boxes among those it is given.
    The curve is not interpolated, so AP is at most that of the reference.

    Args:
        found: `Detections`, or a triple of such lists, one entry each for a picture.
        truth: The pair (boxes, labels) of lists with the true boxes `(objects, 4)` and classes `(objects,)` of each
            picture, such as `scenes.boxes, scenes.labels` of `data.Scenes`.
        iou: The least intersection over union of a right box, in (0, 1). Defaults to 0.5.

    Returns:
        `AveragePrecision(mean, of_class)`. Found boxes of a class without true boxes do not count.

    Raises:
        ValueError: If the lists are not of this form, or there is no true box.

    Example:

    >>> box, other = [0, 0, 4, 4], [6, 6, 9, 9]
    >>> found = Detections([np.array([box, other])], [np.array([3, 3])], [np.array([0.9, 0.8])])
    >>> average_precision(found, ([np.array([box])], [np.array([3])]))
    AveragePrecision(mean=1.0, of_class={3: 1.0})

    Reference:
        Everingham et al., 2010, The PASCAL visual object classes (VOC) challenge, sections 4.2 and 4.4.
    """
    iou = checks.probability("iou", iou)
    found, truth = _pictures("found", found, Detections._fields), _pictures("truth", truth, Detections._fields[:2])
    if len(found) != len(truth):
        raise ValueError(
            f"`found` and `truth` must be of the same pictures. Expected: {len(truth)} as in truth. "
            f"Received: {len(found)} in found"
        )
    classes = np.unique(np.concatenate([labels for _, labels in truth])) if truth else ()
    if len(classes) == 0:
        raise ValueError("`truth` must hold at least one box. Received: no true box in any picture")
    of_class = {label.item(): _of_one_class(found, truth, label, iou) for label in classes}
    return AveragePrecision(float(np.mean(list(of_class.values()))), of_class)


def _best_first(scores):
    """The order of scores from the highest on, of equal ones the first."""
    return np.argsort(-scores.astype("float64"), kind="stable")  # as floats: unsigned integers have no negative


def _of_one_class(found, truth, label, iou):
    """The average precision of a class, whose boxes are matched picture by picture."""
    from sklearn.metrics import average_precision_score

    all_right, all_scores, number = [], [], 0
    for (boxes, labels, scores), (true_boxes, true_labels) in zip(found, truth, strict=True):
        boxes, scores, true_boxes = boxes[labels == label], scores[labels == label], true_boxes[true_labels == label]
        order = _best_first(scores)
        all_right.append(_right(box_iou(boxes[order], true_boxes), iou))
        all_scores.append(scores[order])
        number += len(true_boxes)
    right = np.concatenate(all_right)
    if not right.any():
        return 0.0
    return float(average_precision_score(right, np.concatenate(all_scores)) * right.sum() / number)


def _right(overlaps, iou):
    """Which of the found boxes, best first, are right, by their overlaps `(found, true)` with the true boxes."""
    right = np.zeros(len(overlaps), bool)
    if overlaps.shape[1]:
        nearest = overlaps.argmax(axis=1)
        close = np.flatnonzero(overlaps.max(axis=1) >= iou)
        _, first = np.unique(nearest[close], return_index=True)  # the best box that claims each true box
        right[close[first]] = True
    return right


def _pictures(name, lists, fields):
    """Lists with one array for each picture as a list with one tuple of arrays for each picture."""
    if lists is None or len(lists) != len(fields) or len(set(map(len, lists))) != 1:
        received = None if lists is None else f"{len(lists)} of lengths {[len(values) for values in lists]}"
        raise ValueError(
            f"`{name}` must be ({', '.join(fields)}), lists with one array for each picture. Expected: {len(fields)} "
            f"lists of one length. Received: {received}"
        )
    pictures = []
    for boxes, *columns in zip(*lists, strict=True):
        boxes = checks.boxes(f"{name}.boxes", boxes)
        pairs = zip(fields[1:], columns, strict=True)
        pictures.append((boxes, *(_as_column(f"{name}.{field}", values, boxes) for field, values in pairs)))
    return pictures


def _as_column(name, values, boxes):
    """`values` as an array, or a `ValueError` unless there is one finite number for each box."""
    values = np.asarray(values)
    numbers = values.dtype.kind in "fiu"
    holes = "" if not numbers or np.isfinite(values).all() else ", with NaN or infinite values"
    if values.shape != (len(boxes),) or not numbers or holes:
        raise ValueError(
            f"`{name}` must have one finite number for each box. Expected: shape ({len(boxes)},). "
            f"Received: {values.dtype} of shape {values.shape}{holes}"
        )
    return values
