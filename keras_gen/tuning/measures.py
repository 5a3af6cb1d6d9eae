"""What is measured of a trained model on held-out data: one class for each kind of measurement."""

import numpy as np

from keras_gen.data import Split
from keras_gen.metrics.likelihood import log_likelihoods
from keras_gen.metrics.registry import NAMES
from keras_gen.models.batches import by_batch
from keras_gen.runs.pictures import range_of
from keras_gen.runs.sample_quality import SampleQuality, feature_extractor
from keras_gen.value_ranges import rescaled

_BATCH = 1000
_NLL_SAMPLES, _NLL_EXAMPLES = 100, 1000  # codes for each example, and examples at most
FLOOR = "_floor"  # after the name of a metric: its value for training examples in place of samples


class Measure:
    """One kind of measurement; a subclass says in `values(model, part)` what it measures."""

    names = ()  # of all that it can measure
    label = None  # a text for pictures, if it is measured in every trial, and not only where the objective names it

    def try_out(self, model, part):
        """Raise what a measurement of such a model would raise."""
        self.values(model, part.head(2))


class SquaredError(Measure):
    """The squared error of each reconstruction, summed over the example's dimensions."""

    names = ("error",)
    label = "squared error of the reconstruction"

    def values(self, model, part):
        """Dict from a name to an array `(n,)`, a value for each example."""
        # Not by `predict`, which traces a graph for each new model; NaN if the model diverged
        inputs = part.inputs
        (outputs,) = by_batch(lambda rows: model(np.asarray(rows, "float32"), training=False), _BATCH, inputs)
        squares = np.square((np.asarray(part.targets, "float32") - outputs).astype("float64"))
        return {"error": squares.reshape(len(inputs), -1).sum(axis=1)}


class WrongClasses(Measure):
    """Whether the class of each example is wrong; an example whose label is -1, unknown, is left out."""

    names = ("error",)
    label = "share of wrong classes"

    def try_out(self, model, part):
        self.values(model, part.held(np.flatnonzero(part.labels >= 0)[:2]))

    def values(self, model, part):
        """Dict from a name to an array `(n,)`, 0 or 1 for each example."""
        known = part.labels >= 0
        found = model.probabilities(part.inputs[known])
        # The largest of NaN is the first: a model that diverged must not seem to be right
        wrong = np.where(np.isfinite(found).all(axis=1), found.argmax(axis=1) != part.labels[known], np.nan)
        return {"error": wrong.astype("float64")}


class NegativeLogLikelihood(Measure):
    """The negative log-likelihood of each example by importance sampling, as in `metrics.negative_log_likelihood`."""

    names = ("nll",)

    def values(self, model, part):
        """Dict from a name to an array `(n,)`, in nats; of the first 1000 examples, with 100 codes for each."""
        return {"nll": -log_likelihoods(model, part.inputs[:_NLL_EXAMPLES], _NLL_SAMPLES)}


class Samples(Measure):
    """Metrics of samples against held-out examples, as `runs.SampleQuality` measures them.

    Args:
        wanted: Names of metrics.
        parts: List of the `Part`s of the data.
        features: As in `SampleQuality`; `None` for LeNet-5 if there are labels, else the values themselves.
        samples: Number of samples; `None` for as many as held-out examples.
    """

    names = tuple(NAMES)

    def __init__(self, wanted, parts, features=None, samples=None):
        self.wanted, self.parts, self.features, self.samples = wanted, parts, features, samples
        self._by_part = {}

    def try_out(self, model, part):
        self._prepare(model)
        for metric in self._by_part[part].metrics:
            metric.check_model(model.sample(1, seed=0).shape[1:], None)

    def _prepare(self, model):
        """Compute the features of all held-out examples, and the floors, once for all models like this one."""
        if self._by_part:
            return
        first = self.parts[0]
        features = self.features or ("identity" if first.y is None else "lenet5")
        if features == "lenet5":  # one classifier for all folds
            everything = first.everything if len(self.parts) > 1 else (first.x, first.y)
            features = feature_extractor(features, _split(model, *everything))
        for part in self.parts:
            train, test = _split(model, part.x, part.y), _split(model, part.targets, part.labels)
            self._by_part[part] = SampleQuality(self.wanted, train, test, features, self.samples)

    def values(self, model, part):
        """Dict from a name to an array `(1,)`, for each metric, and for its floor where it is known."""
        self._prepare(model)
        found = {}
        for one in self._by_part[part].measure(model):
            found[one.label] = np.array([one.value])
            if one.baseline is not None:
                found[f"{one.label}{FLOOR}"] = np.array([one.baseline])
        return found


_KINDS = {"autoencode": SquaredError, "classify": WrongClasses, "likelihood": NegativeLogLikelihood, "sample": Samples}


class Measures:
    """All that is measured of the models of a search.

    Args:
        tasks: The tasks of the models.
        wanted: Names of values; those that `fit` logs are ignored here.
        parts: List of the `Part`s of the data.
        features, samples: As in `search`.
    """

    def __init__(self, tasks, wanted, parts, features=None, samples=None):
        self.kinds = []
        for task, kind in _KINDS.items():
            named = [name for name in wanted if task in tasks and name in kind.names]
            if kind is Samples and named:
                self.kinds.append(Samples(named, parts, features, samples))
            elif kind is not Samples and task in tasks and (named or kind.label):
                self.kinds.append(kind())

    @property
    def error_label(self):
        """A text for the `error` that is measured of every trial, or `None` if there is none."""
        return next((kind.label for kind in self.kinds if kind.label), None)

    def try_out(self, model, part):
        """Raise what a measurement of such a model would raise, and compute what all trials share."""
        for kind in self.kinds:
            kind.try_out(model, part)

    def values(self, model, part):
        """Dict from a name to an array: a value for each example, or `(1,)`."""
        return {name: array for kind in self.kinds for name, array in kind.values(model, part).items()}


def measurable(tasks):
    """The names of all that can be measured of models with these tasks."""
    return [name for task, kind in _KINDS.items() if task in tasks for name in kind.names]


def default_objective(tasks):
    """The name of what a search minimises by default for models with these tasks."""
    return "error" if {"autoencode", "classify"} & tasks else "frechet"


def _split(model, x, y):
    """Data in the model's range as a `data.Split` of values in [0, 1]."""
    return Split(rescaled(np.asarray(x), range_of(model)), y)
