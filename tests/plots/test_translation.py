import numpy as np
import pytest

from keras_gen import plots
from keras_gen.training.data_description import Component, DataDescription


class Brightener:
    """Translates to y by adding 0.5, and back."""

    value_range, tasks = (-1, 1), {"translate", "cycle"}

    def translate(self, images, to):
        return images + (0.5 if to == "y" else -0.5)

    def cycle(self, images, via):
        return self.translate(self.translate(images, to=via), to="x" if via == "y" else "y")


@pytest.mark.parametrize(
    ("name", "labels", "greys"),
    [("x-to-y", ["x", "to y", "and back"], [0.5, 0.75, 0.5]), ("y-to-x", ["y", "to x", "and back"], [0.75, 0.5, 0.75])],
)
def test_rows_are_the_image_its_translation_and_the_way_back(name, labels, greys):
    figure = plots.translations(Brightener(), np.zeros((1, 4, 4, 1)), np.full((1, 4, 4, 1), 0.5))[name]
    assert [axes.get_ylabel() for axes in figure.axes] == labels
    assert [float(axes.images[0].get_array().mean()) for axes in figure.axes] == greys


class Doubler:
    """Enlarges grey images to coloured ones."""

    tasks = {"translate"}
    data_description = DataDescription(Component("x"), Component("y", value_range=(0, 1)))

    def translate(self, images):
        return np.repeat(images.repeat(2, axis=1).repeat(2, axis=2), 3, axis=-1) / 2


def test_pairs_are_shown_with_their_counterparts_all_of_one_size():
    x, y = np.ones((2, 4, 4, 1)), np.zeros((2, 8, 8, 3))
    figures = plots.translations(Doubler(), x, y)
    assert list(figures) == ["x-to-y"]
    axes = figures["x-to-y"].axes
    labels = [one.get_ylabel() for one in axes if one.get_ylabel()]
    assert labels == ["x", "to y", "y"]
    assert {one.images[0].get_array().shape[:2] for one in axes} == {(8, 8)}
