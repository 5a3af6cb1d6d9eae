"""Codes as features."""

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from keras_gen import checks
from keras_gen.estimators.base import AutoencoderEstimator, by_block
from keras_gen.estimators.encoding import is_frame


class AutoencoderFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, AutoencoderEstimator):
    """Turn rows of a table, or images, into the codes of an autoencoder trained on them, and back.

    Args:
        ARGUMENTS

    Attributes:
        model_: The trained `models.Autoencoder`, of scaled and flattened rows.
        scaler_: The fitted `sklearn.preprocessing.StandardScaler`.

    Example:

    >>> x = np.random.default_rng(0).random((50, 6))
    >>> AutoencoderFeatures(latent_dim=2, epochs=2, random_state=0).fit_transform(x).shape
    (50, 2)

    Reference:
        Hinton and Salakhutdinov, 2006, Science 313.
    """

    def fit(self, X, y=None):
        """Train on `X`, a table `(n, features)` or images `(n, height, width, channels)`; `y` is ignored."""
        scaled = self._fit_scaler(self._checked(X, reset=True))
        self.model_ = self._trained(scaled, *self._seeds())
        self._n_features_out = self.latent_dim
        return self

    def transform(self, X):
        """The codes: float64 array `(n, latent_dim)`."""
        scaled = self._scaled(self._checked(X))  # raises before a fit
        return by_block(self.model_.encode, scaled).astype("float64")

    def inverse_transform(self, X):
        """Codes `(n, latent_dim)` decoded, in the shape and the units of the data; a DataFrame if `fit` got one."""
        check_is_fitted(self)
        checks.array("X", X, (self._n_features_out,))
        decoded = self._unscaled(by_block(self.model_.decode, np.asarray(X, "float32")))
        return self._decoded(decoded, X.index if is_frame(X) else None)

    def score(self, X, y=None):
        """The fraction of the variance of `X`, in scaled units, that its reconstruction explains (R^2); at most 1."""
        scaled = self._scaled(self._checked(X))
        return r2_score(scaled, by_block(self.model_.reconstruct, scaled), multioutput="variance_weighted")
