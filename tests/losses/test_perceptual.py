import numpy as np
import pytest
from keras import ops

from keras_gen import backend, losses
from tests.gradients import assert_gradient

X = np.random.default_rng(0).standard_normal((3, 4, 5, 2)).astype("float32")


def by_hand(image, power):
    """The definition, pixel by pixel."""
    height, width, channels = image.shape
    total = 0.0
    for i, j, c in np.ndindex(height, width, channels):
        below = image[i + 1, j, c] - image[i, j, c] if i + 1 < height else 0.0
        right = image[i, j + 1, c] - image[i, j, c] if j + 1 < width else 0.0
        total += (below**2 + right**2) ** (power / 2)
    return total


@pytest.mark.parametrize("power", [0.5, 1, 2, 3])
def test_total_variation_is_its_definition_for_each_example(power):
    expected = [by_hand(image.astype("float64"), power) for image in X]
    np.testing.assert_allclose(losses.total_variation(X, power), expected, rtol=1e-5)
    flat = np.full((2, 4, 5, 2), 0.7, "float32")
    np.testing.assert_array_equal(losses.total_variation(flat, power), [0, 0])
    np.testing.assert_allclose(losses.total_variation(3 * X + 5, power), 3**power * np.array(expected), rtol=1e-4)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_gradients_of_total_variation_are_those_of_finite_differences(power):
    assert_gradient(lambda x: losses.total_variation(x, power), X)


def test_the_gradient_of_flat_parts_is_0_and_finite():
    image = np.zeros((1, 6, 6, 1), "float32")
    image[0, 5, 5] = 1e-20
    gradient = np.asarray(backend.input_gradient(losses.total_variation, ops.convert_to_tensor(image)))
    assert np.isfinite(gradient).all()
    assert (gradient[0, :4, :4] == 0).all()


def test_images_of_one_pixel_have_no_variation():
    np.testing.assert_array_equal(losses.total_variation(X[:, :1, :1]), [0, 0, 0])


def test_bad_arguments_of_total_variation():
    with pytest.raises(ValueError, match=r"`x` must be images. Expected: shape .* Received: shape \(4, 5, 2\)"):
        losses.total_variation(X[0])
    with pytest.raises(ValueError, match="`power` must be a finite number > 0"):
        losses.total_variation(X, 0)
