import numpy as np
import pytest

from keras_gen import plots

RNG = np.random.default_rng(0)


def test_grid_holds_every_image_in_reading_order():
    images = np.zeros((5, 4, 3, 1), "float32")
    images[:, 0, 0, 0] = np.linspace(0.2, 1, 5)
    sheet = plots.image_grid(images, columns=3).axes[0].images[0].get_array()
    assert sheet.shape == (2 * 5 + 1, 3 * 4 + 1)
    corners = sheet[1::5, 1::4][:2, :3].ravel()
    np.testing.assert_allclose(corners, [0.2, 0.4, 0.6, 0.8, 1.0, 1.0], rtol=1e-6)  # the sixth place is empty, white


def test_grid_scales_the_range_and_takes_colour():
    sheet = plots.image_grid(np.zeros((1, 4, 4, 3)), value_range=(-1, 1)).axes[0].images[0].get_array()
    np.testing.assert_allclose(sheet[1:5, 1:5], 0.5)


def test_a_mosaic_is_the_grid_as_an_array():
    images = RNG.random((5, 4, 3, 1))
    grid = plots.image_grid(images, columns=2).axes[0].images[0].get_array()
    np.testing.assert_array_equal(plots.mosaic(images, columns=2), grid)
    assert plots.mosaic(np.zeros((2, 4, 4, 3)), columns=2).shape == (6, 11, 3)


def test_rows_of_a_grid_have_names_at_their_height():
    axes = plots.image_grid(np.zeros((6, 4, 3, 1)), columns=2, row_names=("cat", "cow", "dog")).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["cat", "cow", "dog"]
    places = axes.get_yticks()
    rows = len(axes.images[0].get_array())
    assert rows == 16 and all(5 * row < place < 5 * row + 6 for row, place in enumerate(places))
    assert len(plots.image_grid(np.zeros((1, 4, 4, 1))).axes[0].get_yticks()) == 0
    with pytest.raises(ValueError, match="`row_names` must be one for each row. Expected: 3. Received: 2"):
        plots.image_grid(np.zeros((6, 4, 3, 1)), columns=2, row_names=("cat", "cow"))


def test_columns_of_a_grid_have_names_and_a_title_has_lines_that_fit():
    figure = plots.image_grid(np.zeros((6, 4, 3, 1)), columns=2, title="one title " * 9, column_names=("a", "b"))
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["a", "b"]
    assert axes.get_xticks().tolist() == [9 / 4, 27 / 4], "nine pixels wide"
    figure.draw_without_rendering()
    box = axes.title.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
    with pytest.raises(ValueError, match="`column_names` must be one for each column. Expected: 2. Received: 1"):
        plots.image_grid(np.zeros((6, 4, 3, 1)), columns=2, column_names=("a",))


def test_rows_show_each_set_under_its_name():
    figure = plots.image_rows({"input": np.zeros((3, 4, 4, 1)), "output": np.ones((3, 4, 4, 1))})
    assert [axes.get_ylabel() for axes in figure.axes] == ["input", "", "", "output", "", ""]
    assert [float(axes.images[0].get_array().mean()) for axes in figure.axes] == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.image_grid(np.zeros((2, 4, 4, 2))), r"1 or 3 channels. Received: shape \(2, 4, 4, 2\)"),
        (lambda: plots.image_grid(np.zeros((0, 4, 4, 1))), "Received: shape"),
        (
            lambda: plots.image_rows({"a": np.zeros((2, 4, 4, 1)), "b": np.zeros((3, 4, 4, 1))}),
            "the same number of images.* {'a': 2, 'b': 3}",
        ),
    ],
)
def test_bad_input(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_stretched_images_have_their_extremes_at_0_and_1():
    images = np.random.default_rng(0).normal(size=(3, 4, 5, 2)) * [[[[100.0]]], [[[1e-9]]], [[[0.0]]]]
    found = plots.stretched(images)
    assert found.shape == images.shape
    np.testing.assert_allclose(found.reshape(3, -1).min(axis=1), 0)
    np.testing.assert_allclose(found.reshape(3, -1).max(axis=1), [1, 1, 0])
    np.testing.assert_array_equal(np.argsort(found[1], axis=None), np.argsort(images[1].astype("float32"), axis=None))
