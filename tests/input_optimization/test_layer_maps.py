import keras
import numpy as np
import pytest

from keras_gen import losses
from keras_gen.input_optimization.layer_maps import LayerMaps, content_targets, style_distance, style_targets
from keras_gen.input_optimization.subjects import subject

IMAGES = np.random.default_rng(0).random((2, 18, 24, 3)).astype("float32")


def network(sides=(None, None), flat=False):
    layers = [
        keras.Input((*sides, 3)),
        keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first"),
        keras.layers.Conv2D(5, 3, 2, padding="same", activation="relu", name="strided"),
    ]
    return keras.Sequential(layers + [keras.layers.Flatten(name="flat"), keras.layers.Dense(2, name="dense")] * flat)


def maps(names=("first", "strided"), **options):
    return LayerMaps(subject(network(**options), (0, 1)), list(names))


def test_style_targets_are_the_gram_matrices_over_the_positions():
    own = maps()
    targets = style_targets(own, IMAGES, tile=64, margin=0, n_layers=2)
    first = own.subject.outputs(["first"])(IMAGES)[0]
    np.testing.assert_allclose(targets[0], losses.gram_matrix(first) / (18 * 24), rtol=1e-4)
    (strided,) = own.subject.outputs(["strided"])(IMAGES)
    np.testing.assert_allclose(targets[1], losses.gram_matrix(strided) / (9 * 12), rtol=1e-4)


def test_style_targets_do_not_depend_on_tiles():
    own = maps()
    whole, tiled = (style_targets(own, IMAGES, tile, None, 2) for tile in (64, 8))
    for one, other in zip(whole, tiled, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)


def test_content_targets_of_tiles_are_parts_of_the_maps():
    own = maps(["first"])
    (whole,), (tiled,) = (content_targets(own, IMAGES, own.tiling((18, 24), tile), 1) for tile in (64, 12))
    assert whole.shape == (2, 1, 18, 24, 4) and tiled.shape == (2, 4, 9, 12, 4)
    rows = [np.concatenate([tiled[:, row], tiled[:, row + 1]], axis=2) for row in (0, 2)]
    np.testing.assert_allclose(np.concatenate(rows, axis=1), whole[:, 0], rtol=1e-4, atol=1e-6)


def test_style_distance_is_0_at_the_target_1_at_maps_of_0_and_blind_to_scale():
    grams = losses.gram_matrix(IMAGES)
    target = grams / (18 * 24)
    assert np.asarray(style_distance([grams], [target], [18 * 24])).max() < 1e-12
    np.testing.assert_allclose(style_distance([0.0 * grams], [target], [18 * 24]), [1, 1], rtol=1e-5)
    np.testing.assert_allclose(style_distance([25.0 * grams], [100.0 * target], [18 * 24]), [0.5625] * 2, rtol=1e-4)
    both = style_distance([grams, 0.0 * grams], [target, target], [18 * 24, 18 * 24])
    np.testing.assert_allclose(both, [0.5, 0.5], rtol=1e-5)


def test_a_network_of_fixed_sides_gives_what_a_free_one_gives():
    free, fixed = maps(), maps(sides=(32, 32), flat=True)
    fixed.subject.network.set_weights(free.subject.network.get_weights())
    for one, other in zip(*(style_targets(own, IMAGES, 64, None, 2) for own in (free, fixed)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_the_margin_covers_the_receptive_field_of_tiles_and_up_to_32_pixels_around_one():
    """The strided unit of row u sees the rows 2 u - 1 to 2 u + 3: one before the tile and two after it."""
    assert maps().tiling((18, 24), 512).margin == 2
    deep = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 99, padding="same", name="wide")])
    wide = LayerMaps(subject(deep, (0, 1)), ["wide"])
    assert wide.tiling((18, 24), 512).margin == 32 and wide.tiling((18, 24), 20).margin == 49


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: maps(["frist"]), r"Unknown layer. Did you mean 'first'\? .* Received: 'frist'"),
        (
            lambda: maps(["dense"], sides=(32, 32), flat=True),
            r"must take images of any size up to the layers \['dense'",
        ),
        (
            lambda: maps().check("images", IMAGES[:, :2, :2]),
            r"`images` is too small for the layers. Expected: sides of 8 pixels or more. Received: 2x2 ",
        ),
        (lambda: maps().tiling((4, 90), 64), "`size` is too small for the layers. .* Received: 4x90"),
        (lambda: maps().check("images", IMAGES[0]), "`images` does not fit the network. .* It has no batch axis."),
        (lambda: maps().check("images", 2 * IMAGES), r"`images` is out of range. Expected: values in \[0, 1\]"),
        (lambda: maps().tiling((18, 24), 0), "`tile` must be an integer >= 1"),
        (lambda: maps().tiling((18, 24), 64, -1), "`margin` must be an integer >= 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_layers_without_maps():
    inputs = keras.Input((None, None, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(keras.layers.Conv2D(2, 3, name="conv")(inputs))
    with pytest.raises(ValueError, match=r"Layer 'pool' has no maps. Expected: .* Received: strides \(0, 0\)"):
        LayerMaps(subject(keras.Model(inputs, pooled), (0, 1)), ["conv", "pool"])
    dense = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="dense")])
    with pytest.raises(ValueError, match=r"The network must be one of images. Received: inputs of shape \(4,\)"):
        LayerMaps(subject(dense, (0, 1)), ["dense"])
