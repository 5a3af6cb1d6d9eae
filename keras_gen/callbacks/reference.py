"""Real examples compared with samples: how far apart each lie, and how many classes each reach."""

import math

import numpy as np

from keras_gen import checks
from keras_gen.metrics import arrays
from keras_gen.training.data_adapter import is_array


class Reference:
    """A few real examples, and the comparison of samples with them; arguments as in `TrainingDoctor`."""

    def __init__(self, x=None, labels=None, features=None, centres=None, samples=256, seed=0):
        self.sample_count = checks.integer("samples", samples, minimum=2)
        self.seed = checks.integer("seed", seed, minimum=0)
        if centres is not None and features is not None:
            raise ValueError("Classes come from one source. Expected: `features` or `centres`. Received: both")
        self.features, self.head = features, getattr(features, "head", None)
        self.centres = None if centres is None else arrays.as_features("centres", centres, least=1)
        self.x = self.labels = None
        if labels is not None and x is None:
            raise ValueError("`labels` are those of `x`. Expected: both. Received: labels alone")
        if x is None:
            return
        if not is_array(x):
            raise ValueError(f"`x` must be an array of real examples. Received: {type(x).__name__}")
        checks.array("x", x)
        few = np.random.default_rng(seed).permutation(len(x))[:samples]  # the data may come sorted
        self.x = np.asarray(x)[few]
        if labels is not None:
            labels = np.asarray(labels)
            if labels.shape != (len(x),) or labels.dtype.kind not in "iu":
                raise ValueError(
                    f"`labels` must be one integer for each example of `x`. Expected: shape ({len(x)},). "
                    f"Received: shape {labels.shape}, dtype {labels.dtype}"
                )
            self.labels, self.sample_count = labels[few], len(few)

    def compare_with(self, model):
        """Measure the real examples as a model's; a `ValueError` says that they, their labels or centres do not fit."""
        if self.labels is not None and not model.uses_labels:
            raise ValueError(f"`labels` are for a conditional model. Received: {type(model).__name__}")
        if self.centres is not None and (math.prod(model.example_shape),) != self.centres.shape[1:]:
            raise ValueError(
                f"`centres` do not fit the model. Expected: points of {math.prod(model.example_shape)} numbers, as its "
                f"examples. Received: {self.centres.shape[1]}"
            )
        if self.x is not None:
            model.data_description.check(self.x, self.labels)
            model.data_description.x.check_filled(np.min(self.x))
            self.distance = mean_distance(self._rows(model, self.x), self.labels)
            if not self.distance > 0:
                raise ValueError(
                    "`x` must hold examples that differ, with `labels` also within a class. "
                    f"Received: {len(self.x)} examples at a mean distance of {self.distance:g}"
                )
        if self.has_classes and self.x is not None:
            self.classes = self.reached(model, self.x)
        elif self.has_classes:
            self._rows(model, np.zeros((1, *model.example_shape)))  # raises here, and not after an epoch
            self.classes = self.number_of_classes

    @property
    def has_classes(self):
        """Whether the class of an example can be determined."""
        return self.centres is not None or self.head is not None

    @property
    def number_of_classes(self):
        """How many classes, or modes, there are."""
        return len(self.centres) if self.centres is not None else self.head.output_shape[-1]

    def draw(self, model):
        """Samples, always of the same latents: array `(sample_count, *shape)`, or `None` if they are not finite."""
        labels = {} if self.labels is None else {"labels": self.labels}
        samples = model.sample(self.sample_count, seed=self.seed, **labels)
        return samples if np.isfinite(samples).all() else None

    def spread(self, model, samples):
        """Mean distance between samples as a multiple of that between real examples, with labels within a class."""
        return mean_distance(self._rows(model, samples), self.labels) / self.distance

    def reached(self, model, x):
        """How many classes, or modes, examples or samples reach."""
        rows = self._rows(model, x)
        if self.centres is not None:
            classes = arrays.squared_distances(rows, self.centres).argmin(axis=1)
        else:
            classes = self.features.probabilities(rows).argmax(axis=1)
        return classes_reached(classes, self.number_of_classes)

    def _rows(self, model, x):
        """Examples, or their features, as float64 rows."""
        if self.features is None:
            return np.asarray(x, "float64").reshape(len(x), -1)
        value_range = model.value_range or ((0, 1) if self.x is None else (self.x.min(), self.x.max()))
        return self.features(np.clip(x, *value_range), value_range).astype("float64")


def mean_distance(rows, labels=None):
    """Mean Euclidean distance between rows, with labels between those of one class; NaN where there is no pair."""
    pairs = ~np.eye(len(rows), dtype=bool)
    if labels is not None:
        pairs &= np.equal.outer(labels, labels)
    distances = np.sqrt(arrays.squared_distances(rows, rows)[pairs])
    return float(distances.mean()) if distances.size else math.nan


def classes_reached(classes, number):
    """How many of the classes 0, 1, ... get at least a tenth of an equal share."""
    return int(np.sum(np.bincount(classes, minlength=number) >= len(classes) / (10 * number)))
