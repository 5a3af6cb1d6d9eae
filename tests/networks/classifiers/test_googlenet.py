from collections import Counter

import keras
import numpy as np
import pytest

from keras_gen import networks

TABLE_1 = {  # Szegedy et al. 2015: thousands (1024) of weights
    "convolution 3x3": 112, "3a": 159, "3b": 380, "4a": 364, "4b": 437, "4c": 463, "4d": 580, "4e": 840, "5a": 1072,
    "5b": 1388, "linear": 1000,
}  # fmt: skip


@pytest.mark.usefixtures("unallocated")
def test_weights_are_those_of_table_1(counts):
    """Within 2 %; its figures for 4c and 5a are 7 % and 5 % from what its own columns of channels give."""
    network = networks.googlenet((224, 224, 3), 1000)
    found = counts(network)
    assert sum(found) == network.count_params() == 6_998_552
    assert len(found) == 3 + 9 * 6 + 1 and found[0] == 7 * 7 * 3 * 64 + 64
    parts = [sum(found[1:3]), *(sum(found[start : start + 6]) for start in range(3, 57, 6)), found[-1]]
    for (name, published), count in zip(TABLE_1.items(), parts, strict=True):
        assert count / 1024 == pytest.approx(published, rel=0.08 if name in ("4c", "5a") else 0.02), name
    sides = {layer.name: layer.output.shape[1:] for layer in network.layers if layer.name.startswith("inception")}
    assert sides["inception_3b"] == (28, 28, 480) and sides["inception_4e"] == (14, 14, 832)
    assert sides["inception_5b"] == (7, 7, 1024)


