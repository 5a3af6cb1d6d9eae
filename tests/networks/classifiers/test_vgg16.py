import warnings

import keras
import numpy as np
import pytest

from keras_gen import networks

CONVOLUTIONS = [(3, 64), (64, 64), (64, 128), (128, 128), (128, 256), *[(256, 256)] * 2, (256, 512), *[(512, 512)] * 5]


@pytest.mark.usefixtures("unallocated")
def test_weights_are_those_of_the_published_network(counts):
    """Simonyan and Zisserman 2015, tables 1 and 2: configuration D has 138 million."""
    network = networks.vgg16((224, 224, 3), 1000)
    dense = [(7 * 7 * 512, 4096), (4096, 4096), (4096, 1000)]
    expected = [9 * inputs * outputs + outputs for inputs, outputs in CONVOLUTIONS]
    expected += [inputs * outputs + outputs for inputs, outputs in dense]
    assert counts(network) == expected and network.count_params() == 138_357_544


@pytest.mark.usefixtures("unallocated")
def test_it_is_that_of_keras_applications_with_logits():
    own, keras_own = networks.vgg16((32, 40, 1), 7), keras.applications.VGG16(True, None, None, (32, 40, 1), classes=7)
    assert [layer.name for layer in own.layers[1:]] == [layer.name for layer in keras_own.layers[1:]]
    ends = [network.layers[-1].get_config() for network in (own, keras_own)]
    assert ends[0].pop("activation") == "linear" and ends[1].pop("activation") == "softmax"
    assert ends[0] == ends[1] and own.output_shape == (None, 7)


def test_a_width_narrows_every_layer_and_leaves_all_else():
    network = networks.vgg16((32, 32, 1), 7, width=1 / 32)
    filters = [layer.filters for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert filters == [outputs // 32 for _, outputs in CONVOLUTIONS]
    assert [network.get_layer(name).units for name in ("fc1", "fc2", "predictions")] == [128, 128, 7]
    *hidden, last = [layer.activation for layer in network.layers if layer.weights]
    assert set(hidden) == {keras.activations.relu} and len(hidden) == 15 and last is keras.activations.linear
    x = np.random.default_rng(0).random((2, 32, 32, 1)).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logits = np.asarray(network(x))
    assert logits.shape == (2, 7) and logits.min() < 0


def test_batch_normalization_and_dropout_stand_where_they_are_published():
    """Ioffe and Szegedy 2015, section 3.2: in front of the rectifier, without a bias before it."""
    network = networks.vgg16((32, 32, 1), 7, width=1 / 32, normalization="batch", dropout=0.5)
    kinds = [type(layer).__name__ for layer in network.layers]
    block = ["Conv2D", "BatchNormalization", "ReLU"]
    assert kinds[1:8] == [*block, *block, "MaxPooling2D"] and kinds.count("BatchNormalization") == 13
    assert kinds[-6:] == ["Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense"]
    assert {layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)} == {0.5}
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert not layer.use_bias and layer.activation is keras.activations.linear
    x = np.random.default_rng(0).random((8, 32, 32, 1)).astype("float32")
    maps = keras.Model(network.input, network.layers[2].output)(x, training=True)
    np.testing.assert_allclose(np.mean(maps, axis=(0, 1, 2)), 0, atol=1e-5)
    assert network.get_layer("block3_conv2").filters == 8  # names are those of keras.applications


@pytest.fixture
def asked(monkeypatch):
    """What `keras.applications.VGG16` is asked for; it gives random weights."""
    calls, own = [], keras.applications.VGG16

    def spied(include_top, weights, input_tensor, input_shape, **options):
        calls.append((include_top, weights))
        return own(include_top, None, input_tensor, input_shape, **options)

    monkeypatch.setattr(keras.applications, "VGG16", spied)
    return calls


@pytest.mark.usefixtures("unallocated")
def test_weights_of_imagenet_see_the_pixels_that_they_were_trained_on(asked, tmp_path):
    network = networks.vgg16((32, 32, 3), 7, weights="imagenet")
    assert asked == [(False, "imagenet")] and network.output_shape == (None, 7)
    first = network.get_layer("block1_conv1").input
    seen = keras.Model(network.input, first)
    seen.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32")
    expected = keras.applications.vgg16.preprocess_input(255 * x)
    np.testing.assert_allclose(seen(x), expected, atol=1e-3)
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), seen(x))


@pytest.mark.usefixtures("unallocated")
def test_the_dense_layers_of_imagenet_are_kept_where_they_fit(asked):
    network = networks.vgg16((224, 224, 3), 1000, weights="imagenet")
    assert asked == [(True, "imagenet")] and network.layers[-1].activation is keras.activations.linear


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"input_shape": (32, 31, 3)},
            r"too small for VGG-16. Expected: sides of 32 or more; `size` \(--size\) resizes",
        ),
        ({"weights": "None"}, r"Unknown weights. Expected: None or one of \['imagenet'\]. Received: 'None'"),
        ({"weights": "imagnet"}, "Unknown weights. Did you mean 'imagenet'?"),
        (
            {"weights": "imagenet", "width": 0.5},
            "Expected: images of 3 channels, width=1. Received: 3 channels, width=0.5",
        ),
        ({"weights": "imagenet", "input_shape": (32, 32, 1)}, "Received: 1 channels, width=1"),
        (
            {"weights": "imagenet", "normalization": "batch"},
            "trained without normalisation. Expected: normalization=None. Received: normalization='batch'",
        ),
        ({"normalization": "layer"}, "Unknown normalization"),
        ({"dropout": 1.0}, "`dropout` must be"),
        ({"num_classes": 1}, "`num_classes` must be an integer >= 2"),
        ({"width": 0}, "`width` must be a finite number > 0"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.vgg16(**{"input_shape": (32, 32, 3), "num_classes": 3, **arguments})
