import numpy as np
import pytest

from keras_gen.input_optimization.projections import ball, in_ball, sphere

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(5, 3, 4, 2)).astype("float32")
CENTERS = RNG.normal(size=IMAGES.shape).astype("float32")


def norm(differences, order):
    return np.linalg.norm(differences.reshape(len(differences), -1), order, axis=1)


@pytest.mark.parametrize(("name", "order"), [("l2", 2), ("linf", np.inf)])
def test_a_ball_gives_its_nearest_point(name, order):
    radius = 1.0
    found = np.asarray(ball(radius, name)(IMAGES, CENTERS))
    assert (norm(found - CENTERS, order) <= radius + 1e-6).all()
    inside = (CENTERS + 0.01 * IMAGES).astype("float32")
    np.testing.assert_allclose(ball(radius, name)(inside, CENTERS), inside, atol=1e-6)
    np.testing.assert_allclose(ball(radius, name)(found, CENTERS), found, atol=1e-6)
    for _ in range(20):  # no other point of the ball is nearer, in the Euclidean distance
        others = RNG.normal(size=IMAGES.shape)
        others = CENTERS + others * radius / np.maximum(norm(others, order), radius).reshape(-1, 1, 1, 1)
        assert (norm(found - IMAGES, 2) <= norm(others - IMAGES, 2) + 1e-6).all()


def test_a_radius_of_0_gives_the_center():
    for name in ("l2", "linf"):
        np.testing.assert_array_equal(np.asarray(ball(0.0, name)(IMAGES, CENTERS)), CENTERS)


def test_a_sphere_keeps_the_direction():
    found = np.asarray(sphere(3.0)(IMAGES))
    np.testing.assert_allclose(norm(found, 2), 3.0, rtol=1e-6)
    np.testing.assert_allclose(found / 3, IMAGES / norm(IMAGES, 2).reshape(-1, 1, 1, 1), atol=1e-6)


def test_bad_arguments():
    with pytest.raises(ValueError, match="Unknown norm. Did you mean 'l2'"):
        ball(1.0, "l_2")
    with pytest.raises(ValueError, match="`radius` must be a finite number >= 0"):
        ball(-1.0, "l2")
    with pytest.raises(ValueError, match="`radius` must be a finite number > 0"):
        sphere(0.0)


def test_a_sphere_within_a_range_has_both_and_gives_its_nearest_point():
    radius, value_range = 3.5, (-1.0, 1.0)
    found = np.asarray(sphere(radius, value_range=value_range)(IMAGES))
    np.testing.assert_allclose(norm(found, 2), radius, rtol=1e-5)
    assert np.abs(found).max() == 1.0
    for _ in range(20):
        others = found + 0.3 * RNG.normal(size=IMAGES.shape)
        others = np.asarray(sphere(radius, value_range=value_range)(others.astype("float32")))
        assert (norm(found - IMAGES, 2) <= norm(others - IMAGES, 2) + 1e-5).all()
    moved = np.asarray(sphere(radius, 5.0, (4.0, 6.0))(IMAGES + 5.0))
    np.testing.assert_allclose(moved, found + 5.0, atol=1e-5)
    wide = sphere(radius, value_range=(-9, 9))(IMAGES)
    np.testing.assert_allclose(wide, sphere(radius)(IMAGES), rtol=1e-6)


def test_random_starts_fill_the_ball():
    lengths = norm(in_ball((4000, 2, 1, 1), 3.0, "l2", 0), 2)
    assert lengths.max() <= 3.0
    assert np.mean(lengths < 1.5) == pytest.approx(0.25, abs=0.03)  # the share of the area
    assert np.abs(in_ball((4000, 2, 1, 1), 3.0, "linf", 0)).mean() == pytest.approx(1.5, abs=0.05)
