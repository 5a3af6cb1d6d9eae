import keras
import pytest
from keras import layers

from keras_gen import networks
from keras_gen.layers import FixedFilter2D, PolyphaseConv2DTranspose, SubPixelConv2D, TiedConv2DTranspose, TiedDense
from keras_gen.networks.introspection import calls


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (layers.Dense(5), (7,), 7 * 5),
        (layers.Dense(5), (3, 4, 7), 3 * 4 * 7 * 5),
        (layers.Conv2D(16, (3, 5)), (8, 8, 3), 6 * 4 * 3 * 5 * 3 * 16),
        (layers.Conv2D(6, 3, strides=2, padding="same"), (7, 8, 2), 4 * 4 * 9 * 2 * 6),
        (layers.Conv2D(6, 3, groups=2), (5, 5, 4), 9 * 9 * 2 * 6),
        (layers.Conv2D(6, 3, data_format="channels_first", padding="same"), (2, 5, 4), 5 * 4 * 9 * 2 * 6),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), (6, 6, 4), 16 * 9 * 4 * 2),
        (layers.SeparableConv2D(5, 3), (6, 6, 4), 16 * (9 * 4 + 4 * 5)),
        (layers.Conv2DTranspose(5, 4, strides=2), (6, 7, 3), 6 * 7 * 16 * 3 * 5),
        (layers.Conv1D(4, 3), (10, 2), 8 * 3 * 2 * 4),
        (layers.SpectralNormalization(layers.Conv2D(2, 3)), (4, 4, 1), 4 * 9 * 2),
        (
            layers.TimeDistributed(layers.SpectralNormalization(layers.Conv2D(2, 3))),
            (5, 4, 4, 1),
            5 * 4 * 9 * 2,
        ),
        (FixedFilter2D("box"), (6, 7, 3), 4 * 5 * 9 * 3),
        (PolyphaseConv2DTranspose(5, 4, strides=2), (6, 7, 3), 6 * 7 * 16 * 3 * 5),
        (SubPixelConv2D(5, 3, scale=2), (6, 7, 3), 6 * 7 * 9 * 3 * (5 * 4)),
        (layers.BatchNormalization(), (8, 8, 3), 0),
        (layers.MaxPooling2D(), (8, 8, 3), 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, layers.Layer) else "",
)
def test_numbers_by_hand(layer, shape, expected):
    layer(keras.Input(shape))
    assert networks.operations(layer) == expected


def test_tied_layers():
    encoder, decoder = networks.mlp_autoencoder([6, 4, 2], tied=True)
    assert [type(call.layer) for call in calls(decoder)] == [TiedDense, TiedDense]
    assert networks.operations(decoder) == networks.operations(encoder) == 6 * 4 + 4 * 2
    encoder, decoder = networks.convolutional_autoencoder((8, 8, 1), 2, (3,), tied=True)
    (layer,) = [layer for layer in decoder.layers if isinstance(layer, TiedConv2DTranspose)]
    assert networks.operations(layer) == 4 * 4 * 9 * 3


def test_a_model_is_the_sum_of_its_calls_nested_and_shared():
    shared = layers.Dense(4)
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.ReLU()])
    inputs = keras.Input((5, 4))
    network = keras.Model(inputs, inner(shared(layers.GlobalAveragePooling1D()(shared(inputs)))))
    assert [networks.operations(shared, call) for call in (0, 1)] == [5 * 16, 16]
    assert networks.operations(network) == 5 * 16 + 16 + 16
    assert [call.number for call in calls(network) if call.layer is shared] == [0, 1]


def test_the_published_number_of_mobilenet():
    """Howard et al., 2017, arXiv:1704.04861, table 4: 569 million mult-adds."""
    with keras.StatelessScope():
        assert round(networks.operations(keras.applications.MobileNet(weights=None)) / 1e6) == 569


def test_bad_input():
    with pytest.raises(ValueError, match="must have been called in a functional .* Received: <Dense .* with 0"):
        networks.operations(layers.Dense(2))
    layer = layers.Conv2D(2, 3, name="free")
    layer(keras.Input((None, 8, 1)))
    with pytest.raises(
        ValueError, match=r"'free' .* Expected: a network with fixed sides. Received: shape \(None, None, 6"
    ):
        networks.operations(layer)
    with pytest.raises(ValueError, match="`call` must be an integer >= 0"):
        networks.operations(layer, call=-1)
    with pytest.raises(ValueError, match="Expected: a layer with more than 1 calls"):
        networks.operations(layer, call=1)


def test_layers_whose_products_are_not_known_are_not_counted_as_none():
    hidden = keras.Input((6, 4))
    attention, recurrent = layers.MultiHeadAttention(2, 2, name="attention"), layers.LSTM(3, name="recurrent")
    keras.Model(hidden, recurrent(layers.PReLU(name="prelu")(attention(hidden, hidden))))
    for layer in (attention, recurrent):
        with pytest.raises(
            ValueError, match=f"how many operations layer '{layer.name}' needs. Expected: .* Received: "
        ):
            networks.operations(layer)
    embedding = layers.Embedding(5, 3)
    embedding(keras.Input((2,)))
    assert networks.operations(embedding) == 0
