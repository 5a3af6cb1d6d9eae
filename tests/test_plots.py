import numpy as np
import pytest

from keras_gen import plots

RNG = np.random.default_rng(0)


def pixels(figure):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


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


def test_rows_show_each_set_under_its_name():
    figure = plots.image_rows({"input": np.zeros((3, 4, 4, 1)), "output": np.ones((3, 4, 4, 1))})
    assert [axes.get_ylabel() for axes in figure.axes] == ["input", "", "", "output", "", ""]
    assert [float(axes.images[0].get_array().mean()) for axes in figure.axes] == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("dimensions", [2, 3])
def test_scatter_shows_every_code_and_a_colour_bar_of_the_labels(dimensions):
    z, labels = RNG.standard_normal((20, dimensions)), np.repeat([3, 7], 10)
    figure = plots.latent_scatter(z, labels)
    points = figure.axes[0].collections[0]
    assert len(points.get_offsets()) == 20
    assert [text.get_text() for text in figure.axes[1].get_yticklabels()] == ["3", "7"]
    assert pixels(figure).std() > 0
    assert len(plots.latent_scatter(z).axes) == 1


def test_manifold_decodes_equal_steps_of_the_priors_probability():
    from scipy.stats import norm

    seen = []

    def decode(z):
        seen.append(z)
        return np.zeros((len(z), 2, 2, 1)) + (z[:, :1] > 0)[:, None, None]

    sheet = plots.manifold(decode, n=4).axes[0].images[0].get_array()
    np.testing.assert_allclose(norm.cdf(seen[0][:4, 0]), [0.125, 0.375, 0.625, 0.875], rtol=1e-5)
    assert (seen[0][0, 1] > 0) and (seen[0][-1, 1] < 0), "z_2 must point upwards"
    np.testing.assert_array_equal(sheet, np.tile([0, 0, 0, 0, 1, 1, 1, 1], (8, 1)))


def test_curves_have_a_panel_a_quantity_with_training_and_validation():
    figure = plots.history_curves({"loss": [3, 2, 1], "kl": [1, 1, 1], "val_loss": [3, 3, 2], "val_nll": [1, 2, 3]})
    assert [axes.get_title() for axes in figure.axes] == ["loss", "kl", "val_nll"]
    assert [line.get_label() for line in figure.axes[0].lines] == ["training", "validation"]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.image_grid(np.zeros((2, 4, 4, 2))), r"1 or 3 channels. Received: shape \(2, 4, 4, 2\)"),
        (lambda: plots.image_grid(np.zeros((0, 4, 4, 1))), "Received: shape"),
        (
            lambda: plots.image_rows({"a": np.zeros((2, 4, 4, 1)), "b": np.zeros((3, 4, 4, 1))}),
            "as many images.* {'a': 2, 'b': 3}",
        ),
        (lambda: plots.latent_scatter(np.zeros((5, 4))), r"\(n, 2\) or \(n, 3\). Received: shape \(5, 4\)"),
        (lambda: plots.latent_scatter(np.zeros((5, 2)), np.zeros(4)), "Expected: 5. Received: 4"),
        (lambda: plots.history_curves({}), "at least one quantity"),
        (lambda: plots.manifold(None, n=0), "`n` must be an integer >= 1"),
    ],
)
def test_bad_input(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_a_mosaic_is_the_grid_as_an_array():
    images = RNG.random((5, 4, 3, 1))
    grid = plots.image_grid(images, columns=2).axes[0].images[0].get_array()
    np.testing.assert_array_equal(plots.mosaic(images, columns=2), grid)
    assert plots.mosaic(np.zeros((2, 4, 4, 3)), columns=2).shape == (6, 11, 3)


def test_errors_are_drawn_in_order_of_size_and_the_choice_is_marked():
    figure = plots.error_against("size", [8, 2, 32, 4], [3.0, 9.0, 2.5, np.nan], [0.5, 0.25, 0.75, 0.1], chosen=8)
    axes = figure.axes[0]
    curve = axes.containers[0].lines[0]
    np.testing.assert_array_equal(curve.get_xdata(), [2, 8, 32])
    np.testing.assert_array_equal(curve.get_ydata(), [9.0, 3.0, 2.5])
    labelled = {line.get_label(): line for line in axes.lines}
    assert list(labelled["one standard error above the smallest"].get_ydata()) == [3.25, 3.25]
    assert list(labelled["chosen: 8"].get_xdata()) == [8, 8]
    assert axes.get_xscale() == "log" and axes.get_xlabel() == "size"
