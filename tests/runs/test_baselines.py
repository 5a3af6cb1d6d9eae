from functools import partialmethod

import numpy as np
import pytest

from keras_gen import data, metrics
from keras_gen.metrics import features
from keras_gen.runs.baselines import frechet_findings, pca_reconstruction, sample_metrics, squared_error, vae_samples
from keras_gen.training import GenerativeModel

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _without_xla(monkeypatch):
    """XLA would compile the VAE for many times as long as it trains here."""
    monkeypatch.setattr(GenerativeModel, "compile", partialmethod(GenerativeModel.compile, jit_compile=False))


def test_squared_error_is_summed_over_an_example_and_averaged_over_examples():
    x = RNG.normal(size=(5, 3, 2))
    assert squared_error(x, x + 2) == pytest.approx(4 * 6) and squared_error(x, x) == 0
    assert squared_error(x, np.concatenate([x[:4], x[4:] + 1])) == pytest.approx(6 / 5)


def test_pca_keeps_what_lies_in_its_subspace_and_loses_the_rest():
    plane = RNG.normal(size=(200, 2)) @ RNG.normal(size=(2, 6))
    x = plane.reshape(200, 3, 2, 1)
    assert pca_reconstruction(x, x[:9], 2) == pytest.approx(x[:9])
    assert squared_error(x, pca_reconstruction(x, x, 1)) == pytest.approx(
        np.linalg.eigvalsh(np.cov(plane.T, bias=True))[-2]
    )


@pytest.mark.compiled
def test_sample_metrics_take_no_more_samples_than_there_are_images():
    train, test = data.load("digits", value_range=(-1, 1))
    frechet, recall = sample_metrics("frechet,recall", train, test, 10_000)
    assert frechet.n == recall.n == len(test.x) and frechet.features.name == "lenet5"
    (fewer,) = sample_metrics("frechet", train, test, 100)
    assert fewer.n == 100 and fewer.score(test.x[:100]) < fewer.score(-test.x[:100])


def test_inception_features_are_taken_by_name(monkeypatch):
    monkeypatch.setattr("keras_gen.runs.sample_quality.inception_v3", features.identity)
    train, test = data.load("digits", value_range=(-1, 1))
    assert sample_metrics("mmd", train, test, 50, "inception_v3")[0].features.name == "identity"


def test_vae_samples_are_in_the_range_of_the_images():
    x = np.full((64, 4, 4, 1), -1.0, "float32")
    samples = vae_samples(x, 7, seconds=0, batch_size=16, width=0.1)
    assert samples.shape == (7, 4, 4, 1) and -1 <= samples.min() < samples.max() <= 1 and samples.min() < 0


def test_frechet_findings_hold_the_samples_to_the_baseline():
    x, x_test = RNG.normal(size=(2, 300, 3))
    frechet = metrics.FrechetDistance(x_test, features.identity(), (-6, 6), n=200)
    distance, baseline, ratio = frechet_findings(frechet, x[:200] + 1, x)
    assert ratio.obtained == pytest.approx(distance.obtained / baseline.obtained) and ratio.obtained > 10
    assert baseline.obtained == frechet.real_data_baseline(x) and distance.verdict == "stated"
    verdicts = [frechet_findings(frechet, x[:200], x, x[:200] + shift)[0].verdict for shift in (1, 0)]
    assert verdicts == ["reached", "reached"]
    assert frechet_findings(frechet, x[:200] + 1, x, vae=x[:200])[0].verdict == "missed"
