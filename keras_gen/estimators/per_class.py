"""Classification by one autoencoder per class."""

import numpy as np
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from keras_gen.estimators.base import AutoencoderEstimator, by_block


class AutoencoderPerClassClassifier(ClassifierMixin, AutoencoderEstimator):
    """Classify by reconstruction: each class has its own autoencoder, and the one with the smallest error wins.

    Args:
        ARGUMENTS

    Attributes:
        classes_: The classes, sorted.
        models_: List of the trained `models.Autoencoder`, one per class.
        scaler_: The fitted `sklearn.preprocessing.StandardScaler`, of all classes together.
        temperature_: Mean over the training rows of the smallest error, the unit of `predict_proba`.

    Example:

    >>> x = np.concatenate([np.eye(4)] * 20)
    >>> y = np.tile([0, 0, 1, 1], 20)
    >>> classifier = AutoencoderPerClassClassifier(latent_dim=1, epochs=5, learning_rate=0.03, random_state=0)
    >>> classifier.fit(x, y).score(x, y)
    1.0

    Reference:
        Hinton, Dayan and Revow, 1997, Modeling the manifolds of images of handwritten digits.
    """

    def fit(self, X, y):
        """Train on `X`, a table `(n, features)` or images, with the classes `y`, array `(n,)`."""
        y = validate_data(self, y=y)
        check_classification_targets(y)
        X = self._checked(X, reset=True)
        check_consistent_length(X, y)
        self.classes_, scaled = np.unique(y), self._fit_scaler(X)
        seeds = zip(self.classes_, self._seeds(len(self.classes_)), strict=True)
        self.models_ = [self._trained(scaled[y == label], seed) for label, seed in seeds]
        self.temperature_ = max(float(self._errors(scaled).min(axis=1).mean()), 1e-12)
        return self

    def _errors(self, scaled):
        errors = [np.square(scaled - by_block(model.reconstruct, scaled)).mean(axis=1) for model in self.models_]
        return np.stack(errors, axis=1)  # (n, classes)

    def decision_function(self, X):
        """Minus each class's mean squared error, in scaled units: array `(n, classes)`.

        For two classes, as in scikit-learn, it is the second's minus the first's, `(n,)`.
        """
        errors = self._errors(self._scaled(self._checked(X)))
        return errors[:, 0] - errors[:, 1] if len(self.classes_) == 2 else -errors

    def predict(self, X):
        """The class whose autoencoder has the smallest error: array `(n,)`."""
        errors = self._errors(self._scaled(self._checked(X)))
        return self.classes_[errors.argmin(axis=1)]

    def predict_proba(self, X):
        """Probabilities of the classes, `(n, classes)`: the softmax of minus the errors, divided by `temperature_`.

        They are not calibrated; `sklearn.calibration.CalibratedClassifierCV` calibrates them.
        """
        errors = self._errors(self._scaled(self._checked(X))).astype("float64")  # so that each row sums to 1
        return softmax(-errors / self.temperature_, axis=1)
