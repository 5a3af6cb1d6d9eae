import keras
import numpy as np
import pytest

from keras_gen import backend, layers, networks


def maps(network):
    """The sides of the outputs of convolutions and poolings, in order."""
    kinds = keras.layers.Conv2D, keras.layers.MaxPooling2D
    return [layer.output.shape[1] for layer in network.layers if isinstance(layer, kinds)]


@pytest.mark.usefixtures("unallocated")
def test_weights_are_those_of_the_published_network(counts):
    """Krizhevsky et al. 2012, figure 2: kernels 11x11x3, 5x5x48, 3x3x256, 3x3x192, 3x3x192, then 4096, 4096, 1000."""
    kernels = [(11 * 11 * 3, 96), (25 * 48, 256), (9 * 256, 384), (9 * 192, 384), (9 * 192, 256)]
    dense = [(6 * 6 * 256, 4096), (4096, 4096), (4096, 1000)]
    expected = [inputs * outputs + outputs for inputs, outputs in kernels + dense]
    for side in (224, 227):
        network = networks.alexnet((side, side, 3), 1000)
        assert counts(network) == expected and network.count_params() == 60_965_224
        assert maps(network)[3:] == [13, 13, 13, 13, 6]


@pytest.mark.parametrize(
    ("shape", "stem", "expected"),
    [
        ((28, 28, 1), None, [28, 14, 14, 7, 7, 7, 7, 4]),
        ((8, 8, 1), None, [8, 4, 4, 2, 2, 2, 2, 1]),
        ((57, 70, 3), "imagenet", [15, 7, 7, 3, 3, 3, 3, 1]),
        ((64, 64, 3), None, [16, 7, 7, 3, 3, 3, 3, 1]),
        ((64, 64, 3), "small", [64, 32, 32, 16, 16, 16, 16, 8]),
    ],
)
def test_stems_suit_the_size(shape, stem, expected):
    network = networks.alexnet(shape, 5, width=0.02, stem=stem)
    assert maps(network) == expected
    assert network(np.ones((2, *shape), "float32")).shape == (2, 5)


def test_the_smallest_side_is_that_of_the_closed_formula():
    def last_side(side):
        side = networks.output_size(side, 11, 4, "same")
        for _ in range(3):
            side = networks.output_size(side, 3, 2)
        return side

    assert last_side(57) == 1
    with pytest.raises(ValueError, match="Expected: size >= 3. Received: size=2"):
        last_side(56)


def test_groups_see_their_own_half_of_the_channels_and_so_do_their_gradients():
    network = networks.alexnet((8, 8, 1), 3, width=0.05)
    grouped = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D) and layer.groups == 2]
    assert len(grouped) == 3
    layer = grouped[0]
    x = np.random.default_rng(0).normal(size=(2, 4, 4, layer.input.shape[-1])).astype("float32")
    x = keras.ops.convert_to_tensor(x)
    half, filters = x.shape[-1] // 2, layer.filters // 2

    def by_hand(x):
        outputs = [
            keras.ops.conv(x[..., :half] if first else x[..., half:], layer.kernel[..., part], padding="same")
            for first, part in ((True, slice(filters)), (False, slice(filters, None)))
        ]
        return keras.ops.relu(keras.ops.concatenate(outputs, axis=-1) + layer.bias)

    np.testing.assert_allclose(layer(x), by_hand(x), atol=1e-5)

    def gradients(function):
        return backend.value_and_grad(lambda: (keras.ops.sum(function(x) ** 2), None), [layer.kernel, x])[1]

    for found, expected in zip(gradients(layer), gradients(by_hand), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_poolings_overlap_and_parts_are_arguments():
    network = networks.alexnet((16, 16, 1), 3, width=0.02, dropout=0.25, response_normalization=True)
    *hidden, logits = [layer.activation for layer in network.layers if layer.weights]
    assert set(hidden) == {keras.activations.relu} and len(hidden) == 7 and logits is keras.activations.linear
    poolings = [layer for layer in network.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert {(layer.pool_size, layer.strides) for layer in poolings} == {((3, 3), (2, 2))}
    kinds = [type(layer) for layer in network.layers]
    first = kinds.index(layers.LocalResponseNormalization)
    assert kinds.count(layers.LocalResponseNormalization) == 2
    assert kinds[first - 1 : first + 2 : 2] == [keras.layers.Conv2D, keras.layers.MaxPooling2D]
    assert [layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)] == [0.25, 0.25]
    plain = networks.alexnet((16, 16, 1), 3, width=0.02, dropout=0)
    assert not {keras.layers.Dropout, layers.LocalResponseNormalization} & {type(layer) for layer in plain.layers}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"input_shape": (7, 9, 1)},
            r"too small for the stem 'small'. Expected: sides of 8 or more; `size` \(--size\)",
        ),
        ({"input_shape": (56, 90, 1), "stem": "imagenet"}, "for the stem 'imagenet'. Expected: sides of 57 or more"),
        ({"stem": "large"}, "Unknown stem. Expected: one of .'imagenet', 'small'.. Received: 'large'"),
        ({"num_classes": 1}, "`num_classes` must be an integer >= 2"),
        ({"width": 0}, "`width` must be a finite number > 0"),
        ({"dropout": 1.0}, r"`dropout` must be a number in \[0, 1\)"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        networks.alexnet(**{"input_shape": (8, 8, 1), "num_classes": 3, "width": 0.02, **arguments})
