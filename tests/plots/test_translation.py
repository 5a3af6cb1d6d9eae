import numpy as np
import pytest

from keras_gen import plots


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
