import copy
import random

import keras
import numpy as np
import pytest

from keras_gen import metrics, models, networks
from keras_gen.metrics import features


def flat(shape, **options):
    """Features that are the network's own view of its input."""
    return metrics.FeatureExtractor("flat", keras.Sequential([keras.Input(shape), keras.layers.Flatten()]), **options)


X = np.random.default_rng(0).random((7, 4, 4, 1)).astype("float32")


def test_grey_becomes_colour_and_sizes_are_brought_together():
    np.testing.assert_array_equal(flat((4, 4, 3))(X).reshape(7, 4, 4, 3), np.repeat(X, 3, axis=3))
    constant = np.full((1, 5, 3, 1), 0.25, "float32")
    np.testing.assert_allclose(flat((16, 16, 3))(constant), np.full((1, 16 * 16 * 3), 0.25), rtol=1e-5)


def test_a_smaller_image_is_an_average_and_not_every_other_pixel():
    board = np.indices((16, 16)).sum(axis=0) % 2 * 1.0
    small = flat((4, 4, 1))(board[None, :, :, None]).reshape(4, 4)
    np.testing.assert_allclose(small[1:3, 1:3], 0.5, atol=0.05)


@pytest.mark.parametrize(
    ("given", "wanted", "scale", "shift"),
    [((0, 1), (-1, 1), 2, -1), ((-1, 1), (0, 1), 0.5, 0.5), ((0, 255), (-1, 1), 2 / 255, -1)],
)
def test_values_are_brought_to_the_networks_range(given, wanted, scale, shift):
    x = given[0] + X * (given[1] - given[0])
    result = flat((4, 4, 1), value_range=wanted)(x, given)
    np.testing.assert_allclose(result, (x * scale + shift).reshape(7, -1), atol=1e-6)
    assert result.dtype == "float32"


def test_bytes_are_values_of_0_to_255():
    result = flat((2, 1, 1))(np.array([[[[0]], [[255]]]], "uint8"), (0, 255))
    assert result.tolist() == [[0.0, 1.0]]


def test_a_little_outside_is_clipped_and_far_outside_refused():
    x = np.array([[-0.5, 1.5]])
    assert flat((2,))(x).tolist() == [[0.0, 1.0]] and x.tolist() == [[-0.5, 1.5]]
    assert flat((2,))(np.array([[-2.0, 2.0]]), (-1, 1)).tolist() == [[0.0, 1.0]]
    message = r"`x` is far out of its range. Expected: values in \[0, 1\].* Received: values in \[%s\]"
    with pytest.raises(ValueError, match=message % "-1, 1"):
        flat((2,))(np.array([[-1.0, 1.0]]))
    with pytest.raises(ValueError, match=message % "0, 255"):
        flat((2,))(np.array([[0, 255]]))
    with pytest.raises(ValueError, match=r"values in \[-1, 1\]"):
        flat((2,))(np.array([[0.0, 2.1]]), (-1, 1))


def test_batches_change_nothing():
    whole = flat((4, 4, 1))(X)
    assert whole.shape == (7, 16)
    np.testing.assert_array_equal(flat((4, 4, 1), batch_size=3)(X), whole)


def test_one_batch_is_held_at_a_time():
    features, steps = flat((4, 4, 1), batch_size=3), []
    fitted, compute = features._adapted, features._compute
    features._adapted = lambda *args: steps.append("fit") or fitted(*args)
    features._compute = lambda part: steps.append("compute") or compute(part)
    features(X)
    assert steps == ["fit", "compute"] * 3


def test_the_same_images_are_computed_once_and_others_anew():
    features, calls = flat((4, 4, 1)), []
    compute = features._compute
    features._compute = lambda part: calls.append(len(part)) or compute(part)
    x = X.copy()
    first = features(x)
    assert features(x.copy()) is first and calls == [7]
    x[0] = 0.5
    assert features(x)[0, 0] == 0.5 and features(x, (0, 2))[0, 0] == 0.25 and calls == [7] * 3


def test_without_a_network_examples_stay_as_they_are():
    x = [[[300.0, -1.0]], [[2.0, 3.0]]]
    assert metrics.FeatureExtractor("as-they-are")(x).tolist() == [[300.0, -1.0], [2.0, 3.0]]


def test_the_network_runs_as_in_use_and_not_as_in_training():
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.9)])
    head = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.9)])
    features = metrics.FeatureExtractor("dropout", network, head)
    assert np.all(features(np.ones((5, 4))) == 1) and np.all(features.probabilities(np.ones((5, 4))) == 1)


def test_the_key_is_made_of_name_weights_and_range():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    key = metrics.FeatureExtractor("a", network).key
    assert key == metrics.FeatureExtractor("a", network, batch_size=9).key
    assert (
        key
        != metrics.FeatureExtractor("b", network).key
        != metrics.FeatureExtractor("a", network, value_range=(-1, 1)).key
    )
    network.layers[0].set_weights([np.zeros((2, 1)), np.ones(1)])
    assert key != metrics.FeatureExtractor("a", network).key


def test_a_copy_is_the_same_object():
    features = flat((2,))
    assert copy.deepcopy([features])[0] is features


