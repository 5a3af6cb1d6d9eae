import keras
import numpy as np
import pytest

from keras_gen import metrics
from keras_gen.metrics import features

REAL = np.random.default_rng(0).random((60, 3))
KINDS = {
    "frechet": metrics.FrechetDistance,
    "kernel": metrics.KernelDistance,
    "precision": metrics.SamplePrecision,
    "recall": metrics.SampleRecall,
    "density": metrics.SampleDensity,
    "coverage": metrics.SampleCoverage,
    "score": metrics.ClassifierScore,
    "mmd": metrics.MaximumMeanDiscrepancy,
}


def three():
    network = keras.Sequential([keras.Input((3,)), keras.layers.Rescaling(1.0)])
    return metrics.FeatureExtractor("three", network, keras.Sequential([keras.Input((3,)), keras.layers.Softmax()]))


def test_every_name_is_its_metric_of_the_same_data():
    made = metrics.by_name("frechet, kernel,precision,recall,density,coverage,score,mmd", REAL, three(), (0, 2), n=40)
    assert [type(metric) for metric in made] == list(KINDS.values())
    assert {(metric.n, metric.value_range, metric.features.name) for metric in made} == {(40, (0, 2), "three")}
    assert len({metric.real for metric in made if metric.real is not None}) == 1
    assert all(np.isfinite(metric(REAL[:40])) for metric in made)


def test_names_may_come_as_a_sequence_and_count_once():
    assert [metric.name for metric in metrics.by_name(["mmd", "frechet", "mmd"], REAL, features.identity(), n=9)] == [
        "mmd[identity,bandwidth=median,n=9]",
        "frechet[identity,n=9]",
    ]


def test_names_are_found_in_whatever_case():
    assert [metric.name for metric in metrics.by_name("Recall, MMD", REAL, features.identity(), n=9)] == [
        "recall[identity,k=3,n=9]",
        "mmd[identity,bandwidth=median,n=9]",
    ]


@pytest.mark.parametrize("names", ["fid", "FID,frechet", ["Fid"]])
def test_fid_is_the_nearest_measure_and_a_warning_says_so(names):
    with pytest.warns(UserWarning, match="`fid` is measured as `frechet`: .* is not comparable to published FIDs"):
        (metric,) = metrics.by_name(names, REAL, features.identity(), n=9)
    assert type(metric) is metrics.FrechetDistance


@pytest.mark.parametrize("names", ["frechet,fib", ["Recalls"], ""])
def test_an_unknown_name_is_answered_with_those_known(names):
    known = r"\['coverage', 'density', 'fid', 'frechet', 'kernel', 'mmd', 'precision', 'recall', 'score'\]"
    with pytest.raises(ValueError, match=f"Unknown metric.* Expected: one of {known}"):
        metrics.by_name(names, REAL, features.identity(), n=9)


def test_a_score_without_a_classifier_is_refused_at_once():
    with pytest.raises(ValueError, match="need features with a `head`"):
        metrics.by_name("score", REAL, features.identity(), n=40)
