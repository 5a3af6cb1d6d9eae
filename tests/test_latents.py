import numpy as np
import pytest

from keras_gen import latents

A, B = np.random.default_rng(0).standard_normal((2, 50))


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_a_walk_begins_and_ends_at_its_ends_in_equal_steps(path):
    walk = latents.interpolate(A, B, steps=9, path=path)
    np.testing.assert_allclose(walk[[0, -1]], [A, B], rtol=1e-5)
    np.testing.assert_allclose(walk[4], latents.interpolate(B, A, steps=9, path=path)[4], rtol=1e-5)
    if path == "linear":
        np.testing.assert_allclose(np.diff(walk, axis=0), np.tile((B - A) / 8, (8, 1)), rtol=1e-3, atol=1e-6)


def test_the_spherical_way_keeps_the_length_and_turns_at_equal_angles():
    a, b = A / np.linalg.norm(A), B / np.linalg.norm(B)
    walk = latents.interpolate(a, b, steps=7, path="spherical")
    np.testing.assert_allclose(np.linalg.norm(walk, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose((walk[:-1] * walk[1:]).sum(axis=1), np.cos(np.arccos(a @ b) / 6), rtol=1e-5)
    assert np.linalg.norm(latents.interpolate(a, b, steps=3)[1]) < 0.9, "the straight way cuts through"


def test_on_one_ray_the_spherical_way_is_the_straight_one():
    np.testing.assert_allclose(
        latents.interpolate(A, 3 * A, 5, path="spherical"), latents.interpolate(A, 3 * A, 5), rtol=1e-5
    )


def test_arithmetic_is_of_means():
    rng = np.random.default_rng(1)
    a, b, c = rng.random((3, 4)), rng.random((5, 4)), rng.random((1, 4))
    np.testing.assert_allclose(latents.arithmetic(a, b, c), a.mean(0) - b.mean(0) + c[0], rtol=1e-6)
    np.testing.assert_allclose(latents.arithmetic(a, a, c), c[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: latents.interpolate(A, B[:3]), r"two finite vectors of one width. Received: shapes \(50,\), \(3,\)"),
        (lambda: latents.interpolate(A, np.full(50, np.nan)), "two finite vectors"),
        (lambda: latents.interpolate(A, -A, path="spherical"), "must span an arc"),
        (lambda: latents.interpolate(A, 0 * A, path="spherical"), "must span an arc"),
        (lambda: latents.interpolate(A, B, steps=1), "`steps` must be an integer >= 2"),
        (lambda: latents.interpolate(A, B, path="round"), "Unknown path"),
        (lambda: latents.arithmetic([[1.0]], [[1.0, 2.0]], [[1.0]]), "`b` must be finite latents"),
        (lambda: latents.arithmetic([1.0], [[1.0]], [[1.0]]), "`a` must be finite latents"),
    ],
)
def test_what_is_no_way_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