@pytest.mark.parametrize(
    ("shape", "x", "value_range", "message"),
    [
        ((4, 4, 3), np.zeros((2, 4, 4, 2)), (0, 1), r"Expected: examples of shape \(4, 4, 3\). Received: \(4, 4, 2\)"),
        ((3,), np.zeros((2, 4)), (0, 1), r"Expected: examples of shape \(3,\). Received: \(4,\)"),
        ((4, 4, 1), np.zeros((2, 4, 4)), (0, 1), r"Received: \(4, 4\)"),
        ((4,), np.full((2, 4), np.nan), (0, 1), "`x` must be finite"),
        ((4,), np.zeros((0, 4)), (0, 1), "`x` must hold at least one example"),
        ((4,), np.zeros((2, 4)), (0, 0), r"`value_range` must be \(lowest, highest\). Received: \(0, 0\)"),
        ((4,), np.zeros((2, 4)), (1, 0), r"`value_range` must be \(lowest, highest\). Received: \(1, 0\)"),
    ],
)  # fmt: skip
def test_bad_examples(shape, x, value_range, message):
    with pytest.raises(ValueError, match=message):
        flat(shape)(x, value_range)


def test_bad_arguments():
    with pytest.raises(ValueError, match="Expected: only letters, digits, _, - and . Received: name='a/b'"):
        metrics.FeatureExtractor("a/b")
    with pytest.raises(ValueError, match="`batch_size` must be an integer >= 1"):
        metrics.FeatureExtractor("a", batch_size=0)
    with pytest.raises(ValueError, match="Class probabilities need features with a `head`. .* Received: 'flat'"):
        flat((2,)).probabilities(np.zeros((1, 2)))


def test_networks_of_the_same_weights_are_told_apart():
    keys = [
        metrics.FeatureExtractor("pool", keras.Sequential([keras.Input((4, 4, 1)), pooling()])).key
        for pooling in (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)
    ]
    again = metrics.FeatureExtractor(
        "pool", keras.Sequential([keras.Input((4, 4, 1)), keras.layers.GlobalMaxPooling2D()])
    ).key
    assert keys[0] != keys[1] == again


def classifier(**options):
    return models.Classifier(networks.lenet5((8, 8, 1), 3, units=(7, 5)), **options)


def test_of_a_classifier_they_are_what_its_last_layer_is_given_and_the_rest_is_the_head():
    x, model = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32"), classifier()
    extractor = metrics.FeatureExtractor.of_classifier(model)
    seen = extractor(x)
    assert seen.shape == (4, 5) and extractor.name == "lenet5" and extractor.value_range == (0, 1)
    np.testing.assert_allclose(extractor.probabilities(seen), model.probabilities(x), rtol=1e-5)


def test_of_a_classifier_any_layer_of_vectors_gives_features():
    x, model = np.random.default_rng(0).random((4, 8, 8, 1)).astype("float32"), classifier(value_range=(-1, 1))
    name = next(layer.name for layer in model.network.layers if layer.output.shape == (None, 7))
    extractor = metrics.FeatureExtractor.of_classifier(model, layer=name, name="hidden")
    seen = extractor(x)
    assert seen.shape == (4, 7) and extractor.name == "hidden"
    np.testing.assert_allclose(extractor.probabilities(seen), model.probabilities(2 * x - 1), rtol=1e-5)
    with pytest.raises(ValueError, match="Unknown layer"):
        metrics.FeatureExtractor.of_classifier(model, layer="feature")
    convolution = next(layer.name for layer in model.network.layers if len(layer.output.shape) == 4)
    with pytest.raises(ValueError, match=r"must give vectors. Expected: shape \(batch, features\)"):
        metrics.FeatureExtractor.of_classifier(model, layer=convolution)


def test_the_identity_takes_examples_as_they_are():
    assert features.identity().name == "identity"
    assert features.identity()(np.full((2, 3, 3, 1), 7.0)).tolist() == [[7.0] * 9] * 2


def test_inception_sees_large_colour_images_in_its_own_range(monkeypatch):
    inputs = keras.Input((299, 299, 3))
    hidden = keras.layers.GlobalAveragePooling2D(name="avg_pool")(inputs)
    outputs = keras.layers.Dense(2, "softmax", name="predictions", kernel_initializer="ones")(hidden)
    asked, state = [], random.getstate()

    def built(weights):
        asked.append((weights, keras.config.dtype_policy().name))
        random.random()  # as the layers' initializers do
        return keras.Model(inputs, outputs)

    monkeypatch.setattr(keras.applications, "InceptionV3", built)
    keras.config.set_dtype_policy("mixed_float16")
    extractor = features.inception_v3()
    assert random.getstate() == state and asked == [("imagenet", "float32")]
    seen = extractor(np.stack([np.zeros((8, 8, 1)), np.ones((8, 8, 1))]))
    np.testing.assert_allclose(seen, [[-1.0] * 3, [1.0] * 3], atol=1e-5)
    np.testing.assert_allclose(extractor.probabilities(seen), np.full((2, 2), 0.5))
    assert extractor.name == "inception_v3"


def test_inception_without_a_network_names_the_alternative(monkeypatch, tmp_path):
    def failing(weights):
        keras.utils.get_file("none.h5", f"file://{tmp_path}/none.h5", cache_dir=tmp_path / "cache")

    monkeypatch.setattr(keras.applications, "InceptionV3", failing)
    with pytest.raises(ConnectionError, match=r"cannot be downloaded .* or features of a classifier .*of_classifier"):
        features.inception_v3()


@pytest.mark.parametrize("kind", [MemoryError, Exception])
def test_another_failure_of_inception_is_not_called_a_connections(kind, monkeypatch):
    def failing(weights):
        raise kind("no room")

    monkeypatch.setattr(keras.applications, "InceptionV3", failing)
    with pytest.raises(kind, match="no room"):
        features.inception_v3()
