import numpy as np
import pytest

from keras_gen import plots
from keras_gen.plots.palette import ORANGE


def test_curves_have_a_panel_a_quantity_with_training_and_validation():
    figure = plots.history_curves({"loss": [3, 2, 1], "kl": [1, 1, 1], "val_loss": [3, 3, 2], "val_nll": [1, 2, 3]})
    assert [axes.get_title() for axes in figure.axes] == ["loss", "kl", "val_nll"]
    assert [line.get_label() for line in figure.axes[0].lines] == ["training", "validation"]
    alone = figure.axes[2].lines
    assert [(line.get_label(), line.get_color()) for line in alone] == [("validation", ORANGE)]


def test_epochs_are_whole_and_a_term_that_is_off_has_no_panel():
    figure = plots.history_curves({"loss": [3, 2], "identity": [0, 0], "val_loss": [3, 3], "val_identity": [0, 0]})
    assert [axes.get_title() for axes in figure.axes] == ["loss"]
    ticks = figure.axes[0].get_xticks()
    assert len(ticks) > 1 and all(tick == round(tick) for tick in ticks)
    assert len(plots.history_curves({"loss": [0.0]}).axes) == 1


def test_a_single_epoch_is_a_point():
    axes = plots.history_curves({"loss": [3.0], "val_loss": [2.0]}).axes[0]
    assert [line.get_marker() for line in axes.lines] == ["o", "o"] and axes.get_xticks().tolist() == [1]


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


def test_an_empty_history_is_refused():
    with pytest.raises(ValueError, match="at least one quantity"):
        plots.history_curves({})


def test_errors_of_which_none_is_finite_are_refused():
    with pytest.raises(ValueError, match="^`errors` must hold a finite number. Received: none$"):
        plots.error_against("size", [8, 2], [np.nan, np.inf], [0.5, 0.25])
