import keras
import numpy as np
import pytest

from keras_gen import presets
from keras_gen.callbacks.reference import Reference, classes_reached, mean_distance
from keras_gen.metrics import features
from keras_gen.models import GAN, VAE
from keras_gen.networks import mlp_decoder, mlp_discriminator, mlp_encoder, mlp_generator


def test_the_mean_distance_of_normal_points():
    """In d dimensions |x - y| is sqrt(2) times a chi of d degrees of freedom, of mean sqrt(d) (1 - 1 / 4d + ...)."""
    rows = np.random.default_rng(0).normal(size=(400, 100))
    assert mean_distance(rows) == pytest.approx(np.sqrt(2 * 100) * (1 - 1 / 400), rel=3e-3)
    assert mean_distance(3 * rows + 7) == pytest.approx(3 * mean_distance(rows))
    assert mean_distance(np.ones((9, 4))) == 0.0 and np.isnan(mean_distance(np.ones((1, 4))))


def test_with_labels_only_pairs_of_one_class_count():
    labels = np.arange(40) % 4
    rows = 1e6 * labels[:, None] + np.random.default_rng(0).normal(size=(40, 2))
    expected = np.mean([mean_distance(rows[labels == one]) for one in range(4)])
    assert mean_distance(rows, labels) == pytest.approx(expected)
    assert np.isnan(mean_distance(rows[:4], labels[:4]))


@pytest.mark.parametrize(
    ("counts", "reached"), [([25] * 4, 4), ([100, 0, 0, 0], 1), ([97, 3, 0, 0], 2), ([98, 2, 0, 0], 1)]
)
def test_a_class_is_reached_by_a_tenth_of_its_equal_part(counts, reached):
    assert classes_reached(np.repeat(np.arange(4), counts), 4) == reached


def test_it_keeps_a_fixed_draw_of_sorted_data_with_its_labels():
    x, y = np.repeat(np.arange(5.0), 40)[:, None], np.repeat(np.arange(5), 40)
    one, same, other = (Reference(x, y, samples=50, seed=seed) for seed in (0, 0, 1))
    assert one.x.shape == (50, 1) and one.sample_count == 50 and len(np.unique(one.x)) == 5
    np.testing.assert_array_equal(one.x, same.x)
    np.testing.assert_array_equal(one.x[:, 0], one.labels)
    assert (one.x != other.x).any() and Reference(x[:9], samples=50).sample_count == 50


def test_real_examples_reach_what_samples_are_held_to():
    """Of four modes the real examples reach three."""
    centres = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [9.0, 9.0]])
    generator = mlp_generator(2, (), (2,), output_activation=None)
    model = GAN(generator, mlp_discriminator((2,), ()), 2)
    reference = Reference(np.repeat(centres[:3], 10, axis=0), centres=centres)
    reference.compare_with(model)
    assert reference.classes == 3 and reference.reached(model, centres + 0.1) == 4
    alone = Reference(centres=centres)
    alone.compare_with(model)
    assert alone.classes == 4 and alone.draw(model).shape == (256, 2)


def test_features_see_real_examples_in_their_own_range_where_the_model_tells_none():
    """All-negative examples are not clipped to black."""
    model = GAN(mlp_generator(2, (), (4, 4, 1), output_activation=None), mlp_discriminator((4, 4, 1), ()), 2)
    x = np.random.default_rng(0).uniform(-1, -0.1, (30, 4, 4, 1)).astype("float32")
    network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    reference = Reference(x, features=features.FeatureExtractor("same", network))
    reference.compare_with(model)
    assert reference.spread(model, reference.x) == pytest.approx(1.0)


def test_examples_of_another_range_than_the_generators_are_refused():
    model = GAN(mlp_generator(2, (), (3,)), mlp_discriminator((3,), ()), 2)
    with pytest.raises(ValueError, match="`x` does not reach below 0"):
        Reference(np.random.default_rng(0).random((30, 3))).compare_with(model)


def test_of_a_model_of_two_sets_the_examples_are_the_first():
    images = np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 1))
    model = presets.build("cyclegan", (8, 8, 1), width=0.05, blocks=1)
    Reference(images).compare_with(model)
    with pytest.raises(ValueError, match=r"`x` does not fit the network. Expected: shape \(n, 8, 8, 1\)"):
        Reference(images[:, :4]).compare_with(model)


def test_examples_of_a_gaussian_vae_may_have_any_range_that_its_decoder_reaches():
    vae = VAE(mlp_encoder((3,), (), 2), mlp_decoder(2, (), (3,), output_activation="tanh"), "gaussian")
    Reference(np.random.default_rng(0).uniform(-1, 1, (30, 3))).compare_with(vae)
