"""The data of each training of a trial: a part to train on, and one to measure on."""

import dataclasses

import numpy as np

from keras_gen import checks
from keras_gen.lazy_arrays import taken

_HELD = ("inputs", "targets", "labels")


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """Data to train on, and held-out data to measure on.

    Args:
        x, y: Examples to train on, and their labels or `None`.
        inputs: Held-out examples.
        targets: What an autoencoder should make of them.
        labels: Their labels, or `None`.
    """

    x: np.ndarray
    y: np.ndarray | None
    inputs: np.ndarray
    targets: np.ndarray
    labels: np.ndarray | None

    @property
    def everything(self):
        """All examples and labels, to train on or held out."""
        if self.labels is None:
            return self.x, self.y
        return np.concatenate([self.x, self.targets]), np.concatenate([self.y, self.labels])

    def head(self, rows):
        """The first rows of each."""
        return Part(*(None if array is None else taken(array, slice(rows)) for array in vars(self).values()))

    def held(self, rows):
        """The same part with some rows of the held-out data."""
        some = {name: taken(array, rows) for name, array in vars(self).items() if name in _HELD and array is not None}
        return dataclasses.replace(self, **some)

    def arguments(self, uses_labels):
        """The pair (arguments of `fit`, its `validation_data`) of a model."""
        return ((self.x, self.y), (self.targets, self.labels)) if uses_labels else ((self.x,), self.targets)


def parts_of(x, y, validation, folds, uses_labels, seed):
    """The list of `Part`s that each trial trains on: one, or one for each fold."""
    parts = _parts_of(x, y, validation, folds, uses_labels, seed)
    for part in parts if uses_labels else ():
        if not (part.labels >= 0).any():
            raise ValueError(
                "The error is measured where labels are known. Expected: an example with a label >= 0 among those held "
                f"out. Received: -1 for all {len(part.labels)}"
            )
    return parts


def _parts_of(x, y, validation, folds, uses_labels, seed):
    checks.array("x", x)
    if y is not None:
        y = _labels("y", y, len(x))
    if uses_labels and y is None:
        raise ValueError("`y` is missing: the model uses labels. Expected: an integer for each example. Received: None")
    if folds is not None:
        if checks.integer("folds", folds, minimum=2) and validation is not None:
            raise ValueError("The data are validated by folds or by `validation`. Expected: one. Received: both")
        return [_held_out(x, y, rows) for rows in _folds(x, y, folds, seed)]
    if validation is None:
        return [_held_out(x, y, np.arange(0, len(x), 5))]
    inputs, second = validation if isinstance(validation, tuple) else (validation, None)
    checks.array("validation", inputs, shape=x.shape[1:])
    if second is not None and np.ndim(second) == 1 and np.ndim(x) > 1:
        return [Part(x, y, inputs, inputs, _labels("validation", second, len(inputs)))]
    if uses_labels:
        raise ValueError("`validation` has no labels. Expected: the pair (examples, labels). Received: examples alone")
    targets = inputs if second is None else second
    checks.array("validation", targets, shape=x.shape[1:])
    if len(inputs) != len(targets):
        raise ValueError(f"`validation` must be as many inputs as targets. Received: {len(inputs)} and {len(targets)}")
    return [Part(x, y, inputs, targets, None)]


def _held_out(x, y, rows):
    """A `Part` that holds out some rows."""
    others = np.delete(np.arange(len(x)), rows)
    if not len(others):
        raise ValueError(f"Data are held out of `x`. Expected: at least two examples. Received: {len(x)}")
    held = taken(x, rows)
    return Part(taken(x, others), None if y is None else y[others], held, held, None if y is None else y[rows])


def _folds(x, y, folds, seed):
    """The rows of each fold, in which each class has its share."""
    from sklearn.model_selection import KFold, StratifiedKFold  # it takes a second to import

    smallest = len(x) if y is None else int(np.unique(y, return_counts=True)[1].min())
    if smallest < folds:
        what = "each fold" if y is None else "each fold of each class"
        raise ValueError(f"`folds` needs an example in {what}. Expected: at most {smallest}. Received: folds={folds}")
    split = (KFold if y is None else StratifiedKFold)(folds, shuffle=True, random_state=seed)
    return [rows for _, rows in split.split(np.zeros(len(x)), y)]


def _labels(name, labels, count):
    """Labels as an array of integers, one for each example."""
    labels = np.asarray(labels)
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` must label each example. Expected: integers of shape ({count},). Received: {labels.dtype} of "
            f"shape {labels.shape}"
        )
    return labels
