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


@with_arguments
class AutoencoderOutlierDetector(OutlierMixin, AutoencoderEstimator):
    """Detect the rows of a table, or the images, that are far from what autoencoders reconstruct.

    A row `x` is compared with its reconstruction `r(x)` and with the reconstructions of the training rows, of which
    `r_k` is the `n_neighbors`-th nearest to `x`:

        error(x) = 1/2 |x - r(x)|^2 / A + 1/2 |x - r_k|^2 / B

    in scaled units, where `A` and `B` are the medians over the training rows. An autoencoder may learn to reproduce an
    outlier in the training rows; no other rows are reconstructed near it. Both squares are means over several
    denoising autoencoders, which differ in their initial weights and in their noise. The score is minus the error,
    about -1 for a typical row. Rows below the quantile `contamination` of the training rows' scores are outliers. A
    table of fewer than 1,500 rows is repeated to at least as many in every epoch.

    Args:
        contamination: Fraction of the training rows taken for outliers, a number in (0, 0.5]. Defaults to 0.1.
        n_estimators: Number of autoencoders, an integer >= 1, which are trained together. Each needs as much memory for
            its copy of the rows as the scaled rows. Defaults to 5.
        n_neighbors: Integer >= 0; 0 for the reconstruction error alone. The reconstructions of at most 2,000 training
            rows are kept. Defaults to 10.
        ARGUMENTS

    Attributes:
        model_: The trained `models.Autoencoder`, of scaled and flattened rows `(n, features)`, or with several
            autoencoders of `(n, n_estimators, features)`, each row repeated.
        scaler_: The fitted `sklearn.preprocessing.StandardScaler`.
        references_: Reconstructions of training rows, in scaled units, `(n_estimators, references, features)`.
        offset_: The score below which a row is an outlier.

    Example:

    >>> x = np.random.default_rng(0).random((100, 6))
    >>> detector = AutoencoderOutlierDetector(contamination=0.05, epochs=2, random_state=0)
    >>> int((detector.fit_predict(x) == -1).sum())
    5

    Reference:
        Hawkins et al., 2002, Outlier detection using replicator neural networks; with this error and denoising:
        Sakurada and Yairi, 2014, Anomaly detection using autoencoders with nonlinear dimensionality reduction; several
        autoencoders: Chen et al., 2017, Outlier detection with autoencoder ensembles.
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
        chosen = np.random.default_rng(reference_seed).permutation(len(X))[:_MOST_REFERENCES]
        references = by_block(self._reconstructions, self._scaled(X[chosen])).swapaxes(0, 1)
        self.references_ = references[:, : len(chosen) if self.n_neighbors else 0]
        self._neighbors = [
            NearestNeighbors(n_neighbors=min(self.n_neighbors, len(rows))).fit(rows)
            for rows in self.references_
            if len(rows)
        ]
        parts = by_block(self._squared_errors, X)
        self._units = np.maximum(np.median(parts.mean(axis=2), axis=0), 1e-12)[:, None]
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
        rows, limited = self.scaler_.transform(X), self._scaled(X)
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
        """The mean of `score_samples`: higher where the rows are reconstructed better; `y` is ignored."""
        return float(self.score_samples(X).mean())

    def predict(self, X):
        """-1 for outliers, 1 for the others: array `(n,)`."""
        return np.where(self.decision_function(X) < 0, -1, 1)


def check_contamination(value):
    """Raise unless a contamination is a number in (0, 0.5]."""
    if not checks.is_real(value) or not 0 < value <= 0.5:
        raise ValueError(f"`contamination` must be in (0, 0.5]. Received: contamination={value!r}")


def _repeated(X, number):
    """Rows `(n, features)` once for each of several autoencoders, `(n, number, features)`, as a view."""
    return np.broadcast_to(X[:, None], (len(X), number, X.shape[1]))
