"""Runs without the cost of their pictures."""

import pytest
from matplotlib.figure import Figure

from keras_gen import plots


@pytest.fixture
def blank_pictures(monkeypatch):
    """Pictures are empty files, for tests of what a run keeps, not of what it shows."""
    for name in ("confusion_matrix", "history_curves", "image_rows", "image_grid", "latent_scatter"):
        monkeypatch.setattr(plots, name, lambda *args, **options: Figure())
    monkeypatch.setattr(plots, "translations", lambda model, x, y: {"x-to-y": Figure(), "y-to-x": Figure()})
    monkeypatch.setattr(Figure, "savefig", lambda figure, path: path.touch())
