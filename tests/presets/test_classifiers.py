import keras
import pytest

from keras_gen import presets


def kinds(model):
    return [type(layer) for layer in model.network.layers]


def test_arguments_of_a_classifier_reach_network_and_model():
    model = presets.lenet5((8, 8, 1), num_classes=3, width=0.5, dropout=0.25, learning_rate=0.5, value_range=(0, 1))
    assert (model.num_classes, model.value_range) == (3, (0, 1))
    layers = model.network.layers
    assert [layer.filters for layer in layers if isinstance(layer, keras.layers.Conv2D)] == [3, 8]
    assert [layer.units for layer in layers if isinstance(layer, keras.layers.Dense)] == [60, 42, 3]
    assert {layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)} == {0.25}
    assert float(model.optimizer.learning_rate) == 0.5


@pytest.mark.parametrize(
    ("name", "optimizer", "facts"),
    [
        ("lenet5", keras.optimizers.Adam, {"learning_rate": 1e-3}),
        ("alexnet", keras.optimizers.SGD, {"learning_rate": 0.01, "momentum": 0.9}),
        ("googlenet", keras.optimizers.Adam, {"learning_rate": 1e-3}),
        ("vgg16", keras.optimizers.Adam, {"learning_rate": 1e-4}),
    ],
)
def test_optimizers_and_classes(name, optimizer, facts):
    model = presets.build(name, (32, 32, 1), num_classes=3, width=0.02, value_range=(0, 1))
    assert (model.num_classes, model.value_range, model.network.name) == (3, (0, 1), name)
    (one,) = model.optimizer.optimizers
    config = one.get_config()
    assert type(one) is optimizer and {fact: config[fact] for fact in facts} == pytest.approx(facts)


def test_arguments_of_alexnet_reach_its_network():
    model = presets.alexnet((64, 64, 1), width=0.02, stem="small", dropout=0.25, response_normalization=True)
    sides = [layer.output.shape[1] for layer in model.network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert sides[0] == 64 and presets.alexnet((64, 64, 1), width=0.02).network.layers[1].output.shape[1] == 16
    assert {layer.rate for layer in model.network.layers if isinstance(layer, keras.layers.Dropout)} == {0.25}
    assert sum(kind.__name__ == "LocalResponseNormalization" for kind in kinds(model)) == 2


def test_arguments_of_googlenet_reach_its_network():
    plain = presets.googlenet((32, 32, 1), width=0.02, stem="imagenet", normalization="none", dropout=0.0)
    assert plain.network.layers[1].output.shape[1] == 16
    assert not {keras.layers.BatchNormalization, keras.layers.Dropout} & {*kinds(plain)}
    assert keras.layers.BatchNormalization in kinds(presets.googlenet((8, 8, 1), width=0.02))


def test_weights_of_vgg16_reach_its_network():
    with pytest.raises(ValueError, match="Expected: images of 3 channels, width=1. Received: 1 channels, width=1"):
        presets.vgg16((32, 32, 1), weights="imagenet")


def test_a_width_of_the_function_itself_is_passed_on():
    (first,) = [layer for layer in presets.vgg16((32, 32, 1), width=0.5).network.layers if layer.name == "block1_conv1"]
    assert first.filters == 32
