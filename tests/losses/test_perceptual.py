import numpy as np
import pytest
from keras import ops

from keras_gen import backend, losses
from tests.gradients import assert_gradient

RNG = np.random.default_rng(0)
MAPS = RNG.standard_normal((2, 4, 3, 5)).astype("float32")
X = np.random.default_rng(0).standard_normal((3, 4, 5, 2)).astype("float32")
OTHER = RNG.standard_normal((2, 4, 3, 5)).astype("float32")


def test_a_gram_matrix_is_symmetric_and_positive_semi_definite():
    grams = np.asarray(losses.gram_matrix(MAPS))
    np.testing.assert_array_equal(grams, grams.transpose(0, 2, 1))
    assert np.linalg.eigvalsh(grams.astype("float64")).min() > -1e-4
    assert np.linalg.matrix_rank(np.asarray(losses.gram_matrix(MAPS[:, :1]))[0]) == 3, "of three positions"


def test_a_gram_matrix_does_not_depend_on_the_order_of_positions():
    rows = MAPS.reshape(2, 12, 5)[:, RNG.permutation(12)].reshape(2, 2, 6, 5)
    np.testing.assert_allclose(losses.gram_matrix(rows), losses.gram_matrix(MAPS), rtol=1e-5, atol=1e-5)


def test_the_gram_matrix_of_a_picture_is_the_sum_of_those_of_its_parts():
    parts = losses.gram_matrix(MAPS[:, :1]) + losses.gram_matrix(MAPS[:, 1:])
    np.testing.assert_allclose(losses.gram_matrix(MAPS), parts, rtol=1e-5, atol=1e-5)


def test_golden_numbers_of_gatys_equations():
    """By hand: two positions of two channels, (1, 2) and (3, 0), so N = M = 2."""
    maps = np.array([[[[1.0, 2.0], [3.0, 0.0]]]])
    gram = losses.gram_matrix(maps)
    assert np.asarray(gram).tolist() == [[[1 + 9, 2], [2, 4]]]
    target = losses.gram_matrix(np.array([[[[1.0, 1.0], [2.0, 0.0]]]]))  # [[5, 1], [1, 1]]
    assert float(losses.style_loss(gram, target, 2)[0]) == (25 + 1 + 1 + 9) / (4 * 2**2 * 2**2)
    assert float(losses.content_loss(maps, np.array([[[[1.0, 1.0], [2.0, 0.0]]]]))[0]) == (0 + 1 + 1 + 0) / 2


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_target_has_loss_0_and_each_example_its_own(dtype):
    grams, others = losses.gram_matrix(MAPS.astype(dtype)), losses.gram_matrix(OTHER.astype(dtype))
    assert grams.dtype == "float32"
    assert np.asarray(losses.style_loss(grams, grams, 12)).tolist() == [0, 0]
    assert np.asarray(losses.content_loss(MAPS, MAPS)).tolist() == [0, 0]
    both = np.asarray(losses.style_loss(grams, others, 12))
    alone = [float(losses.style_loss(grams[i : i + 1], others[i : i + 1], 12)[0]) for i in (0, 1)]
    assert (both > 0).all() and both.tolist() == pytest.approx(alone)


def test_large_sums_do_not_overflow():
    gram = np.full((1, 2, 2), 1e30, "float32")
    assert float(losses.style_loss(gram, 0 * gram, 10**25)[0]) == pytest.approx(1e10 / 4)


def test_gradients():
    assert_gradient(losses.gram_matrix, MAPS)
    assert_gradient(lambda x: losses.content_loss(x, OTHER), MAPS)
    target = losses.gram_matrix(OTHER)
    assert_gradient(lambda x: losses.style_loss(losses.gram_matrix(x), target, 12), MAPS)


def test_the_gradient_of_style_is_that_of_gatys_equation_6():
    """dE/dF = F (G - A) / (N^2 M^2), without the reference's factor for rectifiers."""
    target = losses.gram_matrix(OTHER)
    gradient = backend.input_gradient(
        lambda x: losses.style_loss(losses.gram_matrix(x), target, 12), ops.convert_to_tensor(MAPS)
    )
    rows = MAPS.reshape(2, 12, 5)
    expected = rows @ (np.asarray(losses.gram_matrix(MAPS)) - np.asarray(target)) / (5 * 12) ** 2
    np.testing.assert_allclose(np.asarray(gradient).reshape(2, 12, 5), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.gram_matrix(MAPS[0]), r"`features` must be maps. Expected: .* Received: shape \(4, 3, 5\)"),
        (lambda: losses.content_loss(MAPS, MAPS[:1]), r"`target` must have the shape of `features`"),
        (lambda: losses.style_loss(np.ones((1, 2, 2)), np.ones((1, 3, 3)), 4), r"`target` must have the shape of"),
        (lambda: losses.style_loss(np.ones((1, 2, 2)), np.ones((1, 2, 2)), 0), r"`positions` must be an integer >= 1"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


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
