import numpy as np
import pytest
from matplotlib.colors import to_hex

from keras_gen import plots
from keras_gen.plots.palette import BLUE

RNG = np.random.default_rng(0)


def pixels(figure):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("dimensions", [2, 3])
def test_scatter_shows_every_code_and_a_colour_bar_of_the_labels(dimensions):
    z, labels = RNG.standard_normal((20, dimensions)), np.repeat([3, 7], 10)
    figure = plots.latent_scatter(z, labels)
    points = figure.axes[0].collections[0]
    assert len(points.get_offsets()) == 20
    assert [text.get_text() for text in figure.axes[1].get_yticklabels()] == ["3", "7"]
    named = plots.latent_scatter(z, labels // 4, class_names=("cat", "dog"))
    assert [text.get_text() for text in named.axes[1].get_yticklabels()] == ["cat", "dog"]
    assert pixels(figure).std() > 0
    (plain,) = plots.latent_scatter(z).axes
    assert to_hex(plain.collections[0].get_facecolor()[0]) == BLUE


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
    axes = plots.manifold(decode, n=2, coordinates=([-1, 2], [5, 7]), names=("a", "b")).axes[0]
    assert seen[1].tolist() == [[-1, 7], [2, 7], [-1, 5], [2, 5]]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["-1", "2"] and axes.get_xlabel() == "a"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["7", "5"] and axes.get_ylabel() == "b"


@pytest.mark.parametrize(("n", "places"), [(1, [0]), (3, [0, 1, 2]), (20, [0, 6, 13, 19]), (21, [0, 5, 10, 15, 20])])
def test_coordinates_stand_at_the_borders_of_a_plane_and_evenly_between(n, places):
    axes = plots.manifold(lambda z: np.zeros((len(z), 2, 2, 1)), n, coordinates=[range(n)] * 2).axes[0]
    texts = [text.get_text() for text in axes.get_xticklabels()]
    assert [place for place, text in enumerate(texts) if text] == places
    assert [texts[place] for place in places] == [str(place) for place in places]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.latent_scatter(np.zeros((5, 4))), r"\(n, 2\) or \(n, 3\). Received: shape \(5, 4\)"),
        (lambda: plots.latent_scatter(np.zeros((5, 2)), np.zeros(4)), "Expected: 5. Received: 4"),
        (lambda: plots.manifold(None, n=0), "`n` must be an integer >= 1"),
        (lambda: plots.manifold(None, n=3, coordinates=([0], [1])), r"Expected: shape \(2, 3\). Received: \(2, 1\)"),
    ],
)
def test_bad_input(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
