"""Outlier detection by the error of reconstruction."""

import math

import numpy as np
from sklearn.base import OutlierMixin
from sklearn.neighbors import NearestNeighbors

from keras_gen import checks, models, networks
from keras_gen.estimators.base import AutoencoderEstimator, by_block, with_arguments
from keras_gen.estimators.encoding import is_frame

_LEAST_ROWS = 1500  # of an epoch: a smaller table is repeated for enough training steps
_MOST_REFERENCES = 2000  # reconstructed training rows with which others are compared
_LARGEST = 1e100  # scaled value whose square is still finite


@with_arguments
class AutoencoderOutlierDetector(OutlierMixin, AutoencoderEstimator):
    """Detect the rows of a table, or the images, that are far from what autoencoders reconstruct.

    A row `x` is compared with its reconstruction `r(x)` and with the reconstructions of the training rows, of which
    `r_k(x)` is the `n_neighbors`-th nearest to `x`:

        a(x) = |x - r(x)|^2,  b(x) = |x - r_k(x)|^2,  error(x) = 1/2 a(x) / median of a + 1/2 b(x) / median of b

    in scaled units, with the medians over the training rows; without neighbours, error(x) = a(x) / median of a. An
    autoencoder may learn to reproduce an outlier in the training rows, but reconstructs few other rows near it. Both
    squares are means over the features and over several denoising autoencoders, which differ in their initial weights
    and in their noise. The score is minus the error, about -1 for a typical row. Rows below the quantile
    `contamination` of the training rows' scores are outliers. A table of fewer than 1,500 rows is repeated to at least
    as many in every epoch.

    Args:
        contamination: Fraction of the training rows taken for outliers, a number in (0, 0.5]. Defaults to 0.1.
        n_estimators: Number of autoencoders, an integer >= 1, which are trained together. Training holds one copy of
            the scaled rows for each. Defaults to 5.
        n_neighbors: Integer >= 0, reduced to the number of rows; 0 for the reconstruction error alone. The
            reconstructions of at most 2,000 training rows are kept, by each autoencoder. A training row's own
            reconstruction is among them. Defaults to 10.
        ARGUMENTS

    Attributes:
        model_: The trained `models.Autoencoder`, of scaled and flattened rows `(n, features)`, or with several
            autoencoders of `(n, n_estimators, features)`, each row repeated.
        scaler_: The fitted `sklearn.preprocessing.StandardScaler`.
        references_: Reconstructions of training rows, in scaled units, `(n_estimators, references, features)`, or
            `None` without neighbours.
        offset_: The score below which a row is an outlier.

    Example:

    >>> x = np.random.default_rng(0).random((100, 6))
    >>> detector = AutoencoderOutlierDetector(contamination=0.05, epochs=2, random_state=0)
    >>> int((detector.fit_predict(x) == -1).sum())
    5

    Reference:
        Hawkins et al., 2002, Outlier detection using replicator neural networks; with this error and denoising:
        Sakurada and Yairi, 2014, Anomaly detection using autoencoders with nonlinear dimensionality reduction; several
        autoencoders: Chen et al., 2017, Outlier detection with autoencoder ensembles; the distance to the k-th nearest
        row, here to its reconstruction: Ramaswamy, Rastogi and Shim, 2000, Efficient algorithms for mining outliers
        from large data sets, section 2.
    """

    corruption: float = 0.3
    contamination: float = 0.1
    n_estimators: int = 5
    n_neighbors: int = 10

    def fit(self, X, y=None):
        """Train on `X`, a table `(n, features)` or images `(n, height, width, channels)`; `y` is ignored."""
        check_contamination(self.contamination)
        checks.integer("n_estimators", self.n_estimators)
        checks.integer("n_neighbors", self.n_neighbors, minimum=0)
        X, (seed, reference_seed) = self._checked(X, reset=True), self._seeds(2)
        self.model_ = self._trained(self._fit_scaler(X), seed)
        self.references_, self._neighbors = None, []
        if self.n_neighbors:
            chosen = np.random.default_rng(reference_seed).permutation(len(X))[:_MOST_REFERENCES]
            references = by_block(self._reconstructions, self._scaled(X[chosen]))
            self.references_ = np.ascontiguousarray(references.swapaxes(0, 1))
            number = min(self.n_neighbors, len(chosen))
            self._neighbors = [NearestNeighbors(n_neighbors=number).fit(rows) for rows in self.references_]
        parts = by_block(self._squared_errors, X)
        self._units = _typical(parts.mean(axis=2))[:, None]
        self.offset_ = np.percentile(-self._combined(parts).mean(axis=1), 100 * self.contamination)
        return self

    def _training_rows(self, X):
        return self._for_each(np.tile(X, (math.ceil(_LEAST_ROWS / len(X)), 1)))

    def _validation_data(self, X, rng):
        return self._for_each(X)

    def _for_each(self, X):
        return X if self.n_estimators == 1 else _repeated(X, self.n_estimators)

    def _model(self, features, widths):
        if self.n_estimators == 1:
            return super()._model(features, widths)
        pair = networks.mlp_ensemble([features, *widths], self.n_estimators, self.activation)
        return models.Autoencoder(*pair, corruption=self._masking())

    def _errors(self, X):
        return self._combined(by_block(self._squared_errors, X))

    def _combined(self, parts):
        """The errors `(n, columns)` of parts `(n, 2, columns)`, which are of equal weight."""
        return (parts / self._units).mean(axis=1)

    def _squared_errors(self, X):
        """Mean squared errors over the autoencoders, `(n, 2, columns)`, or `(n, 1, columns)` without neighbours."""
        rows, limited = np.clip(self.scaler_.transform(X), -_LARGEST, _LARGEST), self._scaled(X)
        compared = [self._reconstructions(limited)]  # (n, n_estimators, features)
        if self._neighbors:
            pairs = zip(self.references_, self._neighbors, strict=True)
            nearest = [of[found.kneighbors(rows, return_distance=False)[:, -1]] for of, found in pairs]
            compared.append(np.stack(nearest, axis=1))
        errors = np.stack([np.square(rows[:, None] - others).mean(axis=1) for others in compared], axis=1)
        return errors if self._encoder is None else self._encoder.by_column(errors)

    def _reconstructions(self, rows):
        """The reconstructions of each autoencoder: `(n, n_estimators, features)`."""
        *several, _ = self.model_.example_shape  # (n_estimators, features), or (features,) of one autoencoder
        return self.model_.reconstruct(_repeated(rows, *several)) if several else self.model_.reconstruct(rows)[:, None]

    def feature_errors(self, X):
        """Each column's, feature's or pixel's part of the error, which shows what makes a row an outlier.

        It is a float64 array of the shape of `X`, or a DataFrame with its columns, whose mean over a row is minus the
        row's score. The error of a category is the sum over its indicators.
        """
        return self._like(X, self._errors(self._checked(X)))

    def reconstruct(self, X):
        """What the network expects in place of `X`, in its units: an array, or a DataFrame if `fit` got one."""
        means = by_block(lambda rows: self._reconstructions(rows).mean(axis=1), self._scaled(self._checked(X)))
        return self._decoded(self._unscaled(means), X.index if is_frame(X) else None)

    def score_samples(self, X):
        """Each row's score, lower for stronger outliers: array `(n,)`."""
        return -self._errors(self._checked(X)).mean(axis=1)

    def decision_function(self, X):
        """Each row's score minus `offset_`: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def score(self, X, y=None):
        """Minus the mean squared error of reconstruction, in scaled units; `y` is ignored.

        Unlike the means of `score_samples`, which are relative to the training rows' errors, the scores of differently
        trained detectors can be compared.
        """
        return -float(by_block(self._squared_errors, self._checked(X))[:, 0].mean())

    def predict(self, X):
        """-1 for outliers, 1 for the others: array `(n,)`."""
        return np.where(self.decision_function(X) < 0, -1, 1)


def check_contamination(value):
    """Raise unless a contamination is a number in (0, 0.5]."""
    if not checks.is_real(value) or not 0 < value <= 0.5:
        raise ValueError(f"`contamination` must be in (0, 0.5]. Received: contamination={value!r}")


def _typical(errors):
    """The median of each column of `errors`; the mean where that is 0, and 1 where all are 0."""
    candidates = np.stack([np.median(errors, axis=0), errors.mean(axis=0), np.ones(errors.shape[1])])
    return candidates[(candidates > 0).argmax(axis=0), np.arange(errors.shape[1])]


def _repeated(X, number):
    """Rows `(n, features)` once for each of several autoencoders, `(n, number, features)`, as a view."""
    return np.broadcast_to(X[:, None], (len(X), number, X.shape[1]))
