"""Autoencoders as scikit-learn estimators."""

from keras_gen.estimators.features import AutoencoderFeatures
from keras_gen.estimators.imputation import AutoencoderImputer
from keras_gen.estimators.outliers import AutoencoderOutlierDetector
from keras_gen.estimators.per_class import AutoencoderPerClassClassifier

__all__ = [
    "AutoencoderFeatures",
    "AutoencoderImputer",
    "AutoencoderOutlierDetector",
    "AutoencoderPerClassClassifier",
]
