import numpy as np
import pytest

from keras_gen.data import crop_and_resize

rng = np.random.default_rng(0)
IMAGES = rng.random((2, 12, 10, 3)).astype("float32")
BOXES = [np.array([[2, 3, 6, 7]]), np.array([[0, 0, 4, 4], [8, 6, 12, 10]])]


def test_boxes_of_the_size_are_the_pixels_themselves():
    windows = crop_and_resize(IMAGES, BOXES, 4)
    expected = IMAGES[0, 2:6, 3:7], IMAGES[1, :4, :4], IMAGES[1, 8:, 6:]
    np.testing.assert_allclose(windows, expected, atol=1e-6)
    assert windows.dtype == "float32"


def test_context_of_half_a_box_is_a_box_of_twice_the_side():
    wide = crop_and_resize(IMAGES[:1], [np.array([[2, 3, 6, 7]])], 8, context=0.5)
    np.testing.assert_allclose(wide[0], IMAGES[0, 0:8, 1:9], atol=1e-6)


def test_it_is_zero_outside_of_the_image():
    window = crop_and_resize(IMAGES, BOXES, 8, context=0.5)[1]
    np.testing.assert_allclose(window[2:, 2:], IMAGES[1, :6, :6], atol=1e-6)
    assert not window[:2].any() and not window[:, :2].any()


def test_an_enlarged_window_reaches_the_edges_of_the_image():
    whole = crop_and_resize(np.full((1, 3, 5, 1), 7.0), [np.array([[0, 0, 3, 5]])], 20)
    np.testing.assert_array_equal(whole, np.full((1, 20, 20, 1), 7))
    (above,) = crop_and_resize(np.full((1, 3, 5, 1), 7.0), [np.array([[-2, 0, 2, 5]])], 16)
    np.testing.assert_array_equal(above, np.full((16, 16, 1), 7) * (np.arange(16) >= 8)[:, None, None])


def test_a_ramp_stays_a_ramp_at_the_centres_of_the_new_pixels():
    rows, columns = np.mgrid[:12, :10] + 0.5
    images = np.stack([rows, columns], axis=-1)[None]
    (window,) = crop_and_resize(images, [np.array([[2, 1, 10, 6]])], 16)
    np.testing.assert_allclose(window[:, 0, 0], 2 + 8 * (np.arange(16) + 0.5) / 16, rtol=1e-5)
    np.testing.assert_allclose(window[0, :, 1], 1 + 5 * (np.arange(16) + 0.5) / 16, rtol=1e-5)


def test_an_image_may_have_no_box():
    empty = np.zeros((0, 4), int)
    np.testing.assert_array_equal(
        crop_and_resize(IMAGES, [BOXES[0], empty], 5), crop_and_resize(IMAGES[:1], BOXES[:1], 5)
    )
    assert crop_and_resize(IMAGES, [empty, []], 5).shape == (0, 5, 5, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"boxes": BOXES[:1]}, "`boxes` must have an array for each image. Expected: 2. Received: 1"),
        ({"boxes": [BOXES[0], np.array([[4, 0, 4, 2]])]}, "top < bottom and left < right. Received: "),
        ({"images": IMAGES[0]}, r"`images` must be images. Expected: shape \(n, height"),
        ({"size": 0}, "`size` must be an integer >= 1. Received: size=0"),
        ({"context": -0.1}, "`context` must be a finite number >= 0.0. Received: context=-0.1"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        crop_and_resize(**{"images": IMAGES, "boxes": BOXES, "size": 4, **arguments})
