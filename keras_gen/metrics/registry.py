"""Metrics of sample quality by name, for the command line and for callbacks."""

import warnings

from keras_gen import checks
from keras_gen.metrics.classifier_score import ClassifierScore
from keras_gen.metrics.density_coverage import SampleCoverage, SampleDensity
from keras_gen.metrics.frechet import FrechetDistance
from keras_gen.metrics.kernel import KernelDistance, MaximumMeanDiscrepancy
from keras_gen.metrics.precision_recall import SamplePrecision, SampleRecall

_CLASSES = (
    FrechetDistance, KernelDistance, SamplePrecision, SampleRecall, SampleDensity, SampleCoverage, ClassifierScore,
    MaximumMeanDiscrepancy,
)  # fmt: skip
NAMES = {metric.label: metric for metric in _CLASSES}


_FID = "fid"


def by_name(names, real, features, value_range=(0, 1), n=10_000):
    """Metrics of sample quality by their names.

    Args:
        names: Names among `frechet`, `kernel`, `precision`, `recall`, `density`, `coverage`, `score` and `mmd`, in
            upper or lower case: a sequence, or one string with commas. `fid` is `frechet`, with a warning that says how
            the two differ.
        real: Array `(m, *shape)` of real examples, ideally of a test set.
        features: `FeatureExtractor` that takes such examples; `score` needs a head.
        value_range: The pair (lowest, highest) of the values of real examples and samples. Defaults to (0, 1).
        n: Number of samples that are measured, as many as each metric needs. Defaults to 10000.

    Returns:
        List of metrics, in the order of the names, each once.

    Example:

    >>> import numpy as np
    >>> from keras_gen.metrics.features import identity
    >>> [metric.name for metric in by_name("frechet,recall", np.eye(5, 2), identity(), n=5)]
    ['frechet[identity,n=5]', 'recall[identity,k=3,n=5]']
    """
    arguments = {"features": features, "value_range": value_range, "n": n}
    classes = [NAMES[name] for name in checked_names(names)]
    return [kind(**arguments) if kind is ClassifierScore else kind(real, **arguments) for kind in classes]


def checked_names(names):
    """The names that `by_name` takes as a list without repetition, or a `ValueError` if one is unknown."""
    names = names.split(",") if isinstance(names, str) else names
    names = [checks.choice("metric", name.strip().lower(), (*NAMES, _FID)) for name in names]
    if _FID in names:
        warnings.warn(
            "`fid` is measured as `frechet`: the Frechet distance in the chosen features, which is not comparable to "
            "published FIDs. Those use the Inception network of 2015 and 50,000 samples",
            stacklevel=3,
        )
    return list(dict.fromkeys("frechet" if name == _FID else name for name in names))
