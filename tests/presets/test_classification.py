import keras

from keras_gen import presets


def test_arguments_reach_network_and_model():
    model = presets.lenet5((8, 8, 1), num_classes=3, width=0.5, dropout=0.25, learning_rate=0.5, value_range=(0, 1))
    assert (model.num_classes, model.value_range) == (3, (0, 1))
    layers = model.network.layers
    assert [layer.filters for layer in layers if isinstance(layer, keras.layers.Conv2D)] == [3, 8]
    assert [layer.units for layer in layers if isinstance(layer, keras.layers.Dense)] == [60, 42, 3]
    assert {layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)} == {0.25}
    assert float(model.optimizer.learning_rate) == 0.5