def test_a_module_is_four_branches_of_the_same_maps(counts):
    inputs = keras.Input((6, 6, 5))
    module = keras.Model(inputs, networks.inception_module(inputs, 2, (3, 4), (1, 2), 3, name="joined"))
    assert module.output_shape == (None, 6, 6, 2 + 4 + 2 + 3) and module.layers[-1].name == "joined"
    assert sorted(counts(module)) == sorted([12, 18, 9 * 12 + 4, 6, 25 * 2 + 2, 18])
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 5)).astype("float32")
    ones = next(layer for layer in module.layers if isinstance(layer, keras.layers.Conv2D) and layer.filters == 2)
    np.testing.assert_allclose(module(x)[..., :2], np.maximum(x @ ones.kernel[0, 0], 0), atol=1e-5)
    pooled = [layer for layer in module.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    last = next(layer for layer in module.layers if layer.input is pooled[0].output)
    highest = keras.ops.max_pool(x, 3, 1, padding="same")
    np.testing.assert_allclose(module(x)[..., 8:], np.maximum(highest @ last.kernel[0, 0], 0), atol=1e-5)


@pytest.mark.parametrize("pairs", [((3, 4, 5), (1, 2)), ((3, 4), (1,))])
def test_reductions_come_with_their_convolutions(pairs):
    with pytest.raises(ValueError, match=r"must be pairs: .* Expected: such as \(96, 128\) .* Received: threes=\(3, 4"):
        networks.inception_module(keras.Input((6, 6, 5)), 2, *pairs, 3)


@pytest.mark.usefixtures("unallocated")
@pytest.mark.parametrize(
    ("shape", "stem", "last"),
    [((8, 8, 1), None, 1), ((28, 28, 1), None, 4), ((32, 40, 3), "imagenet", 1), ((64, 64, 3), None, 2)],
)
def test_stems_suit_the_size(shape, stem, last):
    network = networks.googlenet(shape, 5, width=0.02, stem=stem)
    assert network.get_layer("inception_5b").output.shape[1] == last
    assert network.output_shape == (None, 5)


@pytest.mark.usefixtures("unallocated")
def test_poolings_rectifiers_and_the_mean_of_the_last_maps():
    network = networks.googlenet((224, 224, 3), 1000, auxiliary=True)
    poolings = [layer for layer in network.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert Counter((layer.pool_size, layer.strides) for layer in poolings) == {
        ((3, 3), (2, 2)): 4,
        ((3, 3), (1, 1)): 9,
    }
    means = [layer for layer in network.layers if isinstance(layer, keras.layers.AveragePooling2D)]
    assert [(layer.pool_size, layer.strides, layer.output.shape[1:3]) for layer in means] == [
        ((5, 5), (3, 3), (4, 4))
    ] * 2
    assert [layer.input.shape[-1] for layer in means] == [512, 528]
    features = network.get_layer("features")
    assert type(features) is keras.layers.GlobalAveragePooling2D
    assert features.input is network.get_layer("inception_5b").output
    activations = Counter(layer.activation.__name__ for layer in network.layers if layer.weights)
    assert activations == {"relu": 57 + 2 + 2, "linear": 3}  # a convolution and a hidden layer for each auxiliary one


def test_auxiliary_classifiers_are_two_more_outputs(counts):
    network = networks.googlenet((17, 17, 1), 3, width=0.05, auxiliary=True)
    assert [output.shape for output in network.outputs] == [(None, 3)] * 3
    assert network.output_names == ["logits", "auxiliary_4a", "auxiliary_4d"]
    assert sorted(layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)) == [0.4, 0.7, 0.7]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile("sgd", [loss] * 3, loss_weights=[1, 0.3, 0.3])
    x, labels = np.random.default_rng(0).random((6, 17, 17, 1)).astype("float32"), np.arange(6) % 3
    assert np.isfinite(network.train_on_batch(x, [labels] * 3)).all()


@pytest.mark.parametrize(("halvings", "smallest"), [(4, 65), (2, 17)])
def test_the_smallest_sides_of_auxiliary_classifiers_are_those_of_the_closed_formula(halvings, smallest):
    sides = [smallest, smallest - 1]
    for _ in range(halvings):
        sides = [networks.output_size(side, 3, 2, "same") for side in sides]
    assert sides == [5, 4]


@pytest.mark.usefixtures("unallocated")
def test_weights_of_the_auxiliary_classifiers(counts):
    """Section 5: 128 filters of 1x1, 1024 units on maps of 4x4, and 1000 classes."""
    network = networks.googlenet((224, 224, 3), 1000, auxiliary=True)
    each = [(channels * 128 + 128) + (16 * 128 + 1) * 1024 + 1025 * 1000 for channels in (512, 528)]
    assert network.count_params() == 6_998_552 + sum(each)


@pytest.mark.usefixtures("unallocated")
def test_batch_normalisation_takes_the_place_of_biases():
    network = networks.googlenet((8, 8, 1), 3, width=0.02, normalization="batch")
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    kinds = [type(layer) for layer in network.layers]
    assert kinds.count(keras.layers.BatchNormalization) == len(convolutions) == 57
    assert not any(layer.use_bias for layer in convolutions)
    assert kinds.count(keras.layers.ReLU) == 57
    rectifiers = [layer for layer in network.layers if isinstance(layer, keras.layers.ReLU)]
    before = {type(layer.input._keras_history.operation) for layer in rectifiers}
    assert before == {keras.layers.BatchNormalization}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (7, 9, 1)}, "too small for the stem 'small'. Expected: sides of 8 or more"),
        ({"input_shape": (31, 31, 1), "stem": "imagenet"}, "for the stem 'imagenet'. Expected: sides of 32 or more"),
        ({"input_shape": (16, 16, 1), "auxiliary": True}, r"17x17 \(stem 'small'\).* Received: maps of 4x4"),
        ({"input_shape": (64, 64, 1), "auxiliary": True}, r"65x65 \(stem 'imagenet'\).* Received: maps of 4x4"),
        ({"normalization": "layer"}, r"Unknown normalization. Expected: None or one of \['batch'\]. Received: 'layer'"),
        ({"normalization": "None"}, "Unknown normalization. .* Received: 'None'"),
        ({"num_classes": 1}, "`num_classes` must be an integer >= 2"),
        ({"width": -1}, "`width` must be a finite number > 0"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.googlenet(**{"input_shape": (8, 8, 1), "num_classes": 3, "width": 0.02, **arguments})
