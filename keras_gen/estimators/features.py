"""Codes as features."""

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from keras_gen.estimators.base import AutoencoderEstimator, by_block, scaled_by


class AutoencoderFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, AutoencoderEstimator):
    """Turn rows of a table, or images, into the codes of an autoencoder trained on them, and back.

    Args:
        ARGUMENTS

    Attributes:
        model_: The trained `models.Autoencoder`, of scaled and flattened rows.
        scaler_: The fitted `sklearn.preprocessing.StandardScaler`.

    Example:

    >>> import numpy as np
    >>> x = np.random.default_rng(0).random((50, 6))
    >>> AutoencoderFeatures(latent_dim=2, epochs=2, random_state=0).fit_transform(x).shape
    (50, 2)

    Reference:
        Hinton and Salakhutdinov, 2006, Science 313.
    """

    def fit(self, X, y=None):
        """Train on `X`, array `(n, features)` or images `(n, height, width, channels)`; `y` is ignored."""
        X = self._checked(X, reset=True)
        scaler = self._new_scaler(X)
        self.model_, self.scaler_ = self._trained(scaled_by(scaler, X), *self._seeds()), scaler
        self._n_features_out = self.latent_dim
        return self

    def transform(self, X):
        """The codes: float64 array `(n, latent_dim)`."""
        X = self._checked(X, reset=False)
        return by_block(self.model_.encode, self._scaled(X)).astype("float64")

    def inverse_transform(self, X):
        """Codes `(n, latent_dim)` decoded, in the shape and the units of the data."""
        check_is_fitted(self)
        return self._shaped(self._unscaled(self.model_.decode(X)))
