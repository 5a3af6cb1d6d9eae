"""Imputation of missing values by an autoencoder of the observed ones."""

import keras
import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state

from keras_gen import checks, layers, models, networks
from keras_gen.estimators.base import AutoencoderEstimator, by_block, with_arguments


@with_arguments
class AutoencoderImputer(OneToOneFeatureMixin, TransformerMixin, AutoencoderEstimator):
    """Complete a table, or images, with NaN for missing values.

    An autoencoder that sees which entries are missing learns to reconstruct the observed ones, some of which are masked
    in training: at random, and where other rows have gaps. Missing entries are then filled with its reconstruction;
    with `max_iter` > 1 the completed rows are reconstructed again, and the missing entries replaced each time.

    Args:
        max_iter: Passes of reconstruction, an integer >= 1. Defaults to 1.
        ARGUMENTS

    Attributes:
        model_: The trained `models.IncompleteAutoencoder`, of scaled and flattened rows.
        scaler_: The fitted `sklearn.preprocessing.StandardScaler`.
        n_iter_: Passes of reconstruction.
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
        """Train on `X`, array `(n, features)` or images, each feature observed in some row; `y` is ignored."""
        checks.integer("max_iter", self.max_iter)
        X = self._checked(X, reset=True)
        empty = np.flatnonzero(np.isnan(X).all(axis=0))
        if len(empty):
            raise ValueError(f"Every feature must be observed in some row. Received: only NaN in {empty.tolist()}")
        scaled, (seed, mask_seed) = self._fit_scaler(X), self._seeds(2)
        self.model_ = self._trained(scaled, seed)
        self.n_iter_ = self.max_iter
        self.residual_std_ = self._residual_std(scaled, np.random.default_rng(mask_seed))
        return self

    def _model(self, features, widths):
        inner, _ = networks.mlp_autoencoder([2 * features, *widths], self.activation)
        _, decoder = networks.mlp_autoencoder([features, *widths], self.activation)
        inputs = keras.Input((features,))
        encoder = keras.Model(inputs, inner(layers.MissingIndicator()(inputs)), name="encoder")
        gaps = [layers.MissingPatterns(0.5), layers.MaskingNoise(self.corruption, value=float("nan"))]
        return models.IncompleteAutoencoder(encoder, decoder, corruption=keras.Sequential(gaps, name="gaps"))

    def _residual_std(self, scaled, rng):
        """Root mean squared error of the observed entries, each hidden from the network once."""
        parts = max(2, round(1 / max(self.corruption, 0.1)))
        part, error = rng.integers(parts, size=scaled.shape), np.empty(scaled.shape)
        for number in range(parts):
            hidden = part == number
            error[hidden] = (scaled - self.model_.reconstruct(np.where(hidden, np.nan, scaled)))[hidden]
        return np.sqrt(np.nanmean(np.square(error), axis=0))

    def transform(self, X):
        """Complete rows: array of the shape of `X`, whose observed entries are unchanged."""
        X = self._checked(X)
        missing, scaled = np.isnan(X), self._scaled(X)
        completed = scaled
        for _ in range(self.max_iter):
            completed = np.where(missing, by_block(self.model_.reconstruct, completed), scaled)
        return self._shaped(np.where(missing, self._unscaled(completed), X))

    def sample_imputations(self, X, n=5, random_state=None):
        """Draw several completions, whose spread shows how certain each filled value is.

        Each is the reconstruction of the row with further entries masked at random, plus normal noise of the size of
        the error on masked entries.

        Args:
            X: Array `(rows, features)`, or images, with NaN for missing values.
            n: Number of completions, an integer >= 1. Defaults to 5.
            random_state: As in scikit-learn. Defaults to `None`.

        Returns:
            float64 array `(n, *X.shape)`; observed entries are unchanged.
        """
        X, rng, completions = self._checked(X), check_random_state(random_state), []
        missing, scaled = np.isnan(X), self._scaled(X)
        for _ in range(checks.integer("n", n)):
            masked = np.where(rng.uniform(size=scaled.shape) < self.corruption, np.nan, scaled).astype("float32")
            drawn = by_block(self.model_.reconstruct, masked) + rng.normal(size=scaled.shape) * self.residual_std_
            completions.append(self._shaped(np.where(missing, self._unscaled(drawn), X)))
        return np.stack(completions)
