"""Outlier detection by the error of reconstruction."""

import numpy as np
from sklearn.base import OutlierMixin

from keras_gen import checks
from keras_gen.estimators.base import AutoencoderEstimator, by_block, with_arguments
from keras_gen.estimators.encoding import is_frame


@with_arguments
class AutoencoderOutlierDetector(OutlierMixin, AutoencoderEstimator):
    """Detect the rows of a table, or the images, that an autoencoder trained on all of them reconstructs worst.

    A row's score is minus the mean over its features of the squared error of its reconstruction, in scaled units; rows
    below the quantile `contamination` of the training rows' scores are outliers.

    Args:
        contamination: Fraction of the training rows taken for outliers, a number in (0, 0.5]. Defaults to 0.1.
        ARGUMENTS

    Attributes:
        model_: The trained `models.Autoencoder`, of scaled and flattened rows.
        scaler_: The fitted `sklearn.preprocessing.StandardScaler`.
        offset_: The score below which a row is an outlier.

    Example:

    >>> x = np.random.default_rng(0).random((100, 6))
    >>> detector = AutoencoderOutlierDetector(contamination=0.05, epochs=2, random_state=0)
    >>> int((detector.fit_predict(x) == -1).sum())
    5

    Reference:
        Hawkins et al., 2002, Outlier detection using replicator neural networks; with this error and deep networks:
        Sakurada and Yairi, 2014, Anomaly detection using autoencoders with nonlinear dimensionality reduction.
    """

    contamination: float = 0.1

    def fit(self, X, y=None):
        """Train on `X`, a table `(n, features)` or images `(n, height, width, channels)`; `y` is ignored."""
        check_contamination(self.contamination)
        scaled = self._fit_scaler(self._checked(X, reset=True))
        self.model_ = self._trained(scaled, *self._seeds())
        self.offset_ = np.percentile(-self._errors(scaled).mean(axis=1), 100 * self.contamination)
        return self

    def _errors(self, scaled):
        errors = np.square(scaled.astype("float64") - by_block(self.model_.reconstruct, scaled))  # (n, features)
        return errors if self._encoder is None else self._encoder.by_column(errors)

    def feature_errors(self, X):
        """Each column's, feature's or pixel's squared error in scaled units, which shows what makes a row an outlier.

        It is a float64 array of the shape of `X`, or a DataFrame with its columns, whose mean over a row is minus the
        row's score. The error of a category is the sum over its indicators.
        """
        return self._like(X, self._errors(self._scaled(self._checked(X))))

    def reconstruct(self, X):
        """What the network expects in the place of `X`, in its units: an array, or a DataFrame if `fit` got one."""
        expected = self._unscaled(by_block(self.model_.reconstruct, self._scaled(self._checked(X))))
        return self._decoded(expected, X.index if is_frame(X) else None)

    def score_samples(self, X):
        """Each row's score, lower for stronger outliers: array `(n,)`."""
        return -self._errors(self._scaled(self._checked(X))).mean(axis=1)

    def decision_function(self, X):
        """Each row's score less `offset_`: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def score(self, X, y=None):
        """The mean of `score_samples`: higher where the rows are reconstructed better; `y` is ignored."""
        return float(self.score_samples(X).mean())

    def predict(self, X):
        """-1 for outliers, 1 for the others: array `(n,)`."""
        return np.where(self.decision_function(X) < 0, -1, 1)


def check_contamination(value):
    """Raise unless a contamination is a number in (0, 0.5]."""
    if not checks.is_real(value) or not 0 < value <= 0.5:
        raise ValueError(f"`contamination` must be in (0, 0.5]. Received: contamination={value!r}")
