import numpy as np
import pytest

from keras_gen import plots

DIRECTIONS = np.array([[[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]]])


def test_directions_have_the_colours_of_the_benchmark():
    """A quarter of a turn is a quarter of the 55 colours, between which is interpolated; y points downwards."""
    right, down, left, up = plots.flow_colours(DIRECTIONS)[0, 0]
    np.testing.assert_allclose(right, [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(down, [1, 13.75 / 15, 0], atol=1e-6)  # from red to yellow in 15 steps
    np.testing.assert_allclose(left, [0, 1 - 2.5 / 11, 1], atol=1e-6)  # from cyan to blue, 25 to 36
    np.testing.assert_allclose(up, [5.25 / 13, 0, 1], atol=1e-6)  # from blue to magenta, 36 to 49


def test_the_wheel_is_closed_and_directions_are_told_apart():
    angles = np.linspace(0, 2 * np.pi, 721)
    colours = plots.flow_colours(np.stack([np.cos(angles), np.sin(angles)], axis=-1)[None, None])[0, 0]
    np.testing.assert_allclose(colours[0], colours[-1], atol=1e-6)
    assert np.abs(np.diff(colours, axis=0)).max() < 0.04
    assert len(np.unique(colours[:-1].round(3), axis=0)) == 720


def test_length_is_saturation():
    halves = plots.flow_colours(DIRECTIONS / 2, longest=1.0)
    np.testing.assert_allclose(halves, (1 + plots.flow_colours(DIRECTIONS)) / 2, atol=1e-6)
    np.testing.assert_array_equal(plots.flow_colours(np.zeros((1, 2, 2, 2))), 1)
    np.testing.assert_allclose(plots.flow_colours(DIRECTIONS * 7), plots.flow_colours(DIRECTIONS), atol=1e-6)
    longer = plots.flow_colours(DIRECTIONS, longest=0.9)
    np.testing.assert_allclose(longer, 0.75 * plots.flow_colours(DIRECTIONS), atol=1e-6)


def test_flows_share_their_scale_and_the_key_states_it():
    images = np.full((2, 4, 4, 1), -0.5)
    short, long = (np.broadcast_to(np.array([x, 0.0]), (2, 4, 4, 2)) for x in (1, 4))
    figure = plots.flows({"image": images, "short": short, "long": long}, value_range=(-1, 1), captions=["a", "b"])
    *shown, key = figure.axes
    assert [axes.get_ylabel() for axes in shown[::2]] == ["image", "short", "long"]
    means = [np.asarray(axes.images[0].get_array()).mean(axis=(0, 1)) for axes in shown[::2]]
    np.testing.assert_allclose(means[0], 0.25)
    np.testing.assert_allclose(means[1:], [[1, 0.75, 0.75], [1, 0, 0]], atol=1e-6)
    assert key.get_title() == "motion, up to\n4.0 pixels" and key.get_label() == "key"
    wheel = np.asarray(key.images[0].get_array())
    np.testing.assert_allclose(wheel[50, [0, 50, 100]], [[0, 1 - 2.5 / 11, 1], [1, 1, 1], [1, 0, 0]], atol=1e-6)
    np.testing.assert_array_equal(wheel[0, 0], 1)
    assert plots.flows({"short": short}, longest=2).axes[-1].get_title().endswith("2.0 pixels")


def test_the_key_covers_no_image():
    figure = plots.flows({"image": np.zeros((3, 8, 8, 3)), "flow": np.ones((3, 8, 8, 2))})
    figure.draw_without_rendering()
    *shown, key = [axes.get_position() for axes in figure.axes]
    assert max(box.x1 for box in shown) <= key.x0 and 0 <= key.y0 < key.y1 <= 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: plots.flow_colours(np.zeros((1, 4, 4, 3))),
            r"\(n, height, width, 2\). Received: shape \(1, 4, 4, 3\)",
        ),
        (lambda: plots.flow_colours(np.zeros((4, 4, 2))), r"`flow` must be images.* Received: shape \(4, 4, 2\)"),
        (lambda: plots.flow_colours(np.full((1, 4, 4, 2), np.nan)), "`flow` must be finite"),
        (lambda: plots.flow_colours(DIRECTIONS, longest=0), "`longest` must be a finite number > 0"),
        (
            lambda: plots.flows({"image": np.zeros((1, 4, 4, 3))}),
            r"must have a row of flows. Expected: an array \(n, height, width, 2\). Received: shapes {'image': \(1, 4",
        ),
        (
            lambda: plots.flows({"image": np.zeros((2, 4, 4, 1)), "flow": np.zeros((1, 4, 4, 2))}),
            "All rows must have the same number of images. Received: {'image': 2, 'flow': 1}",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
