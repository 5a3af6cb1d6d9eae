"""The classifier score: whether a classifier recognises samples, and how many classes it finds."""

import numpy as np

from keras_gen import checks
from keras_gen.estimates import estimate
from keras_gen.metrics import arrays
from keras_gen.metrics.sample_metric import SampleMetric

_ROUNDING = 1e-3  # of a row's sum, in half precision


def classifier_score(probabilities, parts=10, seed=0):
    """Exponential of the mean divergence between an example's class probabilities and their mean.

    exp( mean_i KL( p(y | x_i) || mean_j p(y | x_j) ) )

    It is 1 if all examples get the same probabilities, and the number of classes if each is recognised without doubt
    and the classes are equally frequent. With Inception's classes it is known as the inception score.

    Args:
        probabilities: Array `(n, classes)`, each row >= 0 and of sum 1, at least two rows per part.
        parts: Number of parts, drawn at random, over which the mean is taken as published, an integer >= 1; a part
            needs many more examples than classes. Defaults to 10.
        seed: Integer >= 0 of the draw of the parts. Defaults to 0.

    Returns:
        `Estimate(mean, error)`, the error NaN for one part.

    Example:

    >>> classifier_score(np.eye(10), parts=1).mean
    10.000000000000002

    Reference:
        Salimans et al., 2016, arXiv:1606.03498, section 4.
    """
    from scipy.special import rel_entr

    checks.integer("seed", seed, minimum=0)
    probabilities = arrays.as_features("probabilities", probabilities, least=2 * checks.integer("parts", parts))
    sums = probabilities.sum(axis=1)
    if probabilities.min() < 0 or np.abs(sums - 1).max() > _ROUNDING:
        raise ValueError(
            "`probabilities` must have rows that are distributions. Expected: values >= 0 of sum 1. "
            f"Received: values from {probabilities.min():g}, sums in [{sums.min():g}, {sums.max():g}]"
        )
    rows = arrays.random_parts(probabilities, parts, seed)
    return estimate([np.exp(rel_entr(part, part.mean(axis=0)).sum(axis=1).mean()) for part in rows])


class ClassifierScore(SampleMetric):
    """`classifier_score` of samples, by the head of their features, as a metric.

    Args:
        features, value_range, n: As in `SampleMetric`; the features have a `head`, and there are at least 20 samples.

    Example:

    >>> import keras
    >>> from keras_gen.metrics.features import FeatureExtractor
    >>> same = keras.Sequential([keras.Input((2,)), keras.layers.Activation("linear")])
    >>> metric = ClassifierScore(FeatureExtractor("classes", same, head=same), n=40)
    >>> metric.update_state(np.full((40, 2), 0.5))
    >>> metric.name, metric.report()
    ('score[classes,n=40]', Estimate(mean=1.0, error=0.0))
    """

    label = "score"

    def __init__(self, features, value_range=(0, 1), n=10_000):
        checks.integer("n", n, minimum=20)  # two per part
        features.require_head()
        super().__init__(None, features, value_range, n)

    def compute(self, features):
        return classifier_score(self.features.probabilities(features))
