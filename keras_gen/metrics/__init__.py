"""Metrics of samples, of likelihood and of detection."""

from keras_gen.metrics.checkerboard import phase_variance
from keras_gen.metrics.classifier_score import ClassifierScore, classifier_score
from keras_gen.metrics.density_coverage import SampleCoverage, SampleDensity, density_coverage
from keras_gen.metrics.detection import (
    AveragePrecision,
    Detections,
    average_precision,
    box_iou,
    non_maximum_suppression,
)
from keras_gen.metrics.features import FeatureExtractor
from keras_gen.metrics.frechet import FrechetDistance, frechet_distance, gaussian_frechet_distance
from keras_gen.metrics.kernel import (
    KernelDistance,
    MaximumMeanDiscrepancy,
    kernel_distance,
    maximum_mean_discrepancy,
)
from keras_gen.metrics.likelihood import log_likelihoods, negative_log_likelihood
from keras_gen.metrics.modes import HighQualitySamples, ModeCount, mode_counts
from keras_gen.metrics.precision_recall import SamplePrecision, SampleRecall, precision_recall
from keras_gen.metrics.registry import by_name
from keras_gen.metrics.sample_metric import SampleMetric

__all__ = [
    "AveragePrecision",
    "ClassifierScore",
    "Detections",
    "FeatureExtractor",
    "FrechetDistance",
    "HighQualitySamples",
    "KernelDistance",
    "MaximumMeanDiscrepancy",
    "ModeCount",
    "SampleCoverage",
    "SampleDensity",
    "SampleMetric",
    "SamplePrecision",
    "SampleRecall",
    "average_precision",
    "box_iou",
    "by_name",
    "classifier_score",
    "density_coverage",
    "frechet_distance",
    "gaussian_frechet_distance",
    "kernel_distance",
    "log_likelihoods",
    "maximum_mean_discrepancy",
    "mode_counts",
    "negative_log_likelihood",
    "non_maximum_suppression",
    "phase_variance",
    "precision_recall",
]
