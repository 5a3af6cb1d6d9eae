import numpy as np
import pytest
from matplotlib.colors import to_rgba

from keras_gen import plots

IMAGES = np.zeros((3, 8, 8, 1))
TRUTH = [np.array([[1, 2, 5, 4]]), np.zeros((0, 4), int), np.array([[0, 0, 2, 2], [4, 4, 8, 8]])]
FOUND = (
    [np.array([[1, 2, 6, 4], [0, 0, 1, 1]]), np.zeros((0, 4), int), np.array([[4, 4, 8, 8]])],
    [np.array([7, 3]), np.array([], int), np.array([1])],
    [np.array([0.9, 0.4]), np.array([]), np.array([0.5])],
)


def drawn(figure):
    """For each picture its rectangles (colour, left, top, width, height) and its texts."""
    return [
        ([(p.get_edgecolor(), *p.get_xy(), p.get_width(), p.get_height()) for p in axes.patches],
         [text.get_text() for text in axes.texts])
        for axes in figure.axes
    ]  # fmt: skip


def test_boxes_enclose_their_pixels_and_unlikely_ones_are_left_out():
    green, orange = to_rgba("lime"), to_rgba("orange")
    assert drawn(plots.detections(IMAGES, TRUTH, FOUND)) == [
        ([(green, 1.5, 0.5, 2, 4), (orange, 1.5, 0.5, 2, 5)], ["7: 0.90"]),
        ([], []),
        ([(green, -0.5, -0.5, 2, 2), (green, 3.5, 3.5, 4, 4), (orange, 3.5, 3.5, 4, 4)], ["1: 0.50"]),
    ]
    assert drawn(plots.detections(IMAGES[:1], TRUTH, FOUND, least=0.3))[0][1] == ["3: 0.40", "7: 0.90"]


def test_the_colours_are_explained():
    assert plots.detections(IMAGES, TRUTH, FOUND, 0.3).get_supxlabel() == "green: true; orange: found, score >= 0.3"


def test_pictures_are_in_rows():
    sizes = [plots.detections(IMAGES, TRUTH, FOUND, columns=columns).get_size_inches() for columns in (2, 4)]
    np.testing.assert_array_equal(sizes, [(6, 6), (9, 3)])


def test_bad_input():
    with pytest.raises(ValueError, match="`columns` must be an integer >= 1"):
        plots.detections(IMAGES, TRUTH, FOUND, columns=0)
    with pytest.raises(ValueError, match="`images` must be of shape"):
        plots.detections(IMAGES[0, 0], TRUTH, FOUND)
    for truth, found in ((TRUTH[:2], FOUND), (TRUTH, [values[:2] for values in FOUND])):
        with pytest.raises(ValueError, match="must have an array for each picture. Expected: 3. Received: 2"):
            plots.detections(IMAGES, truth, found)
