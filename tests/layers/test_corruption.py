import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, layers
from tests.gradients import assert_gradient

X = np.full((200, 500), 0.5, "float32")


def test_masking_sets_that_part_to_zero_and_leaves_the_rest():
    noisy = np.asarray(layers.MaskingNoise(0.3, seed=1)(X, training=True))
    assert set(np.unique(noisy)) == {0.0, 0.5}
    assert abs((noisy == 0).mean() - 0.3) < 4 * np.sqrt(0.21 / X.size)


def test_masking_by_widths_takes_neighbours_together():
    layer = layers.MaskingNoise(0.3, widths=[2, 1, 3], seed=1)
    masked = np.asarray(layer(X[:, :6], training=True)) == 0
    assert (masked[:, 0] == masked[:, 1]).all() and (masked[:, 3:] == masked[:, 3:4]).all()
    assert (masked[:, 1] != masked[:, 2]).any() and layer.get_config()["widths"] == [2, 1, 3]


def test_the_third_argument_of_masking_is_the_seed():
    assert layers.MaskingNoise(0.3, 0.0, 7).get_config()["seed"] == 7


def test_salt_and_pepper_are_equally_frequent():
    noisy = np.asarray(layers.SaltAndPepperNoise(0.4, low=-1, high=2, seed=1)(X, training=True))
    assert set(np.unique(noisy)) == {-1.0, 0.5, 2.0}
    for value in (-1, 2):
        assert abs((noisy == value).mean() - 0.2) < 4 * np.sqrt(0.16 / X.size)


@pytest.mark.parametrize("kind", [layers.MaskingNoise, layers.SaltAndPepperNoise])
def test_noise_is_new_each_time_seeded_and_absent_outside_training(kind):
    noise, again = kind(0.5, seed=3), kind(0.5, seed=3)
    first = np.asarray(noise(X, training=True))
    np.testing.assert_array_equal(first, again(X, training=True))
    assert not np.array_equal(first, noise(X, training=True))
    np.testing.assert_array_equal(noise(X, training=False), X)
    np.testing.assert_array_equal(noise(X), X)
    np.testing.assert_array_equal(kind(0.0)(X, training=True), X)


def test_they_come_back_from_a_file(tmp_path):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.SaltAndPepperNoise(0.2, -1, 3, seed=9)(layers.MaskingNoise(0.1)(inputs)))
    model.save(tmp_path / "model.keras")
    masking, salt = keras.saving.load_model(tmp_path / "model.keras").layers[1:]
    assert (masking.rate, salt.rate, salt.low, salt.high, salt.seed) == (0.1, 0.2, -1, 3, 9)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, "0.3", float("nan")])
def test_bad_rates(rate):
    for kind in (layers.MaskingNoise, layers.SaltAndPepperNoise):
        with pytest.raises(ValueError, match=r"`rate` must be a (finite )?number .*Received: rate="):
            kind(rate)


def test_gaps_are_taken_over_from_other_examples():
    x = np.ones((400, 2, 3), "float32")
    x[200:, 0, 1] = np.nan
    x[:200, 1] = np.nan
    found = np.isnan(layers.MissingPatterns(0.5, seed=0)(x, training=True))
    assert (found[np.isnan(x)]).all(), "what was missing stays so"
    np.testing.assert_array_equal(found[:, 1, 0], found[:, 1, 2])  # a gap is taken whole
    assert not found[:, 0, [0, 2]].any(), "what nobody misses is left"
    for taken in (found[:200, 0, 1], found[200:, 1, 0]):  # half of them, and half of the donors are of the other kind
        assert 0.15 < taken.mean() < 0.35
    layer = layers.MissingPatterns(0.5, seed=0)
    np.testing.assert_array_equal(layer(x), x)
    assert not np.array_equal(np.isnan(layer(x, training=True)), np.isnan(layer(x, training=True)))


@pytest.mark.parametrize("kind", [layers.MaskingNoise, layers.SaltAndPepperNoise])
def test_the_gradient_passes_where_nothing_was_changed(kind):
    x = np.random.default_rng(0).random((4, 9)).astype("float32")
    assert_gradient(lambda t: kind(0.4, seed=1)(t, training=True), x)  # a new layer each time draws the same
    noisy = np.asarray(kind(0.4, seed=1)(x, training=True))
    gradient = backend.input_gradient(lambda t: kind(0.4, seed=1)(t, training=True), ops.convert_to_tensor(x))
    np.testing.assert_array_equal(gradient, noisy == x)


def test_the_gradient_of_what_is_missing_is_zero():
    x = np.array([[0.5, np.nan, 2.0]], "float32")
    gradient = backend.input_gradient(layers.MissingIndicator(), ops.convert_to_tensor(x))
    np.testing.assert_array_equal(gradient, [[1.0, 0.0, 1.0]])
    assert_gradient(layers.MissingIndicator(), [[0.5, 1.0, 2.0]])
