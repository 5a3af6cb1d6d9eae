import numpy as np
import pytest

from keras_gen import plots
from keras_gen.plots import mosaic

VALUES = {"frechet": {"gan": [1.0, 3.0], "vae": [5.0]}, "coverage": {"gan": [0.4, 0.6], "vae": [0.2]}}


def test_a_panel_of_each_measure_has_runs_means_errors_and_the_baseline():
    figure = plots.compared(VALUES, {"frechet": 0.5, "coverage": None})
    frechet, coverage = figure.subfigs[0].axes
    assert frechet.get_title() == "frechet"
    assert [text.get_text() for text in frechet.get_yticklabels()] == ["gan", "vae"]
    assert [1, 3] in [dots.get_offsets()[:, 0].tolist() for dots in frechet.collections if len(dots.get_offsets())]
    assert [container.lines[0].get_xdata()[0] for container in frechet.containers] == [2, 5]
    bar = frechet.containers[0].lines[2][0].get_segments()[0]
    assert bar[:, 0].tolist() == [1, 3], "the standard error of 1 and 3 is 1"
    assert frechet.get_legend() is not None and coverage.get_legend() is None
    assert len(figure.subfigs) == 1


@pytest.mark.parametrize("channels", [1, 3])
def test_samples_of_each_model_are_a_strip(channels):
    samples = {name: np.full((4, 6, 6, channels), value) for name, value in (("gan", 0.5), ("vae", 1.0))}
    figure = plots.compared(VALUES, samples=samples)
    strips = figure.subfigs[1].axes
    assert [axes.get_ylabel() for axes in strips] == ["gan", "vae"]
    for axes, value in zip(strips, (0.5, 1.0), strict=True):
        strip = np.asarray(axes.images[0].get_array())
        np.testing.assert_array_equal(strip, mosaic(samples["gan" if value == 0.5 else "vae"], 4))
        assert strip.shape[1] > 3 * strip.shape[0]
    assert figure.subfigs[0].axes[0].get_legend() is None
