"""Imputation of missing values by an autoencoder of the observed ones."""

import keras
import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state

from keras_gen import checks, layers, models, networks
from keras_gen.estimators.base import AutoencoderEstimator, by_block, with_arguments
from keras_gen.estimators.encoding import is_frame

_LEAST_HIDDEN = 0.1  # rate of the entries that are hidden to measure the error
_FEW_ROWS = 2000  # up to which reconstructions are shrunk to the mean: a second training costs little
_TESTED = 0.2  # rate of the entries that measure by how much
_PRIOR_CELLS = 10  # entries of all columns that are added to a column's own


@with_arguments
class AutoencoderImputer(OneToOneFeatureMixin, TransformerMixin, AutoencoderEstimator):
    """Complete a table, or images, with NaN for missing values.

    An autoencoder that sees which entries are missing learns to reconstruct the observed ones, some of which are masked
    in training: at random, and where other rows have gaps. Missing entries are then filled with its reconstruction;
    with `max_iter` > 1 the completed rows are reconstructed again, and the missing entries replaced each time.

    With at most 2,000 rows a network can overfit. A first network, trained without a fifth of the known cells, then
    shows by which factor to shrink reconstructions towards each feature's mean for the least squared error.

    Args:
        max_iter: Passes of reconstruction, an integer >= 1. Defaults to 1.
        ARGUMENTS

    Attributes:
        model_: The trained `models.IncompleteAutoencoder`, of scaled and flattened rows.
        scaler_: The fitted `sklearn.preprocessing.StandardScaler`.
        n_iter_: Passes of reconstruction.
        shrinkage_: Array `(features,)` of the factors in [0, 1] of the reconstructions' deviations from the mean; 0
            gives the mean, 1 the reconstruction, as for more than 2,000 rows.
        residual_std_: Root mean squared error of the training rows' observed entries when they are hidden, one per
            feature, in scaled units; too small where the model overfits.

    Example:

    >>> x = np.random.default_rng(0).random((100, 6))
    >>> x[::3, 2] = np.nan
    >>> completed = AutoencoderImputer(epochs=2, random_state=0).fit_transform(x)
    >>> int(np.isnan(completed).sum())
    0

    Reference:
        Gondara and Wang, 2018, MIDA: Multiple imputation using denoising autoencoders, arXiv:1705.02737.
    """

    corruption: float = 0.3
    max_iter: int = 1

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X, y=None):
        """Train on `X`, a table `(n, features)` or images, each feature observed in some row; `y` is ignored."""
        checks.integer("max_iter", self.max_iter)
        X = self._checked(X, reset=True)
        empty = np.isnan(X).all(axis=0)
        if empty.any():
            raise ValueError(
                f"Every feature must be observed in some row. Received: only NaN in {self._columns_of(empty)}"
            )
        scaled, (seed, mask_seed) = self._fit_scaler(X), self._seeds(2)
        self._mean = np.nanmean(scaled, axis=0)
        self.shrinkage_ = self._measured_shrinkage(scaled, seed) if len(scaled) <= _FEW_ROWS else np.ones(X.shape[1])
        self.model_ = self._trained(scaled, seed)
        self.n_iter_ = self.max_iter
        errors = self._hidden_errors(scaled, np.random.default_rng(mask_seed))
        self.residual_std_ = np.sqrt(np.nanmean(np.square(errors), axis=0))
        return self

    def _model(self, features, widths):
        inner, _ = networks.mlp_autoencoder([2 * features, *widths], self.activation)
        _, decoder = networks.mlp_autoencoder([features, *widths], self.activation)
        inputs = keras.Input((features,))
        encoder = keras.Model(inputs, inner(layers.MissingIndicator()(inputs)), name="encoder")
        gaps = [layers.MissingPatterns(0.5), self._masking(value=float("nan"))]
        return models.IncompleteAutoencoder(encoder, decoder, corruption=keras.Sequential(gaps, name="gaps"))

    def _measured_shrinkage(self, scaled, seed):
        """The regression coefficients, through the mean, of cells that a network has not seen on its reconstructions.

        Coefficients of few cells are shrunk towards the coefficient of all columns together.
        """
        hidden = self._draws(np.random.default_rng(seed), len(scaled)) < _TESTED
        hidden &= (~np.isnan(scaled) & ~hidden).any(axis=0)  # some cell of the feature is left
        given = np.where(hidden, np.nan, scaled)
        guesses = by_block(self._trained(given, seed).reconstruct, given) - self._mean
        tested = hidden & ~np.isnan(scaled)
        products, squares = (
            self._column_sums(np.where(tested, guesses * other, 0.0)) for other in (scaled - self._mean, guesses)
        )
        prior = _PRIOR_CELLS / max((self._column_sums(tested) / self._widths).sum(), 1)
        products, squares = products + prior * products.sum(), squares + prior * squares.sum()
        return np.repeat(np.clip(products / np.maximum(squares, 1e-12), 0, 1), self._widths)

    @property
    def _widths(self):
        """The number of features of each column."""
        return [1] * self.scaler_.n_features_in_ if self._encoder is None else self._encoder.widths_

    def _column_sums(self, values):
        ends = np.cumsum(self._widths)
        return np.diff(values.sum(axis=0).cumsum()[ends - 1], prepend=0)

    def _draws(self, rng, rows):
        """Uniform draws in [0, 1) `(rows, features)`, of which the indicators of one category share one."""
        return np.repeat(rng.uniform(size=(rows, len(self._widths))), self._widths, axis=1)

    def _reconstructed(self, scaled):
        return self._mean + self.shrinkage_ * (by_block(self.model_.reconstruct, scaled) - self._mean)

    def _validation_data(self, X, rng):
        hidden = self._draws(rng, len(X)) < max(self.corruption, _LEAST_HIDDEN)
        return np.where(hidden, np.nan, X), np.where(hidden, X, np.nan)

    def _hidden_errors(self, scaled, rng):
        """Errors of the observed entries, each hidden from the network once."""
        parts = max(2, round(1 / max(self.corruption, _LEAST_HIDDEN)))
        part, errors = (parts * self._draws(rng, len(scaled))).astype(int), np.empty(scaled.shape)
        for number in range(parts):
            hidden = part == number
            errors[hidden] = (scaled - self._reconstructed(np.where(hidden, np.nan, scaled)))[hidden]
        return errors

    def transform(self, X):
        """Complete rows: array of the shape of `X`, or a DataFrame if `X` is one. Known entries are unchanged."""
        features = self._checked(X)
        missing, scaled = np.isnan(features), self._scaled(features)
        completed = scaled
        for _ in range(self.max_iter):
            completed = np.where(missing, self._reconstructed(completed), scaled)
        return self._filled(X, features, completed)

    def _filled(self, X, features, completed):
        filled = np.where(np.isnan(features), self._unscaled(completed), features)
        if self._encoder is None:
            return self._shaped(filled)
        return self._encoder.fill(X if is_frame(X) else self._encoder.frame(X), filled)

    def score(self, X, y=None):
        """The fraction of the variance of the known entries, in scaled units, that is explained when they are hidden.

        Each is hidden once, together with others, the same in every call; `y` is ignored.
        """
        scaled = self._scaled(self._checked(X))
        errors = self._hidden_errors(scaled, np.random.default_rng(0))
        deviations = scaled - np.nanmean(scaled, axis=0)
        return 1 - float(np.nansum(np.square(errors)) / max(np.nansum(np.square(deviations)), 1e-12))

    def sample_imputations(self, X, n=5, random_state=None):
        """Draw several completions, whose spread shows how certain each filled value is.

        Each is the reconstruction of the row with further entries masked at random, plus normal noise of the size of
        the error on masked entries.

        Args:
            X: Table `(rows, features)`, or images, with NaN for missing values.
            n: Number of completions, an integer >= 1. Defaults to 5.
            random_state: As in scikit-learn. Defaults to `None`.

        Returns:
            float64 array `(n, *X.shape)`, or a list of `n` DataFrames if `fit` got one; known entries are unchanged.
        """
        features, rng, completions = self._checked(X), check_random_state(random_state), []
        scaled = self._scaled(features)
        for _ in range(checks.integer("n", n)):
            masked = np.where(self._draws(rng, len(scaled)) < self.corruption, np.nan, scaled).astype("float32")
            drawn = self._reconstructed(masked) + rng.normal(size=scaled.shape) * self.residual_std_
            completions.append(self._filled(X, features, drawn))
        return np.stack(completions) if self._encoder is None else completions
