"""Precision and recall: the share of samples near real examples, and the share of real examples near samples."""

import typing

from keras_gen import checks
from keras_gen.metrics import arrays
from keras_gen.metrics.neighbours import NeighbourMetric, share_within


class PrecisionRecall(typing.NamedTuple):
    """`precision` and `recall`, in [0, 1]."""

    precision: float
    recall: float


def precision_recall(real, fake, k=3):
    """Share of the fake examples that lie among the real ones, and share of the real that lie among the fake.

    precision = mean_j [ |y_j - x_i| <= r_k(x_i) for some i ],  recall = mean_i [ |x_i - y_j| <= r_k(y_j) for some j ]

    with r_k(x_i) the distance of x_i to its k-th nearest neighbour among the other real examples, r_k(y_j) likewise
    among the fake. Both depend on the number of examples: compare only values from equally many examples.

    Args:
        real: Finite array `(n, features)`, n > k, ideally as many as fake.
        fake: Finite array `(m, features)`, m > k.
        k: Integer >= 1. Defaults to 3.

    Returns:
        `PrecisionRecall(precision, recall)`.

    Example:

    >>> import numpy as np
    >>> real = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> precision_recall(real, np.array([[0.9], [1.2], [5.0], [5.1]]), k=1)
    PrecisionRecall(precision=0.5, recall=0.25)

    Reference:
        Kynkaanniemi et al., 2019, arXiv:1904.06991, equations 1 and 2.
    """
    k = checks.integer("k", k)
    real, fake = arrays.as_feature_pair(real, fake, least=k + 1)
    precision = share_within(fake, real, arrays.squared_radii(real, k))
    return PrecisionRecall(precision, share_within(real, fake, arrays.squared_radii(fake, k)))


class SamplePrecision(NeighbourMetric):
    """The precision of `precision_recall`, of samples and a fixed draw of as many real examples, as a metric.

    Args:
        real, features, value_range, n: As in `SampleMetric`; more than k samples and real examples.
        k: Which nearest neighbour gives a ball's radius, an integer >= 1. Defaults to 3.

    Example:

    >>> import numpy as np
    >>> from keras_gen.metrics import features
    >>> real = np.random.default_rng(0).normal(size=(100, 2))
    >>> metric = SamplePrecision(real, features.identity(), n=100)
    >>> metric.update_state(np.concatenate([real[:50], real[:50] + 100.0]))
    >>> metric.name, metric.result()
    ('precision[identity,k=3,n=100]', 0.5)
    """

    label = "precision"

    def __init__(self, real, features, value_range=(0, 1), n=10_000, k=3):
        super().__init__(real, features, value_range, n, k)

    def compute(self, features):
        return share_within(features, *self.real_balls)


class SampleRecall(SamplePrecision):
    """The recall of `precision_recall`, of samples and a fixed draw of as many real examples, as a metric.

    Args:
        real, features, value_range, n, k: As in `SamplePrecision`.

    Example:

    >>> import numpy as np
    >>> from keras_gen.metrics import features
    >>> real = np.concatenate([np.zeros((50, 2)), np.ones((50, 2))])
    >>> metric = SampleRecall(real, features.identity(), n=100)
    >>> metric.update_state(np.zeros((100, 2)))
    >>> metric.name, metric.result()
    ('recall[identity,k=3,n=100]', 0.5)
    """

    label = "recall"

    def compute(self, features):
        return share_within(self.real.subset(self.n), features, arrays.squared_radii(features, self.k))
