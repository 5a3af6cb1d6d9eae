import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, losses
from keras_gen.input_optimization.tiles import stride_of, sufficient_margin, sums_over_tiles, tiling
from keras_gen.networks import receptive_field, vgg_convolutions

IMAGES = np.random.default_rng(0).random((2, 22, 30, 2)).astype("float32")


def network(padding="same", activation="tanh"):
    """Two convolutions and, between them, a pooling, with the receptive field of each."""
    model = keras.Sequential(
        [
            keras.Input((None, None, 2)),
            keras.layers.Conv2D(3, 5, padding=padding, activation=activation, bias_initializer="ones"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(4, 3, padding=padding, activation=activation, bias_initializer="ones"),
        ]
    )
    return model, receptive_field(model)[-1]


def statistics(model, field, places):
    def found(window, index):
        own = places.own(model(window), field, index)
        return [losses.gram_matrix(own), ops.sum(ops.sin(own), axis=(1, 2, 3))]

    return found


def value_and_gradient(function, images=IMAGES):
    """A weighted sum of the statistics, which do not enter linearly, and its gradient."""

    def loss(images):
        gram, sums = function(images)
        return ops.sum(ops.tanh(gram / 300.0)) + ops.sum(sums**2) / 1000.0

    found, (gradient,) = backend.value_and_grad(
        lambda: (lambda value: (value, value))(loss(images)), [images := ops.convert_to_tensor(images)]
    )
    return float(found), np.asarray(gradient)


@pytest.mark.compiled
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("border", ["reflect", "wrap"])
def test_with_a_sufficient_margin_tiles_give_the_sums_and_the_gradient_of_the_whole(padding, border):
    model, field = network(padding)
    margin = sufficient_margin([field])
    assert margin == 4, "5 - 1 pixels of the window of 10, which begins 4 pixels before the tile"
    found = {}
    for tile, counts in ((64, (1, 1)), (8, (3, 4)), (7, (4, 5))):
        places = tiling((22, 30), tile, margin, [field], border)
        assert places.counts == counts
        found[tile] = value_and_gradient(
            lambda images, places=places: sums_over_tiles(statistics(model, field, places), images, places)
        )
    for tile in (8, 7):
        assert found[tile][0] == pytest.approx(found[64][0], rel=1e-5)
        np.testing.assert_allclose(found[tile][1], found[64][1], rtol=1e-3, atol=1e-6)
    assert np.abs(found[64][1]).max() > 1e-3


@pytest.mark.compiled
def test_compiled_tiles_are_those_of_eager_ones():
    model, field = network()
    places = tiling((22, 30), 8, 4, [field])

    def function(images):
        def loss():
            gram, _ = sums_over_tiles(statistics(model, field, places), images, places)
            return ops.sum(gram**2), gram

        return backend.value_and_grad(loss, [images])

    images = ops.convert_to_tensor(IMAGES)
    gram, (gradient,) = backend.compiled(function)(images)
    expected, (slope,) = function(images)
    np.testing.assert_allclose(gram, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-2)


def test_a_smaller_margin_changes_only_what_is_near_the_edges_of_tiles():
    model, field = network()
    images, gradients = ops.convert_to_tensor(np.random.default_rng(0).random((1, 48, 48, 2)), "float32"), []
    for tile in (64, 24):
        places = tiling((48, 48), tile, 2, [field])

        def of_sums(images, places=places):
            return sums_over_tiles(statistics(model, field, places), images, places)[1]

        gradients.append(np.asarray(backend.input_gradient(of_sums, images)))
    difference = np.abs(gradients[0] - gradients[1]).max(axis=(0, 3))
    assert difference[22:26].max() > 1e-3 and difference[:, 22:26].max() > 1e-3, "between two tiles"
    assert difference[6:18, 6:18].max() < 1e-5 and difference[30:42, 30:42].max() < 1e-5


def test_a_constant_picture_has_constant_maps_up_to_its_edges():
    """Without a margin, the zeros with which convolutions pad show at the edges."""
    model, field = network()
    constant = np.full((1, 22, 30, 2), 0.7, "float32")
    for margin, is_constant in ((4, True), (0, False)):
        places = tiling((22, 30), 64, margin, [field])
        own = np.asarray(places.own(model(places.continued(ops.convert_to_tensor(constant))), field, 0))
        assert (np.ptp(own[0], axis=(0, 1)).max() < 1e-5) == is_constant
        assert own.shape[1:3] == (11, 15) and places.positions(field) == 11 * 15


@pytest.mark.parametrize("sides", [(22, 30), (21, 29), (9, 16)])
def test_every_unit_is_counted_once(sides):
    """Maps of 1 alone: their sum is the number of positions, whatever the tiles."""
    model, field = network()
    for tile in (64, 8, 5):
        places = tiling(sides, tile, 4, [field])
        ones, images = ops.ones_like, ops.zeros((1, *sides, 2))
        (total,) = sums_over_tiles(
            lambda window, index, places=places: [
                ops.sum(places.own(ones(model(window)), field, index), axis=(1, 2, 3))  # noqa: B023
            ],
            images,
            places,
        )
        assert float(total[0]) == 4 * places.positions(field) == 4 * -(-sides[0] // 2) * -(-sides[1] // 2)


def test_strides_and_margins_of_the_convolutions_of_vgg():
    fields = {field.name: field for field in receptive_field(vgg_convolutions(16))}
    chosen = [fields["block1_conv1"], fields["block4_conv1"]]
    assert stride_of(chosen) == 8 and sufficient_margin(chosen) == 26
    assert tiling((100, 300), 128, 26, chosen).tile == (104, 104)
    assert tiling((100, 300), 128, 26, chosen).margin == 32


def test_a_margin_that_is_too_small_for_maps_without_padding():
    model, field = network("valid")
    places = tiling((22, 30), 64, 0, [field])
    with pytest.raises(ValueError, match="`margin` is too small for layer .* Expected: margin >= 4. Received: margin="):
        places.own(model(places.continued(ops.convert_to_tensor(IMAGES))), field, 0)
