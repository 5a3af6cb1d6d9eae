import keras
import numpy as np
import pytest

from keras_gen import data, presets
from keras_gen.data.loading import Split
from keras_gen.metrics import FeatureExtractor
from keras_gen.runs.sample_quality import Measurement, SampleQuality, contradiction

TRAIN, TEST = data.load("digits")


class Drawn:
    """A model in a range of values that samples given images."""

    def __init__(self, images, value_range=(0, 1)):
        self.images, self.value_range = images, value_range

    def sample(self, n, seed):
        return self.images[:n]


def test_samples_of_whatever_range_are_measured_in_one():
    quality = SampleQuality("frechet,coverage", TRAIN, TEST, "identity", n=200)
    found = [quality.measure(Drawn(x, y)) for x, y in ((TRAIN.x, (0, 1)), (2 * TRAIN.x - 1, (-1, 1)))]
    assert [one.value for one in found[1]] == pytest.approx([one.value for one in found[0]], rel=1e-4)
    assert [one.label for one in found[0]] == ["frechet", "coverage"] and "jitter" in found[0][0].details
    assert {one.name: one.baseline for one in found[0]} == quality.baselines


def test_training_images_have_the_value_of_their_baseline_and_noise_has_not():
    quality = SampleQuality("density,coverage", TRAIN, TEST, "identity")
    noise = np.random.default_rng(0).random((len(TEST.x), 8, 8, 1))
    assert min(quality.baselines.values()) > 0.8 and quality.accuracy is None
    assert all(one.value < 0.05 for one in quality.measure(Drawn(noise)))


def test_lenet5_is_trained_on_labels_and_its_accuracy_is_stated(monkeypatch):
    trainings = []

    def trained(x, y, value_range):
        trainings.append((y[:3].tolist(), value_range))
        return presets.lenet5(x.shape[1:], width=0.2)

    monkeypatch.setattr("keras_gen.runs.sample_quality.trained_classifier", trained)
    quality = SampleQuality(["density"], TRAIN, TEST, n=100)
    assert trainings == [(TRAIN.y[:3].tolist(), (0, 1))]
    network = quality.metrics[0].features
    assert quality.accuracy == (
        "accuracy[lenet5]",
        np.mean(network.probabilities(network(TEST.x)).argmax(axis=1) == TEST.y),
        None,
        {},
        None,
    )
    assert SampleQuality(["density"], TRAIN, Split(TEST.x, None), n=100).accuracy is None
    with pytest.raises(ValueError, match="lenet5 is trained on labels. Expected: labelled data"):
        SampleQuality(["density"], Split(TRAIN.x, None), TEST)
    with pytest.raises(ValueError, match="Unknown metric. Did you mean 'density'"):
        SampleQuality(["densty"], TRAIN, TEST)
    assert len(trainings) == 2, "an unknown name is found before"


def test_the_network_sees_images_once_for_all_metrics(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_GEN_CACHE", str(tmp_path))
    network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    extractor, seen = FeatureExtractor("flat", network), []
    compute = extractor._compute
    monkeypatch.setattr(extractor, "_compute", lambda x: seen.append(len(x)) or compute(x))
    monkeypatch.setattr("keras_gen.runs.sample_quality.feature_extractor", lambda *args: extractor)
    quality = SampleQuality("frechet,density,coverage,recall", TRAIN, TEST, "identity", n=200)
    assert seen == [250, 110, 200], "test images, and the training images of the baselines"
    quality.measure(Drawn(TRAIN.x))
    assert seen[3:] == [200]


def test_too_few_training_images_give_no_baseline():
    with pytest.warns(UserWarning, match="No baseline: .* Expected: at least 360. Received: 50"):
        quality = SampleQuality("coverage", Split(TRAIN.x[:50], None), TEST, "identity")
    assert list(quality.baselines.values()) == [None]
    assert quality.measure(Drawn(TEST.x))[0] == ("coverage[identity,k=5,n=360]", 1.0, None, {}, None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"precision": 1.0, "recall": 0.0}, "precision is high (1.00) and recall is zero (0.00): the samples lack"),
        ({"density": 7.0, "coverage": 0.01}, "density is high (7.00) and coverage is zero (0.01): the samples lack"),
        ({"precision": 0.0, "recall": 0.8}, "recall is high (0.80) and precision is zero (0.00): the samples spread"),
        ({"recall": 0.8, "coverage": 0.0}, "recall is high (0.80) and coverage is zero (0.00)"),
        ({"precision": 0.9, "recall": 0.3}, None),
        ({"precision": 0.0, "recall": 0.0}, None),
        ({"precision": 1.0, "frechet": 0.0}, None),
        ({"precision": 1.0}, None),
    ],
)
def test_one_high_and_another_zero_contradict_each_other(values, expected):
    measured = [Measurement(f"{name}[a,n=9]", value, baseline=0.9) for name, value in values.items()]
    found = contradiction(measured)
    assert (found is None) if expected is None else found.startswith(expected)
    assert contradiction([one._replace(baseline=None) for one in measured]) == found
