import re
import sys

import pytest

from keras_gen import callbacks, presets
from keras_gen.callbacks.epoch_lines import ends_open_line, progress


@pytest.mark.parametrize("kind", ["fit", "pretraining"])
def test_a_line_an_epoch_without_control_characters(kind, digits, capsys):
    """Also in the pretraining of each layer."""
    options = {"units": (6,), "latent_dim": 2}
    model = presets.build("stacked" if kind == "pretraining" else "autoencoder", (8, 8, 1), **options)
    verbose, lines = progress("auto")
    more = [callbacks.GreedyPretraining(digits, 2)] if kind == "pretraining" else []
    model.fit(digits, epochs=2, verbose=verbose, callbacks=[*more, *lines])
    out = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out)
    assert all(re.match(r"Epoch [12]/2 \(\d+\.\d s\): .*loss \d|Pretraining layer", line) for line in out.splitlines())
    assert len(out.splitlines()) == (2 + 2 * 3 if kind == "pretraining" else 2)


def test_a_terminal_has_the_progress_bars_of_keras(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert progress("auto") == ("auto", [])
    assert progress(2) == (2, [])


def test_a_line_ends_that_of_a_progress_bar():
    assert [ends_open_line({"verbose": verbose}) for verbose in (0, 1, 2, "auto")] == ["", "\n", "", "\n"]
